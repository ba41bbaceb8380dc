//! Publishes the trainer's state for the screen: latest wins, at most some sixty times a second.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;

use super::{Facts, Gallery, Phase, Portrait, Readings, Snapshot, Vitals};
use crate::{
    config::{Config, ScriptInForce},
    device::Usage,
    record::{PerTerm, ProbeRow, StepRow},
};

/// Between two snapshots that differ only in their numbers.
pub const PACE: Duration = Duration::from_millis(16);
/// Weight of the newest step in the running average of a step's time.
const FRESH: f64 = 0.1;

/// Handles share one state; the trainer's thread is the only writer.
#[derive(Clone)]
pub(super) struct Publisher {
    state: Arc<Mutex<State>>,
    target: Arc<ArcSwap<Snapshot>>,
}

struct State {
    now: Snapshot,
    step_seconds: Option<f64>,
    published: Instant,
}

impl Publisher {
    pub fn new(target: Arc<ArcSwap<Snapshot>>, config: Arc<Config>) -> Self {
        let state = State { now: Snapshot::starting(config), step_seconds: None, published: Instant::now() };
        Self { state: Arc::new(Mutex::new(state)), target }
    }

    fn edit(&self, at_once: bool, f: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        f(&mut state);
        if at_once || state.published.elapsed() >= PACE {
            state.published = Instant::now();
            self.target.store(Arc::new(state.now.clone()));
        }
    }

    pub fn phase(&self, phase: Phase) {
        let same = self.state.lock().unwrap_or_else(PoisonError::into_inner).now.phase == phase;
        if !same {
            self.edit(true, |s| s.now.phase = phase);
        }
    }

    pub fn config(&self, config: Arc<Config>) {
        self.edit(true, |s| s.now.config = config);
    }

    pub fn start(&self, facts: Facts, step: u64, epoch: f64) {
        self.edit(true, |s| {
            s.now = Snapshot { facts: Arc::new(facts), step, epoch, ..s.now.clone() };
        });
    }

    /// At the start and after a change: configuration, the scripts it names, length of the run.
    pub fn in_force(&self, config: Arc<Config>, scripts: Vec<ScriptInForce>, steps: u64) {
        self.edit(true, |s| {
            s.now.config = config;
            s.now.steps = steps;
            if *s.now.scripts != scripts {
                s.now.scripts = Arc::new(scripts);
            }
        });
    }

    pub fn step(&self, row: &StepRow, epoch: f64, steps: u64, took: f64) {
        self.edit(row.step == 1 || row.step >= steps, |s| {
            let average = s.step_seconds.map_or(took, |old| old + FRESH * (took - old));
            s.step_seconds = Some(average);
            s.now.step = row.step;
            s.now.epoch = epoch;
            s.now.steps = steps;
            s.now.seconds = row.seconds;
            s.now.steps_per_second = 1.0 / average;
            s.now.last = Some(Arc::new(row.clone()));
        });
    }

    /// Back to an earlier step.
    pub fn rewind(&self, step: u64, epoch: f64) {
        self.edit(true, |s| (s.now.step, s.now.epoch) = (step, epoch));
    }

    pub fn probing(&self, step: Option<u64>) {
        self.edit(true, |s| s.now.probing = step);
    }

    pub fn readings(&self, readings: PerTerm<Readings>) {
        let shared = PerTerm { global: readings.global.map(Arc::new), local: readings.local.map(Arc::new) };
        self.edit(true, |s| s.now.readings = shared);
    }

    pub fn portrait(&self, portrait: Option<Portrait>) {
        self.edit(true, |s| s.now.portrait = portrait.map(Arc::new));
    }

    pub fn last_portrait(&self) -> Option<Arc<Portrait>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).now.portrait.clone()
    }

    pub fn gallery(&self, gallery: Option<Gallery>) {
        self.edit(true, |s| s.now.gallery = gallery.map(Arc::new));
    }

    pub fn vitals(&self, vitals: Option<Vitals>) {
        self.edit(true, |s| s.now.vitals = vitals.map(Arc::new));
    }

    pub fn gpu(&self, usage: Option<Usage>) {
        self.edit(false, |s| s.now.gpu = usage);
    }

    pub fn last_probe(&self) -> Option<ProbeRow> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).now.probe.as_deref().cloned()
    }

    pub fn probe(&self, row: &ProbeRow, probing: Option<u64>) {
        self.edit(true, |s| {
            let row = Arc::new(row.clone());
            if row.step == 0 {
                s.now.untrained = Some(row.clone());
            }
            s.now.probe = Some(row);
            s.now.probing = probing;
        });
    }
}
