//! Which checkpoints of a run stay on the disk.
//!
//! The newest `checkpoint.keep` that are whole; those the user asked for, which are not counted; the newest that a rollback, or
//! that of a replay, goes back to; with `checkpoint.keep_best` the one whose own step has the best probe. What is damaged is
//! not counted either, and goes once as many whole ones as wanted are newer.

use std::{collections::BTreeMap, fs, path::Path};

use super::checkpoint;
use crate::{
    config,
    record::{ProbeRow, RunDir, read_rows},
};

/// What is known of the checkpoints in one directory.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    /// Those this process wrote, or found as long as their headers say, by step; true: the user asked for it.
    whole: BTreeMap<u64, bool>,
    /// The linear probe's accuracy on Y, by step.
    accuracy: BTreeMap<u64, f64>,
}

/// What the choice depends on beside the files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice<'a> {
    pub settings: &'a config::Checkpoint,
    /// Where the run began.
    pub began: u64,
    /// The step whose probe is being fitted: how good it is, nobody knows yet.
    pub probing: Option<u64>,
}

impl Choice<'_> {
    /// True for the checkpoints that a replay writes too.
    pub fn is_regular(&self, step: u64) -> bool {
        is_regular(step, self.began, self.settings.every)
    }
}

/// True for a checkpoint that nobody asked for by hand: that of the run's beginning, or one of every `every` steps.
pub(super) fn is_regular(step: u64, began: u64, every: u64) -> bool {
    step == began || (every > 0 && step.is_multiple_of(every))
}

impl Keeper {
    /// A checkpoint was written.
    pub fn wrote(&mut self, step: u64, by_hand: bool) {
        self.whole.insert(step, by_hand);
    }

    /// A probe was recorded.
    pub fn probed(&mut self, row: &ProbeRow) {
        self.accuracy.insert(row.step, row.accuracy.linear.y);
    }

    /// Training went back to `step`: later probes are those of steps that no longer count.
    pub fn rewind(&mut self, step: u64) {
        self.accuracy.retain(|probed, _| *probed <= step);
    }

    /// Deletes what does not stay.
    pub fn prune(&mut self, dir: &Path, choice: &Choice<'_>) {
        let there = checkpoint::list(dir);
        let states: Vec<(u64, Option<bool>)> = there.iter().map(|(step, path)| (*step, self.look(*step, path))).collect();
        let gone = self.surplus(&states, choice);
        for (step, path) in there.into_iter().filter(|(step, _)| gone.contains(step)) {
            // A file that cannot be deleted costs room, not results.
            if fs::remove_file(path).is_ok() {
                self.whole.remove(&step);
            }
        }
    }

    /// Whether the user asked for a checkpoint; `None` if it is damaged. What this process wrote it knows to be whole.
    fn look(&mut self, step: u64, path: &Path) -> Option<bool> {
        if !self.whole.contains_key(&step)
            && let Ok(header) = checkpoint::header(path)
        {
            self.whole.insert(step, header.by_hand);
        }
        self.whole.get(&step).copied()
    }

    /// The steps whose checkpoints go, of those there are, newest first.
    fn surplus(&self, there: &[(u64, Option<bool>)], choice: &Choice<'_>) -> Vec<u64> {
        let whole = || there.iter().filter(|(_, state)| state.is_some()).map(|(step, _)| *step);
        let regular = whole().find(|step| choice.is_regular(*step));
        let best = if choice.settings.keep_best { best(whole(), &self.accuracy) } else { None };
        let stays = [regular, best, choice.probing];
        let mut kept = 0;
        let goes = |(step, state): &(u64, Option<bool>)| {
            let full = kept >= choice.settings.keep;
            kept += usize::from(*state == Some(false));
            full && *state != Some(true) && (state.is_none() || !stays.contains(&Some(*step)))
        };
        there.iter().copied().filter(goes).map(|(step, _)| step).collect()
    }
}

/// The step with the highest accuracy; the latest of equals.
fn best(steps: impl Iterator<Item = u64>, accuracy: &BTreeMap<u64, f64>) -> Option<u64> {
    let known = steps.filter_map(|step| Some((*accuracy.get(&step)?, step))).filter(|(accuracy, _)| accuracy.is_finite());
    known.max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|(_, step)| step)
}

