//! What every estimator, and the eye, make of the scores of one step: no training, only reading.

use candle_core::{DType, Tensor};
use dim_estimators::{Compared, Info, Options, Scores, compare, effective_negatives};

use super::{
    planned::Planned,
    term_estimator::TermEstimator,
    trainer::{TrainError, Trainer},
};
use crate::{config::Locations, model::Pairs, record::PerTerm};

/// Bars of a histogram of scores.
pub const BARS: usize = 24;

/// One term's newest scores, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Readings {
    /// The step whose scores they are.
    pub step: u64,
    /// The estimator that trains the critic, and what it is.
    pub trained: String,
    pub about: About,
    /// All estimators, in the table's order; a script in force goes first.
    pub rows: Vec<Compared>,
    /// K, and how many of them count: 1/Σw² over a group, on the average.
    pub negatives: usize,
    pub effective: f64,
    /// Why none of the estimates is a bound, if so.
    pub unbound: Option<&'static str>,
    /// Share of negatives with the label of their positive; `None` with one class only.
    pub false_negatives: Option<f64>,
    pub histogram: Histogram,
}

/// An estimator in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub title: String,
    /// What training maximises.
    pub objective: String,
    /// The estimate in nats.
    pub nats: String,
    pub caution: String,
}

/// Joint against marginal scores, as shares of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// The lowest and the highest score.
    pub range: (f64, f64),
    pub joint: [f64; BARS],
    pub marginal: [f64; BARS],
}

/// The scores of the last step that counted, and the term with the pairs that they are of.
pub(super) struct Newest {
    pub scores: Scores,
    pub term: Planned,
}

impl Trainer {
    /// The readings of the last step's scores; `None` before the first one, and for a term that is off.
    pub fn readings(&self) -> Result<PerTerm<Readings>, TrainError> {
        let (e, c) = (&self.estimators, &self.config);
        let any = (c.objective.local.locations == Locations::Any).then_some("negatives of one image depend on each other");
        Ok(PerTerm {
            global: self.term_readings(self.newest.global.as_ref(), &e.global, &c.global_options(), c.global_clip(), None)?,
            local: self.term_readings(self.newest.local.as_ref(), &e.local, &c.local_options(), c.local_clip(), any)?,
        })
    }

    fn term_readings(
        &self,
        newest: Option<&Newest>,
        term: &TermEstimator,
        options: &crate::config::Options,
        clip: Option<f64>,
        unbound: Option<&'static str>,
    ) -> Result<Option<Readings>, TrainError> {
        let Some(Newest { scores, term: Planned { pairs, .. } }) = newest else { return Ok(None) };
        let options = Options { ema: options.ema, tau: options.tau };
        let mut rows = compare(scores, &*term.estimator, &options, term.clip(clip))?;
        let own_negatives = Scores { joint: scores.joint.clone(), marginal: scores.marginal.narrow(1, 0, pairs.negatives)? };
        let with_positives = self.config.objective.include_positives;
        if with_positives {
            // The usual ceilings are out of reach, and none is known.
            rows.iter_mut().for_each(|row| row.ceiling = None);
        }
        Ok(Some(Readings {
            step: self.step,
            trained: term.name(),
            about: About::of(&term.estimator.info()),
            rows,
            negatives: pairs.negatives,
            effective: effective_negatives(&own_negatives)?,
            unbound: if with_positives { Some("positives are among the negatives") } else { unbound },
            false_negatives: (self.dataset.classes.len() > 1 && !self.labels.is_empty())
                .then(|| false_negatives(pairs, &self.labels)),
            histogram: Histogram::of(scores)?,
        }))
    }
}

/// Share of the negatives that show the class of their anchor's image.
fn false_negatives(pairs: &Pairs, labels: &[u8]) -> f64 {
    let cells = (pairs.rows / labels.len().max(1)).max(1);
    let same = |entry: &u32| {
        let (code, row) = (*entry as usize / pairs.rows, *entry as usize % pairs.rows);
        labels[code] == labels[row / cells]
    };
    pairs.marginal.iter().filter(|entry| same(entry)).count() as f64 / pairs.marginal.len().max(1) as f64
}

impl About {
    fn of(info: &Info<'_>) -> Self {
        Self {
            title: info.title.into(),
            objective: info.formula.into(),
            nats: info.nats_formula.into(),
            caution: info.caution.into(),
        }
    }
}

impl Histogram {
    fn of(scores: &Scores) -> candle_core::Result<Self> {
        let values = |t: &Tensor| t.flatten_all()?.to_dtype(DType::F32)?.to_vec1::<f32>();
        let (joint, marginal) = (values(&scores.joint)?, values(&scores.marginal)?);
        let finite = || joint.iter().chain(&marginal).copied().filter(|v| v.is_finite()).map(f64::from);
        let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let range = if low <= high { (low, high) } else { (0.0, 0.0) };
        let shares = |values: &[f32]| {
            let mut bars = [0.0; BARS];
            for v in values.iter().filter(|v| v.is_finite()) {
                let place = (f64::from(*v) - range.0) / (range.1 - range.0).max(f64::MIN_POSITIVE) * BARS as f64;
                bars[(place as usize).min(BARS - 1)] += 1.0 / values.len() as f64;
            }
            bars
        };
        Ok(Self { range, joint: shares(&joint), marginal: shares(&marginal) })
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::model::Pairs;

    #[test]
    fn negatives_of_the_anchors_class_are_false() {
        // Two codes, three images of two locations each; entry = code · 6 + row.
        let pairs =
            Pairs { rows: 6, groups: 2, positives: 2, negatives: 2, joint: vec![0, 1, 8, 9], marginal: vec![2, 4, 6, 11] };
        // Code 0 (class 1) meets images 1 (class 0) and 2 (class 1); code 1 (class 0) meets images 0 (1) and 2 (1).
        assert_eq!(false_negatives(&pairs, &[1, 0, 1]), 0.25);
    }

    #[test]
    fn a_histogram_holds_every_score_once() {
        let t = |v: &[f32]| Tensor::from_slice(v, (1, v.len()), &Device::Cpu).unwrap();
        let scores = Scores::new(t(&[10.0, 10.0, 9.0]), t(&[-2.0, 0.0, 10.0, f32::NAN])).unwrap();
        let h = Histogram::of(&scores).unwrap();
        assert_eq!(h.range, (-2.0, 10.0));
        assert!((h.joint.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((h.marginal.iter().sum::<f64>() - 0.75).abs() < 1e-12, "what is no number has no bar");
        assert_eq!((h.marginal[0], h.marginal[4], h.marginal[BARS - 1]), (0.25, 0.25, 0.25));
    }
}
