//! A text file while it is being edited: its new text after each save, however the editor saves.

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

use super::{ConfigError, load::read_file};

/// Editors save in several steps; this long after the last of them the file is read.
const DEBOUNCE: Duration = Duration::from_millis(150);
/// Links and network mounts send no events, so the text is compared this often too.
const COMPARE: Duration = Duration::from_secs(1);

/// Watches one file. Never blocks.
#[derive(Debug)]
pub struct TextWatch {
    path: PathBuf,
    /// The text last given out. Texts are small, so they are compared whole instead of by a hash.
    seen: Option<String>,
    /// When the newest event came that has not been looked at yet, and the oldest such.
    pending: Option<(Instant, Instant)>,
    compared: Instant,
    events: Receiver<()>,
    /// Kept alive. `None` where the system has no watch left to give: then only the comparison finds changes.
    _watcher: Option<RecommendedWatcher>,
}

impl TextWatch {
    /// Begins to watch. `seen` is the text known already, if it is: a save between its reading and now is noticed.
    ///
    /// # Errors
    /// If `path` has no file name.
    pub fn new(path: &Path, seen: Option<String>) -> Result<Self, ConfigError> {
        let unreadable = |reason: String| ConfigError::Read { path: path.into(), reason };
        let path = std::path::absolute(path).map_err(|e| unreadable(e.to_string()))?;
        let name = path.file_name().ok_or_else(|| unreadable("it has no file name".into()))?.to_owned();
        let (sender, events) = crossbeam_channel::bounded(1);
        let watcher = path.parent().and_then(|folder| watch_folder(folder, name, sender));
        let now = Instant::now();
        Ok(Self { path, seen, pending: Some((now, now)), compared: now, events, _watcher: watcher })
    }

    /// The path being watched.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's text if it is another than the one given out last, or why it cannot be read.
    pub fn poll(&mut self) -> Option<Result<String, ConfigError>> {
        let now = Instant::now();
        if self.events.try_iter().count() > 0 {
            self.pending = Some((now, self.pending.map_or(now, |(_, first)| first)));
        }
        match self.pending {
            // A file that is written to without pause is read once a second all the same.
            Some((newest, first)) if now - newest >= DEBOUNCE || now - first >= COMPARE => {
                self.pending = None;
                self.compared = now;
                let text = self.read()?;
                let same = text.as_ref().is_ok_and(|text| self.seen.as_ref() == Some(text));
                self.seen = text.as_ref().ok().cloned();
                (!same).then_some(text)
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

    /// The file's text, or why it cannot be read; `None` while a save is under way: no file, or an empty one.
    fn read(&self) -> Option<Result<String, ConfigError>> {
        if !fs::metadata(&self.path).ok()?.is_file() {
            return None;
        }
        let text = read_file(&self.path);
        let in_progress = text.as_ref().is_ok_and(|t| t.trim().is_empty());
        (!in_progress).then_some(text)
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