/// The step of the checkpoint in a run directory whose own step has the best recorded probe; `None` if no checkpoint's step has
/// one.
pub fn best_of(run: &Path) -> Option<u64> {
    let probes: Vec<ProbeRow> = read_rows(&run.join("probes.jsonl")).ok()?;
    let accuracy = probes.iter().map(|row| (row.step, row.accuracy.linear.y)).collect();
    let whole = checkpoint::list(&run.join(RunDir::CHECKPOINTS)).into_iter().filter(|(_, path)| checkpoint::header(path).is_ok());
    best(whole.map(|(step, _)| step), &accuracy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(settings: &config::Checkpoint) -> Choice<'_> {
        Choice { settings, began: 0, probing: None }
    }

    /// Newest first; what is in `by_hand` was asked for, what is in `damaged` is no checkpoint any more.
    fn there(steps: &[u64], by_hand: &[u64], damaged: &[u64]) -> Vec<(u64, Option<bool>)> {
        steps.iter().map(|s| (*s, (!damaged.contains(s)).then(|| by_hand.contains(s)))).collect()
    }

    #[test]
    fn what_was_asked_for_stays_and_takes_nobodys_place() {
        let settings = config::Checkpoint { every: 10, keep: 2, keep_best: false };
        let gone = |there: &[_]| Keeper::default().surplus(there, &choice(&settings));
        assert_eq!(gone(&there(&[40, 30, 20, 10], &[], &[])), [20, 10]);
        assert_eq!(gone(&there(&[43, 42, 41, 40, 30, 20, 7], &[43, 42, 41, 7], &[])), [20]);
        // The end of a run is kept like any other, but the one that a rollback needs is not lost for it.
        assert_eq!(gone(&there(&[45, 44, 40, 30], &[], &[])), [30]);
    }

    #[test]
    fn a_damaged_one_is_not_counted() {
        let settings = config::Checkpoint { every: 10, keep: 2, keep_best: false };
        let gone = |there: &[_]| Keeper::default().surplus(there, &choice(&settings));
        assert_eq!(gone(&there(&[50, 40, 30, 20], &[], &[50, 40])), [0; 0]);
        assert_eq!(gone(&there(&[50, 40, 30, 20, 10], &[], &[40, 10])), [20, 10]);
    }

    #[test]
    fn the_best_stays_and_so_does_one_that_may_be_it() {
        let mut settings = config::Checkpoint { every: 10, keep: 1, keep_best: true };
        let mut keeper =
            Keeper { accuracy: [(10, 0.3), (20, 0.5), (25, 0.9), (30, 0.5), (40, f64::NAN)].into(), ..Keeper::default() };
        let all = there(&[50, 40, 30, 20, 10], &[], &[]);
        assert_eq!(keeper.surplus(&all, &choice(&settings)), [40, 20, 10]);
        assert_eq!(keeper.surplus(&all, &Choice { probing: Some(40), ..choice(&settings) }), [20, 10]);
        // Rolled back: the probe of step 30 is one of steps that no longer count.
        keeper.rewind(25);
        assert_eq!(keeper.surplus(&all, &choice(&settings)), [40, 30, 10]);
        settings.keep_best = false;
        assert_eq!(keeper.surplus(&all, &choice(&settings)), [40, 30, 20, 10]);
    }

    #[test]
    fn a_file_of_another_process_is_looked_at_once_and_a_short_one_is_no_checkpoint() {
        let dir = tempfile::tempdir().unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/export/encoder.safetensors");
        fs::copy(fixture, dir.path().join("step-00000010.safetensors")).unwrap();
        let mut keeper = Keeper::default();
        keeper.wrote(20, false);
        fs::write(dir.path().join("step-00000020.safetensors"), "").unwrap();
        fs::write(dir.path().join("step-00000030.safetensors"), "torn").unwrap();
        let settings = config::Checkpoint { every: 10, keep: 1, keep_best: false };
        keeper.prune(dir.path(), &choice(&settings));
        let left: Vec<u64> = checkpoint::list(dir.path()).into_iter().map(|(step, _)| step).collect();
        // One that this process wrote counts; the foreign file behind it goes, the torn one before it is left to whoever asks.
        assert_eq!(left, [30, 20]);
    }
}
