//! A training that somebody changes every second, for a quarter of an hour: is each change answered, in time, and does memory stay flat?
//!
//! `cargo bench --bench soak -- --minutes 15 --seed 0`. A small run on `shapes`, one to three keys changed every second, one time in eight
//! to something that must be refused; probes, checkpoints and the views that are computed on demand are asked for now and then. It
//! ends with a table and a verdict; exit code 1 if it is bad. Each recorded row stays in memory for the charts, by design, so that one
//! step in ten is recorded here.

mod changes;
mod counted;
mod verdict;

use std::{
    collections::BTreeMap,
    process::ExitCode,
    time::{Duration, Instant},
};

use changes::{Changes, Edit};
use dim_tui::{
    config::{self, Change, Config, Source},
    train::{Command, Event, Options, Outcome, PACE, Phase, Session, Snapshot, StopReason, Watched},
};
use toml::Value;
use verdict::{FLAT, LATE, Tally};

/// A run whose steps are short beside a second.
const SMALL: &[&str] = &[
    "data.train_limit=512",
    "encoder.width=8",
    "encoder.fc=64",
    "encoder.code=16",
    "critic.units=32",
    "critic.hidden=32",
    "objective.global.mode=train",
    "optim.batch=32",
    "optim.steps=1000000000",
    "probe.train=200",
    "probe.test=200",
    "metrics.every=10",
    "run.threads=2",
];
const PERIOD: Duration = Duration::from_secs(1);
const SAMPLE: Duration = Duration::from_secs(3);
/// Without an answer for so long, nothing more is to be expected.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    // SAFETY: no other thread runs yet. Candle's elementwise pool spins and takes the cores from the matrix products.
    unsafe { std::env::set_var("CANDLE_NUM_THREADS", "1") };
    // SAFETY: as above.
    unsafe { std::env::set_var("RAYON_NUM_THREADS", "2") };
    let (minutes, seed) = match arguments() {
        Ok(given) => given,
        Err(e) => {
            eprintln!("error: {e}; cargo bench --bench soak -- --minutes 15 --seed 0");
            return ExitCode::from(2);
        }
    };
    let folder = tempfile::tempdir().expect("a folder for the run");
    let sets: Vec<String> = SMALL.iter().map(|s| s.to_string()).collect();
    let config = config::load(None, &sets).expect("a valid config");
    let options = Options { out: Some(folder.path().join("run")), interactive: true, ..Options::default() };
    let session = Session::start(config.clone(), options).expect("a thread");
    let mut soak = Soak::new(session, config, seed);
    soak.last(Duration::from_secs_f64(60.0 * minutes));
    if soak.tell() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Minutes and seed. (`cargo bench` adds `--bench`.)
fn arguments() -> Result<(f64, u64), String> {
    let (mut minutes, mut seed) = (15.0, 0);
    let mut given = std::env::args().skip(1).filter(|a| a != "--bench");
    while let Some(name) = given.next() {
        let value = given.next().ok_or_else(|| format!("{name} needs a number"))?;
        let wrong = |_| format!("{name} {value} is not a number that it takes");
        match name.as_str() {
            "--minutes" => {
                minutes = value.parse().ok().filter(|m: &f64| (0.0..1e5).contains(m)).ok_or(()).map_err(wrong)?;
            }
            "--seed" => seed = value.parse().map_err(|_| wrong(()))?,
            _ => return Err(format!("{name} is unknown")),
        }
    }
    Ok((minutes, seed))
}

/// A change under way.
struct Sent {
    edit: Edit,
    at: Instant,
    /// The last step done then, at the latest.
    step: u64,
}

struct Soak {
    session: Session,
    changes: Changes,
    /// What is in force, by the answers.
    config: Config,
    pending: BTreeMap<u64, Sent>,
    tally: Tally,
    began: Instant,
    pauses: u64,
    probes: u64,
    checkpoints: u64,
    warnings: Vec<String>,
    /// Resident memory at each sample, MiB.
    resident: Vec<f64>,
    ended: Option<Outcome>,
}

impl Soak {
    fn new(session: Session, config: Config, seed: u64) -> Self {
        Self {
            session,
            changes: Changes::new(seed),
            config,
            pending: BTreeMap::new(),
            tally: Tally::default(),
            began: Instant::now(),
            pauses: 0,
            probes: 0,
            checkpoints: 0,
            warnings: Vec::new(),
            resident: Vec::new(),
            ended: None,
        }
    }

    /// Changes the run for so long, then ends it.
    fn last(&mut self, time: Duration) {
        while self.ended.is_none() && !self.training() {
            self.listen(Duration::from_millis(50));
        }
        self.began = Instant::now();
        let (mut next, mut sample) = (self.began, self.began);
        while self.ended.is_none() && self.began.elapsed() < time {
            if Instant::now() >= sample {
                let seconds = self.began.elapsed().as_secs_f64();
                self.tally.memory.push((seconds, counted::ALLOCATOR.held_mib()));
                self.resident.push(resident_mib());
                sample += SAMPLE;
            }
            if Instant::now() >= next {
                self.change();
                self.look();
                next += PERIOD;
            }
            self.listen(next.min(sample).saturating_duration_since(Instant::now()));
            self.go_on();
        }
        let patience = Instant::now() + PATIENCE;
        while self.ended.is_none() && !self.pending.is_empty() && Instant::now() < patience {
            self.listen(Duration::from_millis(50));
        }
        self.send(Command::Stop(StopReason::Quit));
        let patience = Instant::now() + PATIENCE;
        while self.ended.is_none() && Instant::now() < patience {
            self.listen(Duration::from_millis(50));
        }
        match &self.ended {
            Some(Outcome::Stopped(StopReason::Quit)) => {}
            other => self.tally.faults.push(format!("the run did not end as it was asked to, but with {other:?}")),
        }
    }

