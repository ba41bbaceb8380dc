//! How far estimators are from the truth: critics trained on distributions whose information is known.
//!
//! The staircase of Poole et al. 2019 and Song & Ermon 2020: one critic is carried from level to level, and estimates of the last
//! training batches of a level (each batch is fresh from the distribution) are compared with the truth.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Case, Choice, CriticKind, Distribution, Error, PAIRS, finite,
    fit::{Fit, Step, matrix, number},
};
use crate::nn::Draws;

/// What to train on, and how.
#[derive(Debug, Clone)]
pub struct Course {
    pub case: Case,
    /// Numbers a side.
    pub dim: usize,
    /// True information of each level, nats.
    pub levels: Vec<f64>,
    /// Steps at each level.
    pub steps: u64,
    /// Pairs in a batch; each pair's negatives are the others.
    pub batch: usize,
    /// How many seeds of initial values and draws.
    pub seeds: u64,
    /// The first of them; the others follow.
    pub first_seed: u64,
    pub critic: CriticKind,
}

impl Course {
    /// Adam's rate.
    pub const LR: f64 = 5e-4;
    /// Bias and variance are those of so many last steps of a level, or of its second half if that is shorter.
    const WINDOW: u64 = 500;
    /// Points of a curve for each level.
    const POINTS: u64 = 40;

    fn window(&self) -> usize {
        Self::WINDOW.min(self.steps.div_ceil(2)) as usize
    }

    /// The distributions, level by level.
    fn distributions(&self) -> Result<Vec<Distribution>, Error> {
        self.levels.iter().map(|&nats| Distribution::with_information(self.case, self.dim, nats)).collect()
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |what: &str| Err(Error::Input(what.into()));
        match self {
            Self { levels, .. } if levels.is_empty() => wrong("at least one level is needed"),
            Self { steps: 0, .. } => wrong("at least one step a level is needed"),
            Self { seeds: 0, .. } => wrong("at least one seed is needed"),
            Self { batch, .. } if !(2..=4096).contains(batch) => wrong("a batch must have between 2 and 4096 pairs"),
            Self { dim, .. } if !(1..=4096).contains(dim) => wrong("the dimension must lie between 1 and 4096"),
            Self { case, dim, .. } if !case.has_dimensions() && *dim != 1 => wrong("this case has one dimension a side"),
            _ => Ok(()),
        }
    }
}

/// What came out.
#[derive(Debug, Clone, Serialize)]
pub struct Bench {
    /// Steps at each level.
    pub steps: u64,
    /// Last steps of each level that the numbers are of.
    pub window: usize,
    pub seeds: u64,
    pub rows: Vec<Row>,
    /// For charts: one curve an estimator.
    #[serde(skip)]
    pub curves: Vec<Curve>,
}

/// One estimator at one level; nats, but for the variance (nats²). `None` where an estimate was not finite.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub estimator: String,
    /// The true information.
    pub truth: f64,
    /// Mean estimate less truth, over all steps and seeds.
    pub bias: Option<f64>,
    /// Standard error of the bias over seeds; `None` for a single seed.
    pub bias_se: Option<f64>,
    /// Variance over the steps of one seed, averaged over seeds.
    pub variance: Option<f64>,
    /// √(mean squared distance from the truth), over all steps and seeds.
    pub rmse: Option<f64>,
    /// Why there are no numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Estimates over the whole course: `(step, mean, standard deviation)` of all steps and seeds around a step.
#[derive(Debug, Clone)]
pub struct Curve {
    pub estimator: String,
    pub points: Vec<(f64, f64, f64)>,
}

/// Estimates of one choice: [seed][step over all levels]. A training that ended early leaves fewer.
type Traces = Vec<Vec<f64>>;

/// Trains and compares; `on_step` is called after each step with the seed and the number of the training.
///
/// Estimators whose training is the same are read from one critic. All trainings of one seed see the same pairs and start from the
/// same weights.
///
/// # Errors
/// [`Error::Input`] for a course that cannot be run.
pub fn bench(course: &Course, choices: &[Choice], on_step: &mut dyn FnMut()) -> Result<Bench, Error> {
    course.check()?;
    let distributions = course.distributions()?;
    let mut trainings: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, choice) in choices.iter().enumerate() {
        trainings.entry(choice.training()).or_default().push(i);
    }
    let mut traces: Vec<Traces> = vec![Vec::new(); choices.len()];
    for seed in (0..course.seeds).map(|i| course.first_seed.wrapping_add(i)) {
        for members in trainings.values() {
            let readers: Vec<&Choice> = members.iter().map(|&i| &choices[i]).collect();
            let found = climb(course, &distributions, &readers, seed, on_step)?;
            members.iter().zip(found).for_each(|(&i, trace)| traces[i].push(trace));
        }
    }
    let rows = choices.iter().zip(&traces).flat_map(|(choice, traces)| rows(course, choice, traces)).collect();
    let curves = choices.iter().zip(&traces).map(|(choice, traces)| curve(course, choice, traces)).collect();
    Ok(Bench { steps: course.steps, window: course.window(), seeds: course.seeds, rows, curves })
}

