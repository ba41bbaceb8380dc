//! The config file while it is being edited: what a save changes, and whether it can be read.

use std::path::Path;

use super::{Change, Config, ConfigError, Source, diff, parse_text, text_watch::TextWatch};

/// What a save did.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "one at a time, taken apart at once")]
pub enum FileEvent {
    /// The file is valid and says something else than the last valid content of the same file: these keys (a key that was
    /// removed goes back to its default). If it was broken it is mended with this. `content` is what the file says alone.
    Changed { changes: Vec<Change>, content: Config },
    /// The file cannot be used. Nothing changes; this holds until `Mended` or `Changed`.
    Broken(ConfigError),
    /// The file is whole again and says what it said before it broke.
    Mended,
}

/// Watches one config file. Never blocks; ask [`Watch::poll`] from the loop of the front end.
#[derive(Debug)]
pub struct Watch {
    text: TextWatch,
    last_valid: Config,
    broken: Option<ConfigError>,
}

impl Watch {
    /// Begins to watch. `last_valid` is what the file said when it was read (without `--set`). A save between that reading
    /// and now is noticed. Fails if `path` has no file name.
    pub fn new(path: &Path, last_valid: Config) -> Result<Self, ConfigError> {
        Ok(Self { text: TextWatch::new(path, None)?, last_valid, broken: None })
    }

    /// The path being watched.
    pub fn path(&self) -> &Path {
        self.text.path()
    }

    /// What the file said when it was last valid.
    pub fn last_valid(&self) -> &Config {
        &self.last_valid
    }

    /// Why the file cannot be used now, if it cannot.
    pub fn broken(&self) -> Option<&ConfigError> {
        self.broken.as_ref()
    }

    /// The next event, if there is one by now.
    pub fn poll(&mut self) -> Option<FileEvent> {
        let text = self.text.poll()?;
        self.judge(text)
    }

    /// Tells that this text is now in the file by our own hand: it is no event, and what the next save is compared with.
    pub fn own_write(&mut self, text: &str) {
        if let Ok(content) = parse_text(text, self.text.path()) {
            self.last_valid = content;
        }
    }

    fn judge(&mut self, text: Result<String, ConfigError>) -> Option<FileEvent> {
        let content = match text.and_then(|text| parse_text(&text, self.text.path())) {
            Ok(content) => content,
            Err(error) => return self.broke(error),
        };
        let mended = self.broken.take().is_some();
        let changes = diff(&self.last_valid, &content, Source::File);
        self.last_valid = content.clone();
        match changes.is_empty() {
            false => Some(FileEvent::Changed { changes, content }),
            true => mended.then_some(FileEvent::Mended),
        }
    }

    /// The same fault is told once.
    fn broke(&mut self, error: ConfigError) -> Option<FileEvent> {
        let known = self.broken.as_ref() == Some(&error);
        self.broken = Some(error.clone());
        (!known).then_some(FileEvent::Broken(error))
    }
}
