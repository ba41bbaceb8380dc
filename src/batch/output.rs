//! What a headless run prints: a progress bar on a terminal, plain lines otherwise, and in both cases the events.
//!
//! Lines go to standard output, the bar, warnings and errors to standard error. Nobody has to read either: a closed pipe
//! never stops a run.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{plain, training};
use crate::{
    doctor::Finding,
    record::{ArenaRow, JournalKind, JournalRow, PerTerm, ProbeRow},
    train::{Outcome, Phase, Snapshot},
};

/// Without a bar, a line comes this often, or at every tenth of the run.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Where it goes, and what has been said.
pub(super) struct Output {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    bar: Option<ProgressBar>,
    /// The phase told last, while starting.
    phase: Option<String>,
    introduced: bool,
    /// When and at which step the last progress line was.
    told: (Instant, u64),
}

impl Output {
    pub fn to_terminal() -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}").unwrap_or(ProgressStyle::default_bar());
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10)).with_style(style)
        });
        Self { bar, ..Self::to(io::stdout(), io::stderr()) }
    }

    /// Plain lines to these.
    pub fn to(out: impl Write + 'static, err: impl Write + 'static) -> Self {
        let told = (Instant::now(), 0);
        Self { out: Box::new(out), err: Box::new(err), bar: None, phase: None, introduced: false, told }
    }

    /// A line on standard output, above the bar if there is one.
    pub fn line(&mut self, text: &str) {
        print(self.bar.as_ref(), &mut self.out, text);
    }

    pub fn warning(&mut self, text: &str) {
        print(self.bar.as_ref(), &mut self.err, &format!("warning: {text}"));
    }

    /// What the doctor has found, once.
    pub fn finding(&mut self, step: u64, finding: &Finding) {
        let edits: Vec<String> = finding.remedy.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        let advice = if edits.is_empty() { finding.remedy_words.clone() } else { edits.join(", ") };
        self.warning(&format!("doctor at step {step}: {} (try: {advice})", finding.text));
    }

    pub fn probe(&mut self, row: &ProbeRow) {
        let a = &row.accuracy;
        let mut text = format!(
            "probe at step {}: linear conv {:.1} %, fc {:.1} %, y {:.1} %; kNN y {:.1} % (chance {:.1} %)",
            row.step,
            100.0 * a.linear.conv,
            100.0 * a.linear.fc,
            100.0 * a.linear.y,
            100.0 * a.knn.y,
            100.0 * row.chance
        );
        if let Some(nats) = nats(&row.mi_heldout) {
            text += &format!("; held-out {nats}");
        }
        if let Some(nats) = nats(&row.mi_guaranteed) {
            text += &format!("; guaranteed {nats}");
        }
        self.line(&text);
    }

    /// Rows of the journal that no other line tells.
    pub fn journal(&mut self, row: &JournalRow) {
        use JournalKind::{Change, Nonfinite, Pause, Resume, Resumed};
        if matches!(row.kind, Change | Nonfinite | Pause | Resume | Resumed) {
            self.line(&format!("step {}: {}", row.step, row.sentence()));
        }
    }

    /// The state of the run, as often as is good.
    pub fn progress(&mut self, s: &Snapshot) {
        if let Phase::Starting(what) = &s.phase
            && self.phase.as_ref() != Some(what)
        {
            self.phase = Some(what.clone());
            match &self.bar {
                Some(bar) => bar.set_message(what.clone()),
                None => self.line(what),
            }
        }
        self.introduce(s);
        if !training(&s.phase) {
            return;
        }
        if let Some(bar) = &self.bar {
            bar.set_length(s.steps);
            bar.set_position(s.step);
            bar.set_message(state(s));
            return;
        }
        let (when, step) = self.told;
        let tenth = |n: u64| (n * 10).checked_div(s.steps);
        let due = when.elapsed() >= LINE_EVERY || tenth(s.step) != tenth(step);
        if s.step > step && due {
            self.told = (Instant::now(), s.step);
            self.line(&format!("step {}/{}  {}", s.step, s.steps, state(s)));
        }
    }

    /// Says once where the run is recorded and what it is.
    fn introduce(&mut self, s: &Snapshot) {
        if self.introduced || s.facts.run_dir.as_os_str().is_empty() {
            return;
        }
        self.introduced = true;
        let f = &s.facts;
        self.line(&format!("run directory: {}", f.run_dir.display()));
        self.line(&format!(
            "{}; {}; {}, {} thread{}",
            f.data,
            f.encoder,
            f.device,
            f.threads,
            if f.threads == 1 { "" } else { "s" }
        ));
    }

    /// What there is now.
    pub fn summary(&mut self, s: &Snapshot) {
        self.introduce(s);
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        if s.step == 0 {
            return;
        }
        let time = HumanDuration(Duration::try_from_secs_f64(s.seconds).unwrap_or_default());
        let epochs = if s.config.has_encoder() { format!(" {:.2} epochs,", s.epoch) } else { String::new() };
        self.line(&format!("{} of {} steps,{epochs} {time} of training", s.step, s.steps));
        if let Some(arena) = s.last.as_ref().and_then(|row| row.arena.as_ref()) {
            self.arena(arena);
        } else if let Some(row) = &s.last {
            let mut text = format!("loss {:.4}", row.loss);
            if let Some(nats) = nats(&row.mi) {
                text += &format!("; training batch {nats}");
            }
            self.line(&text);
        }
        if let Some(row) = &s.probe {
            self.probe(row);
        }
        self.line(&format!("recorded in {}", s.facts.run_dir.display()));
    }

    /// The arena's estimators, a line each.
    fn arena(&mut self, row: &ArenaRow) {
        self.line(&format!("truth {:.4} nats; over the last 200 steps with it:", row.truth));
        let number = |v: Option<f64>| v.map_or("-".into(), |v| format!("{v:.4}"));
        let of = |values: &BTreeMap<String, Option<f64>>, name| values.get(name).copied().flatten();
        for name in row.nats.keys() {
            let (bias, deviation) = (of(&row.bias, name), of(&row.deviation, name));
            let mean = bias.map(|bias| row.truth + bias);
            self.line(&format!(
                "  {name:<16} mean {:>9}  bias {:>9}  standard deviation {:>8}",
                number(mean),
                number(bias),
                number(deviation)
            ));
        }
    }

    /// The last word, on standard error: why the run did not do all its steps.
    pub fn ended(&mut self, outcome: &Outcome) {
        let (Outcome::Nonfinite(why) | Outcome::Failed(why) | Outcome::Refused(why)) = outcome else { return };
        print(None, &mut self.err, &format!("error: {why}"));
    }
}

