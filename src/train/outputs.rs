//! What a worker gives out besides steps: probes, checkpoints, warnings, the end.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{
    Event, Outcome, Phase, TrainError, Watched, checkpoint,
    keep::Choice,
    worker::{Halt, Worker},
};
use crate::record::{JournalKind, ProbeRow, Summary};

/// Between two questions how busy the GPU is.
const METER_PACE: Duration = Duration::from_secs(1);

impl Worker<'_> {
    /// Records what the encoder will see first; a run goes on without it.
    pub(super) fn show_images(&mut self) {
        match self.job.first_images() {
            Ok(pictures) => self.recorder.pictures(0, &pictures.into_iter().collect::<Vec<_>>()),
            Err(e) => self.tell(Event::Warning(format!("no picture of the images was recorded: {e}"))),
        }
    }

    /// Hands the probe of this step to the probe thread. If it is still fitting the last one, training waits, so that
    /// the rows do not depend on timing.
    pub(super) fn probe(&mut self) -> Result<(), Halt> {
        if self.probes.busy().is_some() {
            self.publisher.phase(Phase::WaitingForProbe);
            self.wait_probe()?;
        }
        let started = Instant::now();
        let input = match self.job.probe_input() {
            Err(e @ TrainError::Memory { .. }) if self.options.interactive => {
                return self.on_fault(format!("no probe of step {}: {e}", self.job.steps_done()));
            }
            input => input?,
        };
        let Some(mut input) = input else { return Ok(()) };
        input.seconds = started.elapsed().as_secs_f64();
        self.probed = Some(input.step);
        self.publisher.probing(Some(input.step));
        self.probes.submit(input).map_err(Halt::from)
    }

    /// A probe the user asked for: shown, but not recorded, since a replay would not ask for it.
    pub(super) fn probe_now(&mut self) {
        if !self.job.has_encoder() {
            self.tell(Event::Warning("there is no encoder to probe with data.name = gaussian".into()));
        } else if let Some(step) = self.probes.busy() {
            self.tell(Event::Warning(format!("the probe of step {step} is still being fitted")));
        } else if self.probed == Some(self.job.steps_done()) {
            self.tell(Event::Warning(format!("step {} is probed already", self.job.steps_done())));
        } else {
            self.asked = true;
            if let Err(Halt::Failed(e) | Halt::Refused(e)) = self.probe() {
                self.tell(Event::Warning(e));
            }
        }
    }

    /// How busy the GPU is, once a second.
    pub(super) fn read_meter(&mut self) {
        let Some((meter, due)) = &mut self.meter else { return };
        if Instant::now() >= *due {
            *due = Instant::now() + METER_PACE;
            self.publisher.gpu(meter.read());
        }
    }

    /// Publishes what is due of what somebody looks at, and the vitals. While somebody looks they may take one fortieth
    /// of the time together, else the vitals one hundredth.
    pub(super) fn read_all(&mut self) {
        let started = Instant::now();
        let (what, due) = self.watched;
        let watched = what != Watched::Nothing && started >= due;
        if watched {
            let outcome = match what {
                Watched::Nothing => Ok(()),
                Watched::Readings => self.job.readings().map(|readings| self.publisher.readings(readings)),
                Watched::Portrait { picked } => {
                    let before = self.publisher.last_portrait();
                    self.job.portrait(picked, before.as_deref()).map(|portrait| self.publisher.portrait(portrait))
                }
                Watched::Data(wanted) => self.job.gallery(wanted).map(|gallery| self.publisher.gallery(gallery)),
            };
            if let Err(e) = outcome {
                self.tell(Event::Warning(format!("what is looked at could not be computed: {e}")));
            }
        }
        if self.vitals_due.is_some_and(|due| watched || started >= due) {
            let started = Instant::now();
            let outcome = self.job.vitals();
            self.vitals_due = outcome.is_ok().then(|| Instant::now() + 99 * started.elapsed());
            match outcome {
                Ok(vitals) => self.publisher.vitals(vitals),
                Err(e) => self.tell(Event::Warning(format!("the vitals cannot be measured: {e}"))),
            }
        }
        if watched {
            self.watched.1 = Instant::now() + 40 * started.elapsed();
        }
    }

    /// Takes a finished probe, if there is one.
    pub(super) fn collect_probe(&mut self) -> Result<(), Halt> {
        match self.probes.try_recv()? {
            None => Ok(()),
            Some(row) => self.take_probe(row),
        }
    }

    pub(super) fn wait_probe(&mut self) -> Result<(), Halt> {
        match self.probes.wait()? {
            None => Ok(()),
            Some(row) => self.take_probe(row),
        }
    }

    fn take_probe(&mut self, row: ProbeRow) -> Result<(), Halt> {
        if !std::mem::take(&mut self.asked) {
            self.recorder.probe(&row);
            self.keeper.probed(&row);
        }
        self.link.history.push_probe(&row);
        self.publisher.probe(&row, self.probes.busy());
        self.tell(Event::Probe(row));
        Ok(())
    }

    /// Writes a checkpoint; a failure is a warning, not the end, and leaves the older ones alone.
    pub(super) fn save(&mut self, by_hand: bool) {
        let step = self.job.steps_done();
        // A run that goes on from here takes the probe of this step once more, but no other.
        let lost = |probed| by_hand || probed < step;
        if self.probes.busy().is_some_and(lost) && !self.asked {
            self.publisher.phase(Phase::WaitingForProbe);
            if let Err(Halt::Failed(e) | Halt::Refused(e)) = self.wait_probe() {
                self.tell(Event::Warning(e));
            }
        }
        self.recorder.flush();
        match checkpoint::write(&self.checkpoints, &*self.job, &self.scheduled, by_hand) {
            Ok(path) => {
                self.keeper.wrote(step, by_hand);
                self.prune();
                self.checkpoint_at = Some(step);
                self.note(JournalKind::Checkpoint, None);
                self.tell(Event::Checkpoint { step, path });
            }
            Err(e) => self.tell(Event::Warning(format!("no checkpoint was written: {e}"))),
        }
    }

    fn prune(&mut self) {
        let (config, probing) = (self.job.config().clone(), self.probes.busy());
        self.keeper.prune(&self.checkpoints, &Choice { settings: &config.checkpoint, began: self.began.0, probing });
    }

    /// Writes a checkpoint unless this very step has one.
    pub(super) fn save_once(&mut self) {
        if self.checkpoint_at != Some(self.job.steps_done()) {
            self.save(false);
            self.checkpoint_at = Some(self.job.steps_done());
        }
    }

    /// Passes on what the recorder could not write.
    pub(super) fn warn(&mut self) {
        if let Some(warning) = self.recorder.take_warning() {
            self.tell(Event::Warning(warning));
        }
    }

    pub(super) fn end(&mut self, outcome: Outcome) -> Result<Outcome, Halt> {
        self.publisher.phase(Phase::Stopping);
        while self.probes.busy().is_some() {
            self.wait_probe()?;
        }
        self.save_once();
        // How good the last ones are is known now.
        self.prune();
        let text = match &outcome {
            Outcome::Done => "done".to_string(),
            Outcome::Stopped(reason) => format!("stopped: {reason:?}").to_lowercase(),
            Outcome::Nonfinite(reason) => format!("stopped: {reason}"),
            Outcome::Failed(reason) | Outcome::Refused(reason) => reason.clone(),
        };
        self.note(JournalKind::End, Some(text.clone()));
        let facts = self.link.snapshot.load().facts.as_ref().clone();
        let summary = Summary {
            version: env!("CARGO_PKG_VERSION").into(),
            steps: self.job.steps_done(),
            epochs: self.job.epoch(),
            seconds: self.seconds,
            outcome: text,
            last: self.last.clone(),
            // Its tables are in `probes.jsonl`.
            probe: self.publisher.last_probe().map(|probe| ProbeRow { confusion: None, histograms: Vec::new(), ..probe }),
            facts: BTreeMap::from([
                ("data".to_string(), facts.data),
                ("classes".into(), facts.classes.join(", ")),
                ("encoder".into(), facts.encoder),
                ("device".into(), facts.device),
                ("threads".into(), facts.threads.to_string()),
                ("parameters".into(), facts.parameters.to_string()),
            ]),
        };
        let written = self.recorder.finish(&summary);
        while let Some(warning) = self.recorder.take_warning() {
            self.tell(Event::Warning(warning));
        }
        match written {
            // A run whose rows are lost is not done.
            Err(reason) if outcome == Outcome::Done => Ok(Outcome::Failed(reason)),
            Err(reason) => {
                self.tell(Event::Warning(reason));
                Ok(outcome)
            }
            Ok(()) => Ok(outcome),
        }
    }
}
