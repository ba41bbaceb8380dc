//! Rows for tests.

use super::{Accuracy, KnnAccuracy, LinearAccuracy, PerTerm, ProbeRow, StepRow, TermLosses};

/// A step with only the local term on.
pub fn step_row(step: u64, loss: f64) -> StepRow {
    StepRow {
        step,
        seconds: step as f64 / 10.0,
        epoch: Some(step as f64 / 100.0),
        examples_per_second: 640.0,
        loss,
        terms: TermLosses { local: Some(loss), ..TermLosses::default() },
        mi: PerTerm { global: None, local: Some(0.5) },
        ceiling: PerTerm::default(),
        estimator: PerTerm { global: None, local: Some("jsd".into()) },
        negatives: PerTerm { global: None, local: Some(63) },
        lr: 1e-3,
        grad_norm: 1.0,
        arena: None,
    }
}

/// A probe with an accuracy of a quarter on Y.
pub fn probe_row(step: u64) -> ProbeRow {
    ProbeRow {
        step,
        accuracy: Accuracy { linear: LinearAccuracy { conv: 0.5, fc: 0.375, y: 0.25 }, knn: KnnAccuracy { y: 0.2 } },
        chance: 0.1,
        mi_heldout: PerTerm { global: None, local: Some(0.25) },
        mi_guaranteed: PerTerm { global: None, local: Some(0.125) },
        pixels: None,
        confusion: None,
        factors: Vec::new(),
        histograms: Vec::new(),
        seconds: 0.1,
    }
}
