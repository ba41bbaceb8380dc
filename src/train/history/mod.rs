//! Every recorded point of every curve, append-only, shared read-only with the screen.
//!
//! A curve keeps its points and a pyramid of minima and maxima over blocks of 16, 256, 4096, ... points, so that
//! drawing a million points over 200 columns touches a few thousand numbers. The writer holds the lock only to push.

mod clock;
mod curve;
mod grid;
mod smooth;

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

pub use clock::Axis;
use clock::Clock;
pub use curve::Column;
use curve::Curve;
pub use grid::Grid;

use crate::record::{ArenaRow, ProbeRow, StepRow};

/// The curves there are. Losses restart visually at a swap of estimator; see [`History::swaps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Series {
    Loss,
    LossGlobal,
    LossLocal,
    LossPrior,
    LossDiscriminator,
    /// Training-batch estimate, nats.
    MiGlobal,
    MiLocal,
    /// Held-out estimate, nats.
    HeldoutGlobal,
    HeldoutLocal,
    /// What held-out pairs guarantee, nats.
    GuaranteedGlobal,
    GuaranteedLocal,
    CeilingGlobal,
    CeilingLocal,
    AccuracyConv,
    AccuracyFc,
    AccuracyY,
    AccuracyKnn,
    Chance,
    GradNorm,
    LearningRate,
    /// The arena's known information, nats, and the largest that the bounded ones of its estimators can reach.
    Truth,
    ArenaCeiling,
    /// Of the arena's estimator with this number in [`History::estimators`]: nats on the step's batch, their mean over the last
    /// steps, that less the truth, and their standard deviation.
    Estimate(usize),
    MeanEstimate(usize),
    Bias(usize),
    Deviation(usize),
}

/// A vertical mark: an accepted change.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// The step before which it took effect.
    pub step: u64,
    /// e.g. "objective.estimator jsd → infonce".
    pub text: String,
    /// True if losses before and after cannot be compared (another estimator, weight, mode, ...).
    pub breaks_loss: bool,
}

#[derive(Debug, Default)]
struct Inner {
    curves: BTreeMap<Series, Curve>,
    clock: Clock,
    marks: Vec<Mark>,
    estimators: Vec<String>,
}

impl Inner {
    fn push(&mut self, series: Series, step: u64, value: Option<f64>) {
        if let Some(value) = value {
            self.curves.entry(series).or_default().push(step, value);
        }
    }

    fn push_arena(&mut self, step: u64, row: &ArenaRow) {
        self.push(Series::Truth, step, Some(row.truth));
        self.push(Series::ArenaCeiling, step, row.ceiling.values().flatten().copied().reduce(f64::max));
        for name in row.nats.keys() {
            if !self.estimators.contains(name) {
                self.estimators.push(name.clone());
            }
        }
        for (i, name) in self.estimators.clone().iter().enumerate().filter(|(_, name)| row.nats.contains_key(*name)) {
            let bias = row.bias.get(name).copied().flatten();
            // Where there is no number the curve has a gap.
            self.push(Series::Estimate(i), step, Some(row.nats[name].unwrap_or(f64::NAN)));
            self.push(Series::MeanEstimate(i), step, bias.map(|bias| row.truth + bias));
            self.push(Series::Bias(i), step, bias);
            self.push(Series::Deviation(i), step, row.deviation.get(name).copied().flatten());
        }
    }
}

/// All curves of a run.
#[derive(Debug, Default)]
pub struct History {
    inner: RwLock<Inner>,
}

