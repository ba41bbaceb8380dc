//! The training thread: start, then a loop of "take commands, apply what is due, take a step, tell everyone".
//!
//! Order at the boundary between step s and s + 1, the same live and replayed: row, probe and checkpoint of step s; then
//! `[[schedule]]` entries and commands for s + 1; then, if no step is left, the end.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::{RecvTimeoutError, TryRecvError};

use super::{
    Command, Event, Facts, Outcome, Phase, StopReason, TrainError, Watched,
    change::as_changes,
    describe,
    job::Job,
    keep::Keeper,
    publish::Publisher,
    session::{Link, Options},
    start::{Recalled, begin, recall},
};
use crate::{
    config::{Config, OnNonfinite, Source},
    device::Meter,
    eval::ProbeThread,
    record::{JournalKind, Recorder, RunDir, StepRow},
};

/// How long a waiting trainer sleeps before it looks at the probe thread again.
const IDLE: Duration = Duration::from_millis(20);
/// After so many rollbacks a run stops.
pub(super) const ROLLBACKS: u64 = 3;

/// Why the thread's work ended early.
#[derive(Debug)]
pub(super) enum Halt {
    Refused(String),
    Failed(String),
}

impl<E: std::fmt::Display> From<E> for Halt {
    fn from(e: E) -> Self {
        Self::Failed(e.to_string())
    }
}

pub(super) fn refused(e: impl std::fmt::Display) -> Halt {
    Halt::Refused(e.to_string())
}

/// The thread's whole life. Whatever happens, the last event is [`Event::Ended`].
pub fn run(config: Config, options: Options, link: Link) {
    let publisher = Publisher::new(link.snapshot.clone(), Arc::new(config.clone()));
    guard(&publisher, &link, || Worker::start(config, options, &link, publisher.clone())?.work());
}

/// Does the work; whatever becomes of it, a panic included, is published and told.
fn guard(publisher: &Publisher, link: &Link, work: impl FnOnce() -> Result<Outcome, Halt>) {
    let outcome = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(Halt::Refused(reason))) => Outcome::Refused(reason),
        Ok(Err(Halt::Failed(reason))) => Outcome::Failed(reason),
        Err(panic) => Outcome::Failed(format!("the trainer panicked: {}", panic_message(&*panic))),
    };
    publisher.phase(match &outcome {
        Outcome::Failed(reason) | Outcome::Refused(reason) => Phase::Failed(reason.clone()),
        _ => Phase::Ended,
    });
    // If nobody listens any more, nobody needs to know.
    let _ = link.events.send(Event::Ended(outcome));
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| s.to_string()).or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "no message".into())
}

/// What the trainer does between two steps, on the user's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gait {
    Run,
    Pause,
    /// One step, then pause.
    Single,
}

pub(super) struct Worker<'a> {
    pub(super) link: &'a Link,
    pub(super) options: Options,
    pub(super) job: Box<dyn Job>,
    pub(super) recorder: Recorder,
    pub(super) probes: ProbeThread,
    pub(super) publisher: Publisher,
    pub(super) checkpoints: PathBuf,
    /// Training time, pauses excluded.
    pub(super) seconds: f64,
    /// Steps and rollbacks behind its first step; not 0 in a fork.
    pub(super) began: (u64, u64),
    pub(super) rollbacks: u64,
    gait: Gait,
    pause_reason: Option<String>,
    /// Entries of `config.schedule` that were applied, or refused.
    pub(super) scheduled: BTreeSet<usize>,
    pub(super) checkpoint_at: Option<u64>,
    pub(super) keeper: Keeper,
    pub(super) last: Option<StepRow>,
    stop: Option<StopReason>,
    nonfinite_end: Option<String>,
    /// The step whose probe was taken last.
    pub(super) probed: Option<u64>,
    /// The probe under way was asked for by the user.
    pub(super) asked: bool,
    /// What somebody looks at, and when the next of it is due.
    pub(super) watched: (Watched, Instant),
    /// When the vitals are measured next; never without a screen.
    pub(super) vitals_due: Option<Instant>,
    /// What tells how busy the GPU is, and when it is asked next; only with a screen.
    pub(super) meter: Option<(Meter, Instant)>,
}

