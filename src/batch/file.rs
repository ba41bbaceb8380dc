//! Hot reload without a screen: what a save of the config file, or of a script in force, does to the run.

use std::{path::PathBuf, sync::Arc};

use super::output::Output;
use crate::{
    config::{Change, ConfigError, FileEvent, ScriptInForce, ScriptWatch, Watch, is_live, load},
    train::{Command, Session},
};

/// The `--config` file of the run.
#[derive(Debug)]
pub(super) struct WatchedFile {
    watch: Watch,
    next_id: u64,
}

impl WatchedFile {
    /// Begins to watch. What the file says now, without `--set`, is what later saves are compared with.
    pub fn new(path: PathBuf) -> Result<Self, ConfigError> {
        let content = load(Some(&path), &[])?;
        Ok(Self { watch: Watch::new(&path, content)?, next_id: 1 })
    }

    /// Looks whether the file was saved: live keys become one command, other keys a line.
    pub fn poll(&mut self, session: &Session, output: &mut Output) {
        match self.watch.poll() {
            Some(FileEvent::Changed { changes, .. }) => self.apply(changes, session, output),
            Some(FileEvent::Broken(error)) => output.warning(&format!("{error}; the run goes on as it was")),
            Some(FileEvent::Mended) => output.line("the config file can be read again"),
            None => {}
        }
    }

    fn apply(&mut self, changes: Vec<Change>, session: &Session, output: &mut Output) {
        let (live, restart): (Vec<Change>, Vec<Change>) = changes.into_iter().partition(|c| is_live(&c.key));
        for change in restart {
            output.line(&format!("{} takes effect on restart", change.key));
        }
        if !live.is_empty() {
            // Refused only if the trainer has gone; its last event says so.
            let _ = session.commands.try_send(Command::Apply { id: self.next_id, changes: live });
            self.next_id += 1;
        }
    }
}

/// The scripts in force.
#[derive(Debug, Default)]
pub(super) struct WatchedScripts {
    watch: ScriptWatch,
    followed: Arc<Vec<ScriptInForce>>,
}

impl WatchedScripts {
    /// A saved script is a change like any other; a faulty one is refused, and the refusal told.
    pub fn poll(&mut self, session: &Session) {
        let scripts = session.snapshot.load().scripts.clone();
        if !Arc::ptr_eq(&scripts, &self.followed) {
            self.watch.follow(&scripts);
            self.followed = scripts;
        }
        let changes = self.watch.poll();
        if !changes.is_empty() {
            // Refused only if the trainer has gone; its last event says so. Nobody waits for the answer to this one.
            let _ = session.commands.try_send(Command::Apply { id: 0, changes });
        }
    }
}
