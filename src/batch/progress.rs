//! What a headless run says: a bar with time to go on a terminal, plain lines otherwise.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    record::{JournalKind, ProbeRow, StepRow},
    train::{Event, Outcome, Phase, Snapshot},
};

/// Between two plain lines.
const PACE: Duration = Duration::from_secs(5);

pub struct Progress {
    bar: Option<ProgressBar>,
    told: Option<Instant>,
    phase: Option<Phase>,
    named_run: bool,
}

impl Progress {
    pub fn new() -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}<{eta} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            bar.set_style(style);
            bar
        });
        Self { bar, told: None, phase: None, named_run: false }
    }

    /// A line of its own. A reader that is gone is no reason to stop.
    pub fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => {
                let _ = writeln!(io::stdout(), "{text}");
            }
        }
    }

    pub fn show(&mut self, snapshot: &Snapshot) {
        if !self.named_run && !snapshot.facts.run_dir.as_os_str().is_empty() {
            self.named_run = true;
            let f = &snapshot.facts;
            self.line(&format!("run directory: {}", f.run_dir.display()));
            self.line(&format!("{}; {}; {} ({} threads)", f.data, f.encoder, f.device, f.threads));
        }
        if self.phase.as_ref() != Some(&snapshot.phase) {
            self.phase = Some(snapshot.phase.clone());
            if let Phase::Starting(what) = &snapshot.phase {
                match &self.bar {
                    Some(bar) => bar.set_message(what.clone()),
                    None => self.line(what),
                }
            }
        }
        let Some(last) = snapshot.last.as_deref() else { return };
        match &self.bar {
            Some(bar) => {
                bar.set_length(snapshot.steps);
                bar.set_position(snapshot.step);
                bar.set_message(describe(last));
            }
            None if self.told.is_none_or(|t| t.elapsed() >= PACE) => {
                self.told = Some(Instant::now());
                self.line(&format!(
                    "step {}/{}  {}  {:.1} steps/s",
                    last.step,
                    snapshot.steps,
                    describe(last),
                    snapshot.steps_per_second
                ));
            }
            None => {}
        }
    }

    pub fn event(&self, event: &Event) {
        match event {
            Event::Probe(row) => self.line(&probe(row)),
            Event::Warning(text) => self.line(&format!("warning: {text}")),
            Event::Checkpoint { step, path } => self.line(&format!("step {step}: checkpoint {}", path.display())),
            Event::Journal(row) => match (row.kind, &row.key) {
                (JournalKind::Change, Some(key)) => {
                    self.line(&format!("step {}: {key} = {}", row.step, row.to.clone().unwrap_or_default()));
                }
                (JournalKind::Refused, Some(key)) => {
                    self.line(&format!("refused: {key}: {}", row.reason.as_deref().unwrap_or_default()));
                }
                (JournalKind::Nonfinite, _) => self.line(&format!("non-finite: {}", row.reason.as_deref().unwrap_or_default())),
                _ => {}
            },
            Event::Ack { .. } | Event::Ended(_) => {}
        }
    }

    pub fn end(&mut self, snapshot: &Snapshot, outcome: &Outcome) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        if matches!(outcome, Outcome::Refused(_)) {
            return;
        }
        if let Some(last) = snapshot.last.as_deref() {
            self.line(&format!("{} steps in {:.1} s  {}", snapshot.step, snapshot.seconds, describe(last)));
        }
        if let Some(row) = snapshot.probe.as_deref() {
            self.line(&probe(row));
        }
        self.line(&format!("run directory: {}", snapshot.facts.run_dir.display()));
    }
}

fn describe(row: &StepRow) -> String {
    let mut text = format!("loss {:.4}", row.loss);
    for (name, nats) in [("global", row.mi.global), ("local", row.mi.local)] {
        if let Some(nats) = nats {
            text += &format!("  {name} {nats:.3} nats");
        }
    }
    text
}

fn probe(row: &ProbeRow) -> String {
    let (l, percent) = (row.accuracy.linear, 100.0);
    let mut text = format!(
        "step {}: probe conv {:.1} %  fc {:.1} %  Y {:.1} %  kNN(Y) {:.1} %  (chance {:.1} %)",
        row.step,
        l.conv * percent,
        l.fc * percent,
        l.y * percent,
        row.accuracy.knn.y * percent,
        row.chance * percent
    );
    for (name, nats) in [("global", row.mi_heldout.global), ("local", row.mi_heldout.local)] {
        if let Some(nats) = nats {
            text += &format!("  held-out {name} {nats:.3} nats");
        }
    }
    text
}