impl History {
    fn read<T>(&self, f: impl FnOnce(&Inner) -> T) -> T {
        f(&self.inner.read().unwrap_or_else(PoisonError::into_inner))
    }
    fn write(&self, f: impl FnOnce(&mut Inner)) {
        f(&mut self.inner.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Adds a point to one curve; steps must not decrease.
    pub fn push(&self, series: Series, step: u64, value: f64) {
        self.write(|h| h.push(series, step, Some(value)));
    }

    /// Adds the points of a training step.
    pub fn push_step(&self, row: &StepRow) {
        let points = [
            (Series::Loss, Some(row.loss)),
            (Series::LossGlobal, row.terms.global),
            (Series::LossLocal, row.terms.local),
            (Series::LossPrior, row.terms.prior),
            (Series::LossDiscriminator, row.terms.discriminator),
            (Series::MiGlobal, row.mi.global),
            (Series::MiLocal, row.mi.local),
            (Series::CeilingGlobal, row.ceiling.global),
            (Series::CeilingLocal, row.ceiling.local),
            (Series::GradNorm, Some(row.grad_norm)),
            (Series::LearningRate, Some(row.lr)),
        ];
        self.write(|h| {
            h.clock.push(row.step, row.seconds, row.epoch);
            points.into_iter().for_each(|(series, value)| h.push(series, row.step, value));
            if let Some(arena) = &row.arena {
                h.push_arena(row.step, arena);
            }
        });
    }

    /// Adds the points of a probe.
    pub fn push_probe(&self, row: &ProbeRow) {
        let a = &row.accuracy;
        let points = [
            (Series::AccuracyConv, Some(a.linear.conv)),
            (Series::AccuracyFc, Some(a.linear.fc)),
            (Series::AccuracyY, Some(a.linear.y)),
            (Series::AccuracyKnn, Some(a.knn.y)),
            (Series::Chance, Some(row.chance)),
            (Series::HeldoutGlobal, row.mi_heldout.global),
            (Series::HeldoutLocal, row.mi_heldout.local),
            (Series::GuaranteedGlobal, row.mi_guaranteed.global),
            (Series::GuaranteedLocal, row.mi_guaranteed.local),
        ];
        self.write(|h| {
            points.into_iter().for_each(|(series, value)| h.push(series, row.step, value));
        });
    }

    /// Forgets all points after `step` (a rollback); marks stay.
    pub fn cut_back(&self, step: u64) {
        self.write(|h| {
            h.curves.values_mut().for_each(|curve| curve.cut_back(step));
            h.clock.cut_back(step);
        });
    }

    pub fn mark(&self, mark: Mark) {
        self.write(|h| h.marks.push(mark));
    }

    /// All marks, oldest first.
    pub fn marks(&self) -> Vec<Mark> {
        self.read(|h| h.marks.clone())
    }

    /// Steps at which a loss curve must be broken.
    pub fn swaps(&self) -> Vec<u64> {
        self.read(|h| h.marks.iter().filter(|m| m.breaks_loss).map(|m| m.step).collect())
    }

    /// The curve between steps `from` and `to` (both included) as at most `columns` columns, empty ones left out.
    pub fn columns(&self, series: Series, from: f64, to: f64, columns: usize) -> Vec<Column> {
        self.over(series, &Grid::steps(from, to, columns))
    }

    /// The curve in the columns of a grid, empty ones left out.
    pub fn over(&self, series: Series, grid: &Grid) -> Vec<Column> {
        self.blocks(series, grid).into_iter().map(|(column, _)| column).collect()
    }

    fn blocks(&self, series: Series, grid: &Grid) -> Vec<(Column, f64)> {
        self.read(|h| h.curves.get(&series).map(|c| c.over_grid(grid)).unwrap_or_default())
    }

    /// True if it is known where the steps lie on this axis.
    pub fn knows(&self, axis: Axis) -> bool {
        self.read(|h| h.clock.knows(axis))
    }

    /// Where `step` lies on the axis: interpolated between recorded steps, and beyond them at the speed of the whole.
    pub fn place(&self, axis: Axis, step: f64) -> f64 {
        self.read(|h| h.clock.place(axis, step))
    }

    /// The step at a place on the axis.
    pub fn step_at(&self, axis: Axis, place: f64) -> f64 {
        self.read(|h| h.clock.step(axis, place))
    }

    /// `columns` columns of the same width from `from` to `to` on the axis.
    pub fn grid(&self, axis: Axis, (from, to): (f64, f64), columns: usize) -> Grid {
        self.read(|h| Grid::along(axis, (from, to), columns, |place| h.clock.step(axis, place)))
    }

    /// The arena's estimators by name, in the order in which they came.
    pub fn estimators(&self) -> Vec<String> {
        self.read(|h| h.estimators.clone())
    }

    /// The newest point of a curve.
    pub fn last(&self, series: Series) -> Option<(u64, f64)> {
        self.read(|h| h.curves.get(&series).and_then(|c| Some((*c.steps.last()?, *c.values.last()?))))
    }

    /// The point at or just before `step`.
    pub fn at(&self, series: Series, step: u64) -> Option<(u64, f64)> {
        self.read(|h| {
            let c = h.curves.get(&series)?;
            let i = c.steps.partition_point(|&s| s <= step).checked_sub(1)?;
            Some((c.steps[i], c.values[i]))
        })
    }

    /// The newest `n` points from step `from` on, oldest first; fewer if there are not so many.
    pub fn tail(&self, series: Series, from: u64, n: usize) -> Vec<(u64, f64)> {
        self.tail_until(series, from, u64::MAX, n)
    }

    /// The same of the points up to step `until`.
    pub fn tail_until(&self, series: Series, from: u64, until: u64, n: usize) -> Vec<(u64, f64)> {
        self.read(|h| {
            let Some(c) = h.curves.get(&series) else { return Vec::new() };
            let end = c.steps.partition_point(|&s| s <= until);
            let start = c.steps.partition_point(|&s| s < from).max(end.saturating_sub(n)).min(end);
            c.steps[start..end].iter().copied().zip(c.values[start..end].iter().copied()).collect()
        })
    }

    /// First and last step over all curves.
    pub fn span(&self) -> Option<(u64, u64)> {
        self.read(|h| {
            let first = h.curves.values().filter_map(|c| c.steps.first()).min()?;
            let last = h.curves.values().filter_map(|c| c.steps.last()).max()?;
            Some((*first, *last))
        })
    }

    pub fn len(&self, series: Series) -> usize {
        self.read(|h| h.curves.get(&series).map_or(0, |c| c.values.len()))
    }

    pub fn is_empty(&self) -> bool {
        self.span().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_extremes_of_a_plain_scan() {
        let h = History::default();
        let value = |i: u64| if i % 97 == 13 { f64::NAN } else { ((i * 7919) % 1009) as f64 };
        for i in 1..=10_000u64 {
            h.push(Series::Loss, i, value(i));
        }
        for (from, to, n) in [(1.0, 10_000.0, 80), (37.0, 9_001.0, 33), (500.0, 520.0, 200), (1.0, 10_000.0, 1)] {
            let columns = h.columns(Series::Loss, from, to, n);
            let mut covered = 0;
            for c in &columns {
                let plain: Vec<f64> = (c.first..=c.last).map(value).collect();
                covered += plain.len();
                let finite = plain.iter().copied().filter(|v| v.is_finite());
                assert_eq!(c.min, finite.clone().fold(f64::INFINITY, f64::min));
                assert_eq!(c.max, finite.fold(f64::NEG_INFINITY, f64::max));
                assert_eq!(c.gap, plain.iter().any(|v| !v.is_finite()));
            }
            assert_eq!(covered as f64, to - from + 1.0, "every point is in exactly one column");
        }
    }

    #[test]
    fn a_cut_curve_goes_on_as_if_it_had_never_been_longer() {
        let (cut, plain) = (History::default(), History::default());
        for i in 1..=1000 {
            cut.push(Series::Loss, i, -(i as f64));
        }
        cut.cut_back(500);
        for i in 1..=900u64 {
            plain.push(Series::Loss, i, if i <= 500 { -(i as f64) } else { i as f64 });
        }
        for i in 501..=900u64 {
            cut.push(Series::Loss, i, i as f64);
        }
        assert_eq!(cut.columns(Series::Loss, 1.0, 900.0, 7), plain.columns(Series::Loss, 1.0, 900.0, 7));
    }

    #[test]
    fn a_tail_is_the_newest_points_of_a_range() {
        let h = History::default();
        for s in [10, 20, 30, 40] {
            h.push(Series::Loss, s, s as f64);
        }
        let steps = |tail: Vec<(u64, f64)>| tail.into_iter().map(|(s, _)| s).collect::<Vec<_>>();
        assert_eq!(steps(h.tail(Series::Loss, 0, 2)), [30, 40]);
        assert_eq!(steps(h.tail(Series::Loss, 30, 9)), [30, 40]);
        assert_eq!(steps(h.tail_until(Series::Loss, 11, 39, 9)), [20, 30]);
        assert_eq!(steps(h.tail_until(Series::Loss, 31, 20, 9)), [0u64; 0]);
        assert_eq!(steps(h.tail(Series::Chance, 0, 9)), [0u64; 0]);
    }

    #[test]
    fn at_takes_the_point_before() {
        let h = History::default();
        for s in [10, 20, 30] {
            h.push(Series::AccuracyY, s, s as f64);
        }
        assert_eq!(h.at(Series::AccuracyY, 9), None);
        assert_eq!(h.at(Series::AccuracyY, 29), Some((20, 20.0)));
        assert_eq!(h.last(Series::AccuracyY), Some((30, 30.0)));
    }
}
