//! Where a forked run comes from: the row its journal begins with, for whoever draws the parent's curve up to the fork.

use std::path::{Path, PathBuf};

use super::{JournalKind, JournalRow, RunDir, SavedRun, cut::read_rows, journal_row};

/// The key that makes a run a fork, and that the row names.
const KEY: &str = "start.checkpoint";

/// The journal's first row of a run that begins with the state of `checkpoint`, made after `step` steps: kind `start`, key
/// `start.checkpoint`, the checkpoint's absolute path as the value it is set to, and a sentence.
pub fn fork_row(step: u64, checkpoint: &Path) -> JournalRow {
    let run = RunDir::of_checkpoint(checkpoint);
    JournalRow {
        key: Some(KEY.into()),
        to: Some(checkpoint.to_string_lossy().into()),
        ..journal_row(step, JournalKind::Start).reason(format!("forked from step {step} of {}", run.display()))
    }
}

/// The checkpoint that a journal says its run began with, and its step. `None`: it began untrained.
pub fn fork_of(journal: &[JournalRow]) -> Option<(PathBuf, u64)> {
    let start = journal.iter().find(|row| row.kind == JournalKind::Start)?;
    let path = start.to.as_ref().filter(|_| start.key.as_deref() == Some(KEY))?.as_str()?;
    Some((path.into(), start.step))
}

/// Where the state in `checkpoint` was made: of the one that a fork began with, the parent's checkpoint that it is a copy of.
pub fn made_at(checkpoint: &Path) -> PathBuf {
    let copy = checkpoint.file_name().is_some_and(|name| name == RunDir::START);
    let journal = || read_rows::<JournalRow>(&checkpoint.with_file_name("journal.jsonl")).ok();
    let parent = journal().filter(|_| copy).and_then(|rows| fork_of(&rows));
    parent.map_or_else(|| checkpoint.into(), |(path, _)| path)
}

impl SavedRun {
    /// The run this one was forked from, and after which of its steps; the folder may be gone by now. `None`: it began untrained.
    pub fn forked_from(&self) -> Option<(PathBuf, u64)> {
        fork_of(&self.journal).map(|(checkpoint, step)| (RunDir::of_checkpoint(&checkpoint), step))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::Config;

    fn run(at: &Path, first: &JournalRow) -> SavedRun {
        fs::create_dir_all(at).unwrap();
        fs::write(at.join("config.toml"), Config::default().to_toml()).unwrap();
        fs::write(at.join("journal.jsonl"), serde_json::to_string(first).unwrap() + "\n").unwrap();
        SavedRun::open(at).unwrap()
    }

    #[test]
    fn a_fork_names_its_parent_and_a_fork_of_its_beginning_the_same() {
        let base = tempfile::tempdir().unwrap();
        let parent = run(&base.path().join("parent"), &journal_row(0, JournalKind::Start));
        assert_eq!(parent.forked_from(), None);
        let checkpoint = parent.path.join("checkpoints/step-00000040.safetensors");
        assert_eq!(made_at(&checkpoint), checkpoint);
        let row = fork_row(40, &checkpoint);
        assert_eq!(row.sentence(), format!("start: forked from step 40 of {}", parent.path.display()));
        let child = run(&base.path().join("child"), &row);
        assert_eq!(child.forked_from(), Some((parent.path.clone(), 40)));
        let own = child.path.join(RunDir::START);
        assert_eq!(made_at(&own), checkpoint, "it is the parent's state");
        let again = run(&base.path().join("again"), &fork_row(40, &made_at(&own)));
        assert_eq!(again.forked_from(), Some((parent.path, 40)));
    }
}
