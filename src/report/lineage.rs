//! A fork drawn from the beginning: what its forebears recorded up to the fork, then its own.

use crate::{
    config::{Source, diff},
    record::{JournalKind, JournalRow, SavedRun, config_after, journal_row},
};

/// Forks of forks are followed so far back.
const GENERATIONS: usize = 32;
/// Where a run is and on what it runs: not what a fork changes.
const ASIDE: [&str; 4] = ["run.", "start.", "data.dir", "schedule"];

/// The run with its forebears' rows before its own, for charts. Itself, if it is no fork or its parent has gone.
pub(super) fn from_the_beginning(run: &SavedRun) -> SavedRun {
    let mut whole = run.clone();
    for _ in 0..GENERATIONS {
        let Some((path, step)) = whole.forked_from() else { break };
        let Ok(parent) = SavedRun::open(&path) else { break };
        whole = joined(parent, step, whole);
    }
    whole
}

/// What `parent` recorded up to `step`, then `fork`.
fn joined(parent: SavedRun, step: u64, fork: SavedRun) -> SavedRun {
    let until = |row: &JournalRow| row.step <= step;
    let mut journal: Vec<JournalRow> = parent.journal.into_iter().filter(until).collect();
    let changed = diff(&config_after(&parent.config, &journal), &fork.config, Source::Set);
    let changed = changed.iter().filter(|c| !ASIDE.iter().any(|aside| c.key.starts_with(aside)));
    journal.extend(changed.map(|c| journal_row(step + 1, JournalKind::Change).change(c)));
    // The parent's start comes first, and says whether that was a fork too.
    journal.extend(fork.journal);
    let (mut steps, mut probes) = (parent.steps, parent.probes);
    steps.retain(|row| row.step <= step);
    probes.retain(|row| row.step <= step);
    steps.extend(fork.steps.into_iter().filter(|row| row.step > step));
    probes.extend(fork.probes.into_iter().filter(|row| row.step > step));
    SavedRun { steps, probes, journal, config: parent.config, ..fork }
}