fn print(bar: Option<&ProgressBar>, to: &mut Box<dyn Write>, text: &str) {
    // Nobody may be reading any more; that is no reason to stop.
    let mut write = || drop(writeln!(to, "{}", plain(text)).and_then(|()| to.flush()));
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// The moving numbers: `loss -0.8123  local 0.98 nats  41 steps/s  1 minute left`.
fn state(s: &Snapshot) -> String {
    let mut text = String::new();
    match &s.phase {
        Phase::Paused(why) => text += &format!("paused{}  ", why.as_ref().map(|w| format!(": {w}")).unwrap_or_default()),
        Phase::WaitingForProbe => text += "waiting for the probe  ",
        Phase::Stopping => text += "stopping  ",
        _ => {}
    }
    if let Some(arena) = s.last.as_ref().and_then(|row| row.arena.as_ref()) {
        let _ = write!(text, "truth {:.2}, means ", arena.truth);
        for (name, bias) in &arena.bias {
            let _ = write!(text, "{name} {}  ", bias.map_or("-".into(), |bias| format!("{:.2}", arena.truth + bias)));
        }
    } else if let Some(row) = &s.last {
        // Writing to a string cannot fail.
        let _ = write!(text, "loss {:.4}  ", row.loss);
        if let Some(nats) = nats(&row.mi) {
            let _ = write!(text, "{nats}  ");
        }
    }
    let _ = write!(text, "{:.1} steps/s", s.steps_per_second);
    let left = s.steps.saturating_sub(s.step) as f64 / s.steps_per_second;
    if let (true, Ok(left)) = (s.step < s.steps, Duration::try_from_secs_f64(left)) {
        let _ = write!(text, "  {} left", HumanDuration(left));
    }
    text
}

/// `global 1.23, local 0.98 nats`; `None` if no term has an estimate.
fn nats(mi: &PerTerm<f64>) -> Option<String> {
    let parts: Vec<String> = [("global", mi.global), ("local", mi.local)]
        .into_iter()
        .filter_map(|(name, v)| v.map(|v| format!("{name} {}", short(v))))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", ") + " nats")
}

/// Three decimals; of a number that these would make a row of digits, as a read-out of an untrained critic, its size.
fn short(v: f64) -> String {
    if v.is_finite() && v.abs() >= 1e6 { format!("{v:.1e}") } else { format!("{v:.3}") }
}
