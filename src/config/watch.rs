//! The config file while it is being edited: what a save changes, and whether it can be read.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender};
use notify::{
    EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode},
};

use super::{Change, Config, ConfigError, Source, diff, load::read_file, parse_text};

/// Editors save in several steps; this long after the last of them the file is read.
const DEBOUNCE: Duration = Duration::from_millis(150);
/// Links and network mounts send no events, so the text is compared this often too.
const COMPARE: Duration = Duration::from_secs(1);

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
    path: PathBuf,
    last_valid: Config,
    /// The text last judged. Texts are small, so they are compared whole instead of by a hash.
    seen: Option<String>,
    broken: Option<ConfigError>,
    /// When the newest event came that has not been looked at yet, and the oldest such.
    pending: Option<(Instant, Instant)>,
    compared: Instant,
    events: Receiver<()>,
    /// Kept alive. `None` where the system has no watch left to give: then only the comparison finds changes.
    _watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// Begins to watch. `last_valid` is what the file said when it was read (without `--set`). A save between that reading
    /// and now is noticed. Fails if `path` has no file name.
    pub fn new(path: &Path, last_valid: Config) -> Result<Self, ConfigError> {
        let unreadable = |reason: String| ConfigError::Read { path: path.into(), reason };
        let path = std::path::absolute(path).map_err(|e| unreadable(e.to_string()))?;
        let name = path.file_name().ok_or_else(|| unreadable("it has no file name".into()))?.to_owned();
        let (sender, events) = crossbeam_channel::bounded(1);
        let watcher = path.parent().and_then(|folder| watch_folder(folder, name, sender));
        let now = Instant::now();
        let pending = Some((now, now));
        Ok(Self { path, last_valid, seen: None, broken: None, pending, compared: now, events, _watcher: watcher })
    }

    /// The path being watched.
    pub fn path(&self) -> &Path {
        &self.path
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
        let now = Instant::now();
        if self.events.try_iter().count() > 0 {
            self.pending = Some((now, self.pending.map_or(now, |(_, first)| first)));
        }
        match self.pending {
            // A file that is written to without pause is read once a second all the same.
            Some((newest, first)) if now - newest >= DEBOUNCE || now - first >= COMPARE => {
                self.pending = None;
                self.compared = now;
                self.judge(self.read()?)
            }
            Some(_) => None,
            None if now - self.compared >= COMPARE => {
                self.compared = now;
                // A difference found this way may be half a save: it gets its debounce too.
                if self.read()?.ok() != self.seen {
                    self.pending = Some((now, now));
                }
                None
            }
            None => None,
        }
    }

    /// Tells that this text is now in the file by our own hand: it is no event, and what the next save is compared with.
    pub fn own_write(&mut self, text: &str) {
        if let Ok(content) = parse_text(text, &self.path) {
            self.last_valid = content;
        }
    }

    /// The file's text, or why it cannot be read; `None` while a save is under way: no file, or an empty one.
    fn read(&self) -> Option<Result<String, ConfigError>> {
        if !fs::metadata(&self.path).ok()?.is_file() {
            return None;
        }
        let text = read_file(&self.path);
        let in_progress = text.as_ref().is_ok_and(|t| t.trim().is_empty());
        (!in_progress).then_some(text)
    }

    fn judge(&mut self, text: Result<String, ConfigError>) -> Option<FileEvent> {
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                self.seen = None;
                return self.broke(error);
            }
        };
        if self.seen.as_ref() == Some(&text) {
            return None;
        }
        let parsed = parse_text(&text, &self.path);
        self.seen = Some(text);
        let content = match parsed {
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

/// Watches the folder, not the file: editors replace files by renaming another one over them.
fn watch_folder(folder: &Path, name: OsString, sender: Sender<()>) -> Option<RecommendedWatcher> {
    let handler = move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        let read_only = match event.kind {
            EventKind::Access(kind) => kind != AccessKind::Close(AccessMode::Write),
            _ => false,
        };
        let ours = event.paths.iter().any(|p| p.file_name() == Some(&name));
        if ours && !read_only {
            // A full channel already says what there is to say.
            let _ = sender.try_send(());
        }
    };
    let mut watcher = notify::recommended_watcher(handler).ok()?;
    watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
    Some(watcher)
}
