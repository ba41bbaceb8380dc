//! The user's own file while it is being edited: what a save changes, and whether it can be used.

use std::path::Path;

use super::{Ui, UiError, file::parse};
use crate::config::{ConfigError, TextWatch};

/// What a save did.
#[derive(Debug, Clone, PartialEq)]
pub enum UiEvent {
    /// The file can be used and says something else than when it last could.
    Changed { from: Box<Ui>, to: Box<Ui> },
    /// It cannot be used. This holds until `Mended` or `Changed`.
    Broken(UiError),
    /// It says again what it said before it broke.
    Mended,
}

/// Watches the file. Never blocks.
#[derive(Debug)]
pub struct UiWatch {
    text: TextWatch,
    last_valid: Ui,
    broken: Option<UiError>,
}

impl UiWatch {
    /// Begins to watch a file, which need not be there. `last_valid` is what it said when it was read: a save since then is noticed.
    ///
    /// # Errors
    /// If the path has no file name.
    pub fn new(path: &Path, last_valid: Ui) -> Result<Self, ConfigError> {
        Ok(Self { text: TextWatch::new(path, None)?, last_valid, broken: None })
    }

    /// The next event, if there is one by now.
    pub fn poll(&mut self) -> Option<UiEvent> {
        let text = self.text.poll()?;
        let path = self.text.path();
        match text.map_err(|error| UiError::unread(path, &error)).and_then(|text| parse(&text, path)) {
            Ok(ui) => self.reads(ui),
            Err(error) => {
                // The same fault is told once.
                let known = self.broken.as_ref() == Some(&error);
                self.broken = Some(error.clone());
                (!known).then_some(UiEvent::Broken(error))
            }
        }
    }

    fn reads(&mut self, ui: Ui) -> Option<UiEvent> {
        let mended = self.broken.take().is_some();
        if ui == self.last_valid {
            return mended.then_some(UiEvent::Mended);
        }
        let from = std::mem::replace(&mut self.last_valid, ui.clone());
        Some(UiEvent::Changed { from: Box::new(from), to: Box::new(ui) })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        thread::sleep,
        time::{Duration, Instant},
    };

    use super::*;
    use crate::tui::ui::load;

    /// The event that comes within five seconds.
    fn next(watch: &mut UiWatch) -> UiEvent {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            if let Some(event) = watch.poll() {
                return event;
            }
            sleep(Duration::from_millis(5));
        }
        panic!("no event came")
    }

    #[test]
    fn a_save_says_what_it_changes_and_a_fault_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        // Neither the file nor its folder is there yet.
        let path = dir.path().join("dim-tui/ui.toml");
        let mut watch = UiWatch::new(&path, load(&path).unwrap()).unwrap();
        assert_eq!(watch.poll(), None);
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, "theme = \"light\"\n").unwrap();
        let UiEvent::Changed { from, to } = next(&mut watch) else { panic!("not taken") };
        assert_eq!((from.theme, to.theme), (None, Some("light")));
        fs::write(&path, "theme = \"lihgt\"\n").unwrap();
        let UiEvent::Broken(error) = next(&mut watch) else { panic!("not refused") };
        assert!(error.to_string().contains("ui.toml:1:9: 'lihgt' is none of"), "{error}");
        fs::write(&path, "theme = \"light\"  # mine\n").unwrap();
        assert_eq!(next(&mut watch), UiEvent::Mended);
        fs::write(&path, "theme = \"light\"\nmarker = \"dot\"\n").unwrap();
        let UiEvent::Changed { from, to } = next(&mut watch) else { panic!("not taken") };
        assert!(from.theme == to.theme && from.marker != to.marker, "{from:?} {to:?}");
    }
}
