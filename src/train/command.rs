//! What a front end (workbench or `--batch`) may say to the trainer, and what the trainer answers.

use std::path::PathBuf;

use super::Wanted;
use crate::{
    config::Change,
    record::{JournalRow, ProbeRow},
};

/// Sent with `try_send`; carried out between two steps, in order.
#[derive(Debug, Clone)]
pub enum Command {
    /// One atomic set of changes: all are applied before the next step, or none is. `id` comes back in the [`Event::Ack`].
    Apply {
        id: u64,
        changes: Vec<Change>,
    },
    Pause,
    Resume,
    /// One step, then pause.
    SingleStep,
    /// Write a checkpoint now.
    SaveCheckpoint,
    /// Take a probe now.
    Probe,
    /// What somebody looks at: it is published from then on, and nothing else of the kind.
    Watch(Watched),
    /// Write a checkpoint, finish the records, end the thread.
    Stop(StopReason),
}

/// What is computed only while somebody looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Watched {
    #[default]
    Nothing,
    /// The readings of all estimators.
    Readings,
    /// The codes of held-out images, and what there is to see of this one.
    Portrait { picked: usize },
    /// Images of the data set.
    Data(Wanted),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The user quits.
    Quit,
    /// A restart begins a new run.
    Restart,
    /// Signal n.
    Signal(i32),
}

/// Trainer → front end, in order, none lost.
#[derive(Debug, Clone)]
pub enum Event {
    /// The answer to [`Command::Apply`]: in force from `step` on, or refused with a reason and nothing changed.
    Ack {
        id: u64,
        step: u64,
        outcome: Result<(), String>,
    },
    /// A row was added to the journal.
    Journal(JournalRow),
    Probe(ProbeRow),
    /// A checkpoint is whole on disk.
    Checkpoint {
        step: u64,
        path: PathBuf,
    },
    /// Something the user should read that is not an error of the run (a disk that is full, say).
    Warning(String),
    /// Always the last one.
    Ended(Outcome),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All steps done and the front end asked to stop.
    Done,
    /// Stopped before its last step.
    Stopped(StopReason),
    /// A non-finite objective or gradient under the policy `stop` (exit code 3).
    Nonfinite(String),
    /// The trainer failed or panicked (exit code 1).
    Failed(String),
    /// Bad data or configuration, found while starting (exit code 2).
    Refused(String),
}
