//! A state made from the rows of a recorded run, without a trainer.

use std::sync::Arc;

use super::{
    app::App,
    theme::Theme,
    update::{journal_line, probe_sentence},
};
use crate::{
    config::Config,
    record::{JournalKind, JournalRow, ProbeRow, StepRow, Summary, config_after},
    train::{Facts, History, Phase, Snapshot, history::Mark},
};

impl App {
    /// The workbench as it would stand after this run: finished if all steps are there, else paused.
    pub fn from_recording(config: Config, steps: &[StepRow], probes: &[ProbeRow], journal: &[JournalRow]) -> Self {
        let history = History::default();
        for row in steps {
            history.push_step(row);
        }
        for row in probes {
            history.push_probe(row);
        }
        for row in journal.iter().filter(|r| r.kind == JournalKind::Change) {
            history.mark(mark(row));
        }
        let live = snapshot(config_after(&config, journal), steps, probes);
        let mut app = App::new(Theme::colour(), Arc::new(live), Arc::new(history), None);
        app.was_ready = true;
        let mut lines: Vec<_> = journal.iter().map(|r| (r.step, journal_line(r))).collect();
        lines.extend(probes.iter().map(|r| (r.step, (super::log::Kind::Probe, probe_sentence(r)))));
        lines.sort_by_key(|(step, _)| *step);
        for (step, (kind, text)) in lines {
            app.log.push(step, kind, text);
        }
        app
    }

    /// Adds what `summary.json` knows of the run: what the header shows.
    pub fn describe(&mut self, summary: &Summary) {
        let fact = |name: &str| summary.facts.get(name).cloned();
        let old = (*self.live).clone();
        let facts = Facts {
            data: fact("data").unwrap_or_else(|| old.facts.data.clone()),
            classes: fact("classes").map_or_else(Vec::new, |names| names.split(", ").map(String::from).collect()),
            encoder: fact("encoder").unwrap_or_default(),
            device: fact("device").unwrap_or_default(),
            threads: fact("threads").and_then(|t| t.parse().ok()).unwrap_or_default(),
            ..Facts::default()
        };
        self.live = Arc::new(Snapshot { facts: Arc::new(facts), epoch: summary.epochs, ..old });
    }
}

pub(super) fn mark(row: &JournalRow) -> Mark {
    let (_, text) = journal_line(row);
    let key = row.key.as_deref().unwrap_or_default();
    // Another objective makes another loss; a learning rate or an interval does not.
    Mark { step: row.step, text, breaks_loss: key.starts_with("objective.") }
}

fn snapshot(config: Config, steps: &[StepRow], probes: &[ProbeRow]) -> Snapshot {
    let mut s = Snapshot::starting(Arc::new(config));
    s.facts = Arc::new(Facts { data: s.config.data.name.clone(), ..Facts::default() });
    let probed = probes.last().map_or(0, |r| r.step);
    s.step = steps.last().map_or(0, |r| r.step).max(probed);
    s.phase = if s.step >= s.steps { Phase::Finished } else { Phase::Paused(None) };
    if let Some(row) = steps.last() {
        s.seconds = row.seconds;
        if row.seconds > 0.0 {
            s.steps_per_second = row.step as f64 / row.seconds;
        }
        s.last = Some(Arc::new(row.clone()));
    }
    s.probe = probes.last().cloned().map(Arc::new);
    s.untrained = probes.first().filter(|r| r.step == 0).cloned().map(Arc::new);
    s
}