impl<'a> Worker<'a> {
    fn start(config: Config, options: Options, link: &'a Link, publisher: Publisher) -> Result<Self, Halt> {
        if let Some(warning) = describe::threads_differ(&config) {
            // A front end that is gone is noticed where commands are read.
            let _ = link.events.send(Event::Warning(warning));
        }
        let start = begin(config, &options, &publisher)?;
        let (mut job, recorder) = (start.job, start.recorder);
        let in_force = job.config().clone();
        let facts = Facts {
            run_dir: recorder.path().into(),
            device: start.device.name.to_string(),
            device_reason: start.device.reason.clone(),
            ..job.facts()
        };
        publisher.start(facts, job.steps_done(), job.epoch());
        let scripts = job.scripts().in_force(&in_force);
        publisher.in_force(in_force.clone(), scripts, job.total_steps());
        let Recalled { last, probes } = match options.resume {
            Some(_) => recall(&recorder, &link.history, &publisher)?,
            None => Recalled::default(),
        };
        let mut keeper = Keeper::default();
        probes.iter().for_each(|row| keeper.probed(row));
        let interactive = options.interactive;
        let mut worker = Self {
            link,
            options,
            seconds: last.as_ref().map_or(0.0, |row| row.seconds),
            began: start.began,
            rollbacks: job.attempt(),
            gait: Gait::Run,
            pause_reason: None,
            scheduled: start.scheduled,
            checkpoints: recorder.path().join(RunDir::CHECKPOINTS),
            checkpoint_at: start.resumed.then_some(job.steps_done()),
            keeper,
            last,
            stop: None,
            nonfinite_end: None,
            probed: probes.last().map(|row| row.step),
            asked: false,
            watched: (Watched::Nothing, Instant::now()),
            vitals_due: interactive.then(Instant::now),
            meter: Meter::of(&start.device).filter(|_| interactive).map(|meter| (meter, Instant::now())),
            job,
            recorder,
            probes: ProbeThread::spawn()?,
            publisher,
        };
        start.rows.into_iter().for_each(|row| worker.journal(vec![row]));
        start.faults.iter().for_each(|fault| worker.tell(Event::Warning(format!("{fault}: passed over"))));
        if !start.resumed {
            worker.show_images();
        }
        worker.first_probe(start.resumed)?;
        if !start.set.is_empty() {
            let set = as_changes(start.set.iter().map(|(key, value)| (key, value)), &in_force, Source::Set);
            worker.change(&set).map_err(Halt::Refused)?;
        }
        Ok(worker)
    }

    /// The probe of the state the run begins with: at step 0 of the untrained encoder.
    fn first_probe(&mut self, resumed: bool) -> Result<(), Halt> {
        let (step, every) = (self.job.steps_done(), self.job.probe_every());
        let missing = every > 0 && self.probed.is_none_or(|probed| probed < step);
        if resumed {
            // A run that was killed while it fitted the probe of the checkpoint's own step lacks that row.
            let due = step.is_multiple_of(every) || step == self.began.0 || step >= self.job.total_steps();
            return if missing && due { self.probe() } else { Ok(()) };
        }
        if every > 0 && self.job.config().start.checkpoint.as_os_str().is_empty() {
            self.publisher.phase(Phase::Starting("probing the untrained encoder".into()));
            self.job.warm_up()?;
        }
        if missing {
            self.probe()?;
        }
        if self.job.config().objective.on_nonfinite == OnNonfinite::Rollback {
            self.save(false);
        }
        Ok(())
    }

    fn work(&mut self) -> Result<Outcome, Halt> {
        loop {
            self.apply_schedule();
            self.take_commands();
            self.collect_probe()?;
            if let Some(reason) = self.stop {
                return self.end(Outcome::Stopped(reason));
            }
            if let Some(reason) = self.nonfinite_end.take() {
                return self.end(Outcome::Nonfinite(reason));
            }
            let finished = self.job.steps_done() >= self.job.total_steps();
            if finished && !self.options.interactive {
                return self.end(Outcome::Done);
            }
            if finished || self.gait == Gait::Pause {
                if finished {
                    self.save_once();
                }
                self.publisher.phase(match finished {
                    true => Phase::Finished,
                    false => Phase::Paused(self.pause_reason.clone()),
                });
                self.wait();
                continue;
            }
            self.publisher.phase(Phase::Training);
            self.take_step()?;
            if self.gait == Gait::Single {
                self.gait = Gait::Pause;
            }
        }
    }

