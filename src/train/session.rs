//! A running trainer as a front end holds it: commands in, events, snapshots and histories out.

use std::{
    path::PathBuf,
    sync::Arc,
    thread::{self, JoinHandle},
};

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender};

use super::{Command, Event, History, Outcome, Snapshot, worker};
use crate::config::Config;

/// `loss.backward()` recurses over the graph, so the trainer gets a big stack (reserved, not committed).
const STACK: usize = 64 << 20;

/// How to begin.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The run directory itself; `None`: a new one under `run.dir`.
    pub out: Option<PathBuf>,
    /// Continue the run in this directory from its newest whole checkpoint.
    pub resume: Option<PathBuf>,
    /// With `resume`: values asked for anew, over those in force at the checkpoint.
    pub set: Vec<(String, toml::Value)>,
    /// Where the estimator scripts that the config names are looked for, in this order.
    pub script_folders: Vec<PathBuf>,
    /// True under the workbench: after the last step, and on a policy's pause, the trainer waits for commands.
    /// False under `--batch`: it ends.
    pub interactive: bool,
}

/// The front end's end of a training thread. Dropping it without [`Session::join`] leaves the thread to stop by itself.
#[derive(Debug)]
pub struct Session {
    pub commands: Sender<Command>,
    pub events: Receiver<Event>,
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    pub history: Arc<History>,
    thread: Option<JoinHandle<()>>,
}

/// The trainer's end of the same.
#[derive(Debug, Clone)]
pub struct Link {
    pub commands: Receiver<Command>,
    pub events: Sender<Event>,
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    pub history: Arc<History>,
}

impl Session {
    /// A session with nobody at the other end yet: for [`Session::start`], and for tests of a front end.
    pub fn pair(config: &Config) -> (Session, Link) {
        let (to_trainer, commands) = crossbeam_channel::unbounded();
        let (events, from_trainer) = crossbeam_channel::unbounded();
        let snapshot = Arc::new(ArcSwap::from_pointee(Snapshot::starting(Arc::new(config.clone()))));
        let history = Arc::new(History::default());
        let link = Link { commands, events, snapshot: snapshot.clone(), history: history.clone() };
        (Session { commands: to_trainer, events: from_trainer, snapshot, history, thread: None }, link)
    }

    /// Starts the training thread. Errors in data or configuration arrive as [`Outcome::Refused`].
    pub fn start(config: Config, options: Options) -> std::io::Result<Session> {
        let (mut session, link) = Session::pair(&config);
        let thread = thread::Builder::new().name("trainer".into()).stack_size(STACK).spawn(move || {
            worker::run(config, options, link);
        })?;
        session.thread = Some(thread);
        Ok(session)
    }

    /// Waits for the thread to end. Events may still be read from `events` before.
    pub fn join(mut self) -> Outcome {
        if let Some(thread) = self.thread.take() {
            // A panic inside is caught by the worker and told as an event; a second one here has nothing to add.
            let _ = thread.join();
        }
        let ended = self.events.try_iter().filter_map(|e| if let Event::Ended(o) = e { Some(o) } else { None });
        ended.last().unwrap_or_else(|| Outcome::Failed("the trainer ended without a word".into()))
    }
}