/// One training up all levels; what each of `readers`, which train alike, made of each batch.
fn climb(
    course: &Course,
    levels: &[Distribution],
    readers: &[&Choice],
    seed: u64,
    on_step: &mut dyn FnMut(),
) -> Result<Traces, Error> {
    let draws = Draws { seed, attempt: 0 };
    let mut fit = Fit::new(course.critic, [course.dim; 2], seed, Course::LR)?;
    let mut traces = vec![Vec::new(); readers.len()];
    let mut step = 0;
    for distribution in levels {
        for _ in 0..course.steps {
            let (x, y) = distribution.draw(&mut draws.rng(PAIRS, step), course.batch);
            let (x, y) = (matrix(x, course.dim)?, matrix(y, course.dim)?);
            let Step::Taken { scores, .. } = fit.step(readers[0].estimator.as_ref(), &x, &y)? else { return Ok(traces) };
            for (reader, trace) in readers.iter().zip(&mut traces) {
                let nats = reader.estimator.nats(&scores)?;
                trace.push(nats.map_or(Ok(f64::NAN), |nats| number(&nats))?);
            }
            step += 1;
            on_step();
        }
    }
    Ok(traces)
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}

/// Around their mean, divided by n.
fn variance(values: &[f64]) -> f64 {
    let centre = mean(values.iter().copied());
    mean(values.iter().map(|v| (v - centre).powi(2)))
}

/// The numbers of one estimator, level by level.
fn rows(course: &Course, choice: &Choice, traces: &Traces) -> Vec<Row> {
    let steps = course.steps as usize;
    let of_level = |(level, &truth): (usize, &f64)| {
        let window = (level + 1) * steps - course.window()..(level + 1) * steps;
        let mut row =
            Row { estimator: choice.label.clone(), truth, bias: None, bias_se: None, variance: None, rmse: None, reason: None };
        let Some(of_seeds) = traces.iter().map(|t| t.get(window.clone())).collect::<Option<Vec<&[f64]>>>() else {
            let ended = traces.iter().map(Vec::len).min().unwrap_or(0);
            row.reason = Some(format!("the objective was no finite number any more after step {ended}"));
            return row;
        };
        let biases: Vec<f64> = of_seeds.iter().map(|v| mean(v.iter().copied()) - truth).collect();
        row.bias = finite(mean(biases.iter().copied()));
        let spread = variance(&biases) / (biases.len() as f64 - 1.0);
        row.bias_se = finite(spread.sqrt());
        row.variance = finite(mean(of_seeds.iter().map(|v| variance(v))));
        row.rmse = finite(mean(of_seeds.iter().map(|v| mean(v.iter().map(|e| (e - truth).powi(2))))).sqrt());
        if row.bias.is_none() {
            row.reason = Some("an estimate was not finite".into());
        }
        row
    };
    course.levels.iter().enumerate().map(of_level).collect()
}

/// The course in pieces of equal length.
fn curve(course: &Course, choice: &Choice, traces: &Traces) -> Curve {
    let length = (course.steps / Course::POINTS).max(1) as usize;
    let total = course.steps as usize * course.levels.len();
    let pieces = (0..total).step_by(length).filter_map(|start| {
        let piece = start..(start + length).min(total);
        let values: Vec<f64> = traces.iter().filter_map(|t| t.get(piece.clone())).flatten().copied().collect();
        let point = (start as f64 + 0.5 * piece.len() as f64, mean(values.iter().copied()), variance(&values).sqrt());
        (point.1.is_finite() && point.2.is_finite()).then_some(point)
    });
    Curve { estimator: choice.label.clone(), points: pieces.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(levels: &[f64], steps: u64) -> Course {
        Course {
            case: Case::Gaussian,
            dim: 2,
            levels: levels.to_vec(),
            steps,
            batch: 8,
            seeds: 2,
            first_seed: 0,
            critic: CriticKind::Separable,
        }
    }

    #[test]
    fn bias_variance_and_error_are_those_of_the_window() {
        let choice = Choice::parse("dv").unwrap();
        // Level 1 ends with 1, 3 and 2, 2; level 2 with 5, 5 and 6, 4 (windows of two steps out of four).
        let traces = vec![vec![9., 9., 1., 3., 9., 9., 5., 5.], vec![9., 9., 2., 2., 9., 9., 6., 4.]];
        let rows = rows(&course(&[1.0, 4.0], 4), &choice, &traces);
        let numbers: Vec<_> = rows.iter().map(|r| [r.bias, r.bias_se, r.variance, r.rmse].map(Option::unwrap)).collect();
        // Squared distances from the truth: 0, 4, 1, 1 and 1, 1, 4, 0.
        assert_eq!(numbers, [[1.0, 0.0, 0.5, 1.5f64.sqrt()], [1.0, 0.0, 0.5, 1.5f64.sqrt()]]);
        let apart = vec![vec![0., 0., 1., 1.], vec![0., 0., 3., 3.]];
        let row = &self::rows(&course(&[0.0], 4), &choice, &apart)[0];
        // Biases 1 and 3: their standard deviation is √2, the standard error of their mean 1.
        assert_eq!((row.bias, row.bias_se, row.variance), (Some(2.0), Some(1.0), Some(0.0)));
    }

    #[test]
    fn a_training_that_ended_has_no_numbers_from_there_on() {
        let choice = Choice::parse("nwj").unwrap();
        let rows = rows(&course(&[1.0, 4.0], 4), &choice, &vec![vec![1.; 8], vec![1.; 5]]);
        assert!(rows[0].bias.is_some() && rows[1].bias.is_none());
        assert_eq!(rows[1].reason.as_deref(), Some("the objective was no finite number any more after step 5"));
    }

    #[test]
    fn readers_of_one_critic_do_not_change_each_other() {
        let of = |text: &str| bench(&course(&[0.5], 30), &Choice::list(text).unwrap(), &mut || {}).unwrap().rows;
        let (both, alone) = (of("jsd,smile:tau=1"), of("smile:tau=1"));
        assert_eq!(both[1].bias, alone[0].bias);
        assert_ne!(both[0].bias, both[1].bias);
    }
}