    fn training(&self) -> bool {
        matches!(self.session.snapshot.load().phase, Phase::Training)
    }

    fn send(&mut self, command: Command) {
        if self.session.commands.send(command).is_err() && self.ended.is_none() {
            self.tally.faults.push("the trainer takes no more commands".into());
        }
    }

    fn change(&mut self) {
        // Validity is judged by what is in force, so one change must be answered before the next is thought of.
        if let Some(sent) = self.pending.values().next() {
            if sent.at.elapsed() > PATIENCE {
                self.tally.faults.push(format!("{}: no answer for a minute", said(&sent.edit)));
                self.pending.clear();
            }
            return;
        }
        let edit = self.changes.next(&self.config);
        self.apply(edit);
    }

    fn apply(&mut self, edit: Edit) {
        let was = |key: &str| self.config.get(key).unwrap_or(Value::Boolean(false));
        let of = |(key, to): &(String, Value)| Change { key: key.clone(), from: was(key), to: to.clone(), source: Source::Key };
        let changes = edit.values.iter().map(of).collect();
        self.tally.sent += 1;
        let id = self.tally.sent;
        self.send(Command::Apply { id, changes });
        // Read once it is sent: whatever keeps this thread waiting before is no lateness of the trainer.
        let step = latest_step(&self.session.snapshot.load());
        self.pending.insert(id, Sent { edit, at: Instant::now(), step });
    }

    /// Now and then what else a user asks for.
    fn look(&mut self) {
        match self.tally.sent % 20 {
            3 => self.send(Command::Probe),
            6 => self.send(Command::Watch(Watched::Readings)),
            9 => self.send(Command::SaveCheckpoint),
            12 => self.send(Command::Watch(Watched::Portrait { picked: 1 })),
            16 => self.send(Command::Watch(Watched::Nothing)),
            _ => {}
        }
    }

    /// A non-finite objective, or a script that fails on such scores, has paused the run: critics anew, and on.
    fn go_on(&mut self) {
        if matches!(self.session.snapshot.load().phase, Phase::Paused(_)) && self.pending.is_empty() && self.ended.is_none() {
            self.pauses += 1;
            for (key, value) in
                [("objective.on_swap", "reset-critics"), ("objective.estimator", "dv"), ("objective.estimator", "jsd")]
            {
                self.apply(Edit { values: vec![(key.into(), value.into())], valid: true });
            }
            self.send(Command::Resume);
        }
    }

    fn listen(&mut self, time: Duration) {
        let Ok(event) = self.session.events.recv_timeout(time) else { return };
        match event {
            Event::Ack { id, step, outcome } => match self.pending.remove(&id) {
                Some(sent) => {
                    if outcome.is_ok() {
                        self.config = self.config.with(&sent.edit.values).unwrap_or_else(|_| self.config.clone());
                    }
                    self.tally.answered(&said(&sent.edit), sent.step, sent.edit.valid, step, outcome);
                }
                None => self.tally.faults.push(format!("an answer to change {id}, which waits for none")),
            },
            Event::Probe(_) => self.probes += 1,
            Event::Checkpoint { .. } => self.checkpoints += 1,
            Event::Warning(text) => self.warnings.push(text),
            Event::Ended(outcome) => self.ended = Some(outcome),
            Event::Journal(_) => {}
        }
    }

    /// Prints table and verdict; whether it is good.
    fn tell(&self) -> bool {
        let (t, minutes) = (&self.tally, self.began.elapsed().as_secs_f64() / 60.0);
        println!("minutes                {minutes:.1}");
        println!("steps                  {}", self.session.snapshot.load().step);
        println!("changes sent           {}", t.sent);
        println!("  accepted             {}", t.accepted);
        println!("  refused, as expected {}", t.refused);
        println!("answered after         at most {} steps (allowed: {LATE})", t.latest);
        println!("pauses mended          {}", self.pauses);
        println!("probes, checkpoints    {}, {}", self.probes, self.checkpoints);
        println!("memory held, MiB       {}", course(&t.memory.iter().map(|s| s.1).collect::<Vec<_>>()));
        let lows: Vec<String> = t.lows().iter().map(|low| format!("{:.1}", low.1)).collect();
        println!("  lowest, 30 s each    {}", lows.join(" "));
        match t.growth() {
            Some(growth) => println!("growth after a third   {growth:+.2} MiB a minute (flat: below {FLAT})"),
            None => println!("growth after a third   unknown"),
        }
        println!("memory resident, MiB   {}", course(&self.resident));
        self.warnings.iter().for_each(|text| println!("warning: {text}"));
        let wrong = t.verdict();
        wrong.iter().for_each(|text| println!("BAD: {text}"));
        if wrong.is_empty() {
            println!("GOOD: every change was answered in time, and memory is flat");
        }
        wrong.is_empty()
    }
}

/// The last step that may be done when a snapshot is read: it is up to a pace old, and some steps are twice as quick as others.
fn latest_step(snapshot: &Snapshot) -> u64 {
    snapshot.step + (2.0 * snapshot.steps_per_second * PACE.as_secs_f64()).ceil() as u64
}

fn course(samples: &[f64]) -> String {
    let most = samples.iter().copied().fold(0.0, f64::max);
    let (first, last) = samples.first().zip(samples.last()).unwrap_or((&0.0, &0.0));
    format!("{first:.1} at first, {last:.1} at last, {most:.1} at most")
}

fn said(edit: &Edit) -> String {
    edit.values.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

/// Resident memory of this process; 0 where the system does not say.
fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
