//! Changes and policies between two steps: applied whole, or refused with a reason and nothing changed.

use std::sync::Arc;

use super::{
    Event, Phase, checkpoint,
    history::Mark,
    keep::is_regular,
    start::put_back,
    worker::{Halt, Worker},
};
use crate::{
    config::{self, Change, OnNonfinite, Source},
    record::{JournalKind, JournalRow, journal_row},
};

impl Worker<'_> {
    /// Puts a set of changes in force for the next step; the reason, if it is refused.
    pub(super) fn change(&mut self, changes: &[Change]) -> Result<(), String> {
        let in_force = self.job.config().clone();
        let pinned = self.job.scripts().pin_changes(changes, &in_force);
        let (changes, outcome) = match pinned {
            Ok(pinned) => {
                let outcome = self.try_change(&pinned);
                (pinned, outcome)
            }
            Err(reason) => (changes.to_vec(), Err(reason)),
        };
        let kind = if outcome.is_ok() { JournalKind::Change } else { JournalKind::Refused };
        let step = self.job.steps_done() + 1;
        let reason = outcome.as_ref().err().cloned();
        let row = |c| JournalRow { reason: reason.clone(), ..journal_row(step, kind).change(c) };
        self.journal(changes.iter().map(row).collect());
        if outcome.is_ok() {
            for change in &changes {
                self.link.history.mark(Mark {
                    step,
                    text: format!("{} {} → {}", change.key, plain(&change.from), plain(&change.to)),
                    breaks_loss: change.key.starts_with("objective.") && !change.key.contains(".on_"),
                });
            }
        }
        outcome
    }

    fn try_change(&mut self, changes: &[Change]) -> Result<(), String> {
        if let Some(c) = changes.iter().find(|c| config::key(&c.key).is_some_and(|k| !k.live)) {
            return Err(format!("'{}' takes effect on a restart only", c.key));
        }
        let edits: Vec<(String, toml::Value)> = changes.iter().map(|c| (c.key.clone(), c.to.clone())).collect();
        let next = Arc::new(self.job.config().with(&edits).map_err(|e| e.to_string())?);
        if let Some(c) = changes.iter().find(|c| !next.heeds(&c.key)) {
            return Err(format!("'{}' does nothing with data.name = \"{}\"", c.key, next.data.name));
        }
        let (done, steps) = (self.job.steps_done(), next.optim.steps);
        if next.optim.epochs == 0 && steps < done {
            return Err(format!("{done} steps are done already: the run's length must be at least that, not {steps}"));
        }
        self.job.apply(next.clone()).map_err(|e| e.to_string())?;
        // A checkpoint of this very step does not know the change.
        self.checkpoint_at = None;
        let scripts = self.job.scripts().in_force(&next);
        self.publisher.in_force(next.clone(), scripts, self.job.total_steps());
        if next.objective.on_nonfinite == OnNonfinite::Rollback && checkpoint::list(&self.checkpoints).is_empty() {
            self.save(false);
        }
        Ok(())
    }

    /// `[[schedule]]` entries due before the next step.
    pub(super) fn apply_schedule(&mut self) {
        let config = self.job.config().clone();
        let (next, attempt) = (self.job.steps_done() + 1, self.job.attempt());
        for (i, entry) in config.schedule.iter().enumerate().filter(|(_, e)| e.attempt <= attempt && e.at <= next) {
            if !self.scheduled.insert(i) {
                continue;
            }
            let changes = as_changes(&entry.set, self.job.config(), Source::Schedule);
            if let Err(reason) = self.change(&changes) {
                self.tell(Event::Warning(format!("schedule entry at = {}: {reason}", entry.at)));
            }
        }
    }

    /// The policy `rollback`: back to the newest checkpoint, half the learning rate, new draws.
    pub(super) fn roll_back(&mut self) -> Result<(), Halt> {
        self.publisher.phase(Phase::Starting("rolling back".into()));
        while self.probes.busy().is_some() {
            self.wait_probe()?;
        }
        // One that a replay has too, if there is one: not a checkpoint the user asked for.
        let (began, config) = (self.began.0, self.job.config().clone());
        let regular = |step: &u64| is_regular(*step, began, config.checkpoint.every);
        let (regular, other): (Vec<_>, Vec<_>) =
            checkpoint::list(&self.checkpoints).into_iter().partition(|(step, _)| regular(step));
        let files = regular.into_iter().chain(other).map(|(_, path)| path);
        let (saved, faults) = put_back(&mut *self.job, files, |_| Ok((*config).clone()))?;
        for fault in faults {
            self.tell(Event::Warning(format!("{fault}: passed over")));
        }
        if saved.is_none() {
            return Err(Halt::Failed("nothing to roll back to: no whole checkpoint".into()));
        }
        self.rollbacks += 1;
        self.keeper.rewind(self.job.steps_done());
        self.job.set_attempt(self.rollbacks);
        self.recorder.rewind(self.job.steps_done());
        self.link.history.cut_back(self.job.steps_done());
        self.publisher.rewind(self.job.steps_done(), self.job.epoch());
        let lr = self.job.config().optim.lr;
        let half = Change { key: "optim.lr".into(), from: lr.into(), to: (lr / 2.0).into(), source: Source::Policy };
        self.change(&[half]).map_err(Halt::Failed)
    }

    pub(super) fn note(&mut self, kind: JournalKind, reason: Option<String>) {
        let mut row = journal_row(self.job.steps_done(), kind);
        row.reason = reason;
        self.journal(vec![row]);
    }

    /// Rows that belong together: one change of several keys is several rows.
    pub(super) fn journal(&mut self, rows: Vec<JournalRow>) {
        self.recorder.journal(&rows);
        rows.into_iter().for_each(|row| self.tell(Event::Journal(row)));
    }

    pub(super) fn tell(&self, event: Event) {
        // A front end that is gone is noticed where commands are read.
        let _ = self.link.events.send(event);
    }
}

/// Keys with new values as changes against the configuration in force.
pub(super) fn as_changes<'a>(
    set: impl IntoIterator<Item = (&'a String, &'a toml::Value)>,
    in_force: &config::Config,
    source: Source,
) -> Vec<Change> {
    set.into_iter()
        .map(|(key, to)| {
            let from = in_force.get(key).unwrap_or_else(|| toml::Value::String(String::new()));
            Change { key: key.clone(), from, to: to.clone(), source }
        })
        .collect()
}

fn plain(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}