    fn take_step(&mut self) -> Result<(), Halt> {
        let started = Instant::now();
        let outcome = match self.job.step() {
            Err(fault @ (TrainError::Script(_) | TrainError::Memory { .. })) if self.options.interactive => {
                return self.on_fault(fault.to_string());
            }
            outcome => outcome?,
        };
        let took = started.elapsed().as_secs_f64();
        if let Some(reason) = outcome.nonfinite {
            return self.on_nonfinite(reason);
        }
        self.seconds += took;
        let config = self.job.config().clone();
        let step = self.job.steps_done();
        let last = step >= self.job.total_steps();
        let epoch = self.job.has_encoder().then(|| self.job.epoch());
        let examples_per_second = config.optim.batch as f64 / took;
        let row = StepRow { seconds: self.seconds, epoch, examples_per_second, ..outcome.row };
        let due = |every: u64| every > 0 && step.is_multiple_of(every);
        if due(config.metrics.every) || last {
            self.recorder.step(&row);
            self.link.history.push_step(&row);
        }
        self.publisher.step(&row, self.job.epoch(), self.job.total_steps(), took);
        self.last = Some(row);
        self.read_all();
        self.read_meter();
        if due(self.job.probe_every()) || (last && self.job.probe_every() > 0) {
            self.probe()?;
        }
        if due(config.checkpoint.every) {
            self.save(false);
        }
        self.warn();
        Ok(())
    }

    fn take_commands(&mut self) {
        loop {
            match self.link.commands.try_recv() {
                Ok(command) => self.obey(command),
                Err(TryRecvError::Empty) => return,
                // The front end is gone without a word: end as if it had quit.
                Err(TryRecvError::Disconnected) => return self.stop = Some(StopReason::Quit),
            }
        }
    }

    /// Waits for a command, or a moment for the probe thread.
    fn wait(&mut self) {
        self.recorder.flush();
        self.read_meter();
        match self.link.commands.recv_timeout(IDLE) {
            Ok(command) => self.obey(command),
            Err(RecvTimeoutError::Timeout) => {}
            // The front end is gone without a word: end as if it had quit.
            Err(RecvTimeoutError::Disconnected) => self.stop = Some(StopReason::Quit),
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Apply { id, changes } => {
                let outcome = self.change(&changes);
                // Augmentation shows at once, even if no step is being taken.
                if matches!(self.watched.0, Watched::Data(_)) {
                    self.watched.1 = Instant::now();
                    self.read_all();
                }
                self.tell(Event::Ack { id, step: self.job.steps_done() + 1, outcome });
            }
            Command::Pause if self.gait != Gait::Pause => {
                (self.gait, self.pause_reason) = (Gait::Pause, None);
                self.note(JournalKind::Pause, None);
            }
            Command::Pause => {}
            Command::Resume => {
                if self.gait == Gait::Pause {
                    self.note(JournalKind::Resume, None);
                }
                self.gait = Gait::Run;
            }
            // Nothing is left to step; a later extension runs on as usual.
            Command::SingleStep if self.job.steps_done() >= self.job.total_steps() => {}
            Command::SingleStep => (self.gait, self.pause_reason) = (Gait::Single, None),
            Command::SaveCheckpoint => self.save(true),
            Command::Probe => self.probe_now(),
            Command::Watch(what) => {
                self.watched = (what, Instant::now());
                self.read_all();
            }
            Command::Stop(reason) => self.stop = Some(reason),
        }
    }

    /// A script has failed where its trial had not, or the device's memory is full: the step has left no trace, and waits for a change.
    pub(super) fn on_fault(&mut self, reason: String) -> Result<(), Halt> {
        self.note(JournalKind::Pause, Some(reason.clone()));
        (self.gait, self.pause_reason) = (Gait::Pause, Some(reason));
        Ok(())
    }

    /// What a non-finite objective or gradient does, by policy.
    fn on_nonfinite(&mut self, reason: String) -> Result<(), Halt> {
        self.note(JournalKind::Nonfinite, Some(reason.clone()));
        match self.job.config().objective.on_nonfinite {
            OnNonfinite::Pause if self.options.interactive => {
                (self.gait, self.pause_reason) = (Gait::Pause, Some(reason));
            }
            OnNonfinite::Pause | OnNonfinite::Stop => self.nonfinite_end = Some(reason),
            OnNonfinite::Rollback if self.rollbacks < self.began.1 + ROLLBACKS => self.roll_back()?,
            OnNonfinite::Rollback => self.nonfinite_end = Some(format!("{reason}, after {ROLLBACKS} rollbacks")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Session;

    #[test]
    fn a_panic_in_the_trainer_is_the_last_word_and_its_message_is_kept() {
        let config = Config::default();
        let (session, link) = Session::pair(&config);
        let publisher = Publisher::new(link.snapshot.clone(), Arc::new(config));
        guard(&publisher, &link, || panic!("index 7 is out of range"));
        let Ok(Event::Ended(Outcome::Failed(reason))) = session.events.try_recv() else { panic!("no end was told") };
        assert!(reason.contains("panicked") && reason.contains("index 7 is out of range"), "{reason}");
        assert_eq!(session.snapshot.load().phase, Phase::Failed(reason));
    }
}
