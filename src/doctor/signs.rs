//! What the complaints look at, and the few sums they share.

use std::sync::Arc;

use super::Patient;
use crate::{
    config::{Config, Mode, OwnNumber},
    train::{History, Vitals, history::Series},
};

/// Rows that a running value is taken over: short enough to follow a change, long enough that the mean of an estimate on one
/// batch is known to a few per cent.
pub(super) const ROWS: usize = 50;

/// Vitals that must agree: they come seldom, and each is of one batch.
pub(super) const VITALS: usize = 3;

/// Everything there is to judge by.
#[derive(Debug, Clone, Copy)]
pub struct Signs<'a> {
    /// The configuration in force.
    pub config: &'a Config,
    pub history: &'a History,
    /// The newest vitals, oldest first; none where nobody measures them.
    pub vitals: &'a [Arc<Vitals>],
    /// The first step of the settings in force: what came before is not held against them.
    pub since: u64,
}

impl<'a> Signs<'a> {
    pub(super) fn mode(&self, patient: Patient) -> Mode {
        let o = &self.config.objective;
        match patient {
            Patient::Global => o.global.mode,
            Patient::Local => o.local.mode,
            Patient::Prior => o.prior.mode,
            Patient::Run => Mode::Train,
        }
    }

    /// α, β or γ.
    pub(super) fn weight(&self, patient: Patient) -> f64 {
        let o = &self.config.objective;
        match patient {
            Patient::Global => o.global.weight,
            Patient::Local => o.local.weight,
            Patient::Prior => o.prior.weight,
            Patient::Run => 1.0,
        }
    }

    /// Name of a term's estimator.
    pub(super) fn estimator(&self, patient: Patient) -> &'a str {
        if patient == Patient::Global { self.config.global_estimator() } else { self.config.local_estimator() }
    }

    /// The key that changes this term's estimator and no other's.
    pub(super) fn estimator_key(&self, patient: Patient) -> String {
        let o = &self.config.objective;
        let (own, other) = match patient {
            Patient::Global => (&o.global.estimator, o.local.mode),
            _ => (&o.local.estimator, o.global.mode),
        };
        if own == "inherit" && other == Mode::Off { "objective.estimator".into() } else { patient.key("estimator") }
    }

    /// A term's clip, and the key that changes it alone.
    pub(super) fn clip(&self, patient: Patient) -> (Option<f64>, String) {
        let o = &self.config.objective;
        let (clip, own, other) = match patient {
            Patient::Global => (self.config.global_clip(), o.global.clip, o.local.mode),
            _ => (self.config.local_clip(), o.local.clip, o.global.mode),
        };
        let shared = matches!(own, OwnNumber::Named(_)) && other == Mode::Off;
        (clip, if shared { "objective.clip".into() } else { patient.key("clip") })
    }

    /// K of a term and the most it could be.
    pub(super) fn negatives(&self, patient: Patient) -> (usize, usize) {
        let c = self.config;
        if patient == Patient::Global { (c.global_negatives(), c.global_pool()) } else { (c.local_negatives(), c.local_pool()) }
    }

    /// One of a term's two curves.
    pub(super) fn series(patient: Patient, global: Series, local: Series) -> Series {
        if patient == Patient::Global { global } else { local }
    }

    /// The newest `n` values of a curve under the settings in force; `None` if there are fewer.
    pub(super) fn newest(&self, series: Series, n: usize) -> Option<Vec<f64>> {
        let tail = self.history.tail(series, self.since, n);
        (tail.len() == n).then(|| tail.into_iter().map(|(_, v)| v).collect())
    }

    /// True once there are `n` values of a curve under the settings in force.
    pub(super) fn seen(&self, series: Series, n: usize) -> bool {
        self.history.tail(series, self.since, n).len() == n
    }

    /// The newest [`VITALS`], if all are of the settings in force.
    pub(super) fn vitals(&self) -> Option<&'a [Arc<Vitals>]> {
        let start = self.vitals.len().checked_sub(VITALS)?;
        let newest = &self.vitals[start..];
        newest.iter().all(|v| v.step >= self.since).then_some(newest)
    }
}

/// The mean of the values that are finite; NaN if none is.
pub(super) fn mean(values: &[f64]) -> f64 {
    let finite = values.iter().filter(|v| v.is_finite());
    finite.clone().sum::<f64>() / finite.count() as f64
}

/// Lower quartile, median, upper quartile (nearest rank). Values that are no number count as the largest.
pub(super) fn quartiles(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.is_nan().cmp(&b.is_nan()).then(a.total_cmp(b)));
    let at = |share: f64| sorted.get((share * (sorted.len() - 1) as f64).round() as usize).copied();
    if sorted.is_empty() { [f64::NAN; 3] } else { [0.25, 0.5, 0.75].map(|share| at(share).unwrap_or(f64::NAN)) }
}

/// A setting as a user would type it.
pub(super) fn setting(v: f64) -> String {
    if v != 0.0 && v.abs() < 1e-3 { format!("{v:e}") } else { format!("{v}") }
}

/// To two digits; through text, so that it is the number a user would type.
pub(super) fn rounded(v: f64) -> f64 {
    format!("{v:.1e}").parse().unwrap_or(v)
}

/// A number with two significant digits or so, as a sentence says it.
pub(super) fn short(v: f64) -> String {
    match v.abs() {
        a if !v.is_finite() || a == 0.0 => format!("{v}"),
        a if !(1e-3..1e4).contains(&a) => format!("{v:.1e}"),
        a if a >= 100.0 => format!("{v:.0}"),
        a if a >= 10.0 => format!("{v:.1}"),
        a if a >= 0.1 => format!("{v:.2}"),
        _ => format!("{v:.4}"),
    }
}
