//! The mutual information of two arrays: train critics on most of the pairs, ask them about the rest.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dim_estimators::{Info, Kind, Scores, jsd};
use serde::Serialize;

use super::{
    Choice, CriticKind, Error, Samples, finite,
    fit::{Fit, matrix, number},
    special::t_quantile,
    training::{self, Pace, Pairs, Trained, joined},
};
use crate::nn::{self, Draws};

/// How to train and to judge.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub seed: u64,
    /// Steps of training for each critic.
    pub steps: u64,
    /// Pairs in a batch; each pair's negatives are the others.
    pub batch: usize,
    pub critic: CriticKind,
}

/// What came out.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Pairs handed in.
    pub pairs: usize,
    /// Pairs the estimates are of; no critic was trained on them.
    pub held_out: usize,
    pub estimates: Vec<HeldOut>,
    pub warnings: Vec<String>,
}

/// One estimator's answer, in nats. Numbers that do not exist are `None`.
#[derive(Debug, Clone, Serialize)]
pub struct HeldOut {
    pub estimator: String,
    /// The estimate of all held-out pairs.
    pub nats: Option<f64>,
    /// Ends of a 95 % interval, from the spread over groups of held-out batches (a jackknife). It tells what other held-out pairs
    /// would change, not what another critic would.
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub kind: Kind,
    /// The largest value `nats` can reach.
    pub ceiling: Option<f64>,
    /// Of jsd: Ξ(JS − 2 standard errors), the information that the held-out divergence guarantees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nats_guaranteed: Option<Option<f64>>,
    /// What to mind, in words.
    pub note: String,
}

/// Adam's rate.
const LR: f64 = 5e-4;
/// The best of so many states of the critic is kept.
const CHECKS: u64 = 40;
/// Held-out batches are joined to at most so many groups for the jackknife.
const GROUPS: usize = 32;
/// The fewest pairs: ten are held out then, and five judge the training.
const FEWEST: usize = 50;

/// The three parts of the pairs, as rows of both arrays.
struct Parts {
    train: Part,
    /// Chooses the state of the critic.
    watch: Part,
    held_out: Part,
}

struct Part {
    x: Tensor,
    y: Tensor,
}

impl Part {
    fn rows(&self) -> usize {
        self.x.dims()[0]
    }

    /// Batches of `batch` pairs each; what does not fill one is left out.
    fn batches(&self, batch: usize) -> Result<Vec<Pairs>, Error> {
        let starts = (0..self.rows() / batch).map(|i| i * batch);
        starts.map(|start| Ok((self.x.narrow(0, start, batch)?, self.y.narrow(0, start, batch)?))).collect()
    }
}

/// Estimates the mutual information of the pairs (x_i, y_i) with each of `choices`; `on_step` is called after each step.
///
/// Pairs are shuffled by the seed: 70 % train a critic, 10 % choose its best state, 20 % are held out for the estimates. Columns are
/// standardised by the training part. Estimators whose training is the same share a critic.
///
/// # Errors
/// [`Error::Input`] for arrays that are no pairs, too few of them, or a batch that they do not fill.
pub fn measure(
    x: &Samples,
    y: &Samples,
    choices: &[Choice],
    settings: Settings,
    on_step: &mut dyn FnMut(),
) -> Result<Measured, Error> {
    check(x, y, settings)?;
    let parts = split(x, y, settings.seed)?;
    let mut warnings = Vec::new();
    for (name, samples) in [("X", x), ("Y", y)] {
        let constant = samples.constant_columns();
        match constant[..] {
            [] => {}
            [column] => warnings.push(format!("column {column} of {name} is constant: it carries no information")),
            [first, .., last] => {
                let n = constant.len();
                warnings.push(format!("{n} columns of {name}, from {first} to {last}, are constant: they carry no information"));
            }
        }
    }
    let mut critics: BTreeMap<String, Trained> = BTreeMap::new();
    let mut estimates = Vec::new();
    for choice in choices {
        let trained = match critics.entry(choice.training()) {
            std::collections::btree_map::Entry::Occupied(found) => found.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => place.insert(train(&parts, choice, settings, on_step)?),
        };
        estimates.push(judge(trained, choice, &parts.held_out, settings.batch)?);
    }
    Ok(Measured { pairs: x.rows(), held_out: parts.held_out.rows(), estimates, warnings })
}

/// How many trainings `choices` take.
pub fn trainings(choices: &[Choice]) -> usize {
    choices.iter().map(Choice::training).collect::<std::collections::BTreeSet<_>>().len()
}

fn check(x: &Samples, y: &Samples, settings: Settings) -> Result<(), Error> {
    let (n, m) = (x.rows(), y.rows());
    if n != m {
        return Err(Error::Input(format!("X has {n} rows, Y has {m}: row i of both must be one pair")));
    }
    if n < FEWEST {
        return Err(Error::Input(format!("{n} pairs are too few: a critic needs at least {FEWEST}, and hundreds to be of use")));
    }
    if settings.batch < 2 || settings.batch > 4096 {
        return Err(Error::Input(format!("--batch {}: must lie between 2 and 4096", settings.batch)));
    }
    Ok(())
}

/// Shuffles and standardises.
fn split(x: &Samples, y: &Samples, seed: u64) -> Result<Parts, Error> {
    let order = nn::permutation(&mut Draws { seed, attempt: 0 }.rng("mi/split", 0), x.rows());
    let held_out = x.rows() / 5;
    let watch = x.rows() / 10;
    let (held_out, rest) = order.split_at(held_out);
    let (watch, train) = rest.split_at(watch);
    let part = |rows: &[u32]| -> Result<Part, Error> {
        let of = |s: &Samples| matrix(s.standardised(rows, train), s.columns());
        Ok(Part { x: of(x)?, y: of(y)? })
    };
    Ok(Parts { train: part(train)?, watch: part(watch)?, held_out: part(held_out)? })
}

/// Trains the critic for `choice`.
fn train(parts: &Parts, choice: &Choice, settings: Settings, on_step: &mut dyn FnMut()) -> Result<Trained, Error> {
    let draws = Draws { seed: settings.seed, attempt: 0 };
    let dims = [parts.train.x.dims()[1], parts.train.y.dims()[1]];
    let fit = Fit::new(settings.critic, dims, settings.seed, LR)?;
    let batch = settings.batch.min(parts.train.rows());
    let draw = |step| {
        let rows = nn::distinct(&mut draws.rng("mi/batch", step), batch, parts.train.rows());
        let rows = Tensor::new(rows.as_slice(), parts.train.x.device())?;
        Ok((parts.train.x.index_select(&rows, 0)?, parts.train.y.index_select(&rows, 0)?))
    };
    let watch = parts.watch.batches(batch.min(parts.watch.rows()))?;
    let pace = Pace { steps: settings.steps, checks: CHECKS };
    training::train(fit, choice.estimator.as_ref(), pace, &draw, &watch, on_step)
}

/// A statistic of held-out pairs with its standard error.
#[derive(Debug, Clone, Copy)]
struct Statistic {
    value: f64,
    error: f64,
    groups: usize,
}

impl Statistic {
    /// `of` all batches, and its error by leaving out one group of them after the other (Efron & Stein 1981).
    fn jackknife(batches: &[Scores], of: impl Fn(&Scores) -> Result<f64, Error>) -> Result<Self, Error> {
        let value = of(&joined(batches)?)?;
        let groups = batches.len().min(GROUPS);
        let mut without = Vec::with_capacity(groups);
        for group in 0..groups {
            let kept: Vec<Scores> =
                batches.iter().enumerate().filter(|(i, _)| i % groups != group).map(|(_, s)| s.clone()).collect();
            without.push(of(&joined(&kept)?)?);
        }
        let n = groups as f64;
        let mean = without.iter().sum::<f64>() / n;
        let squares: f64 = without.iter().map(|v| (v - mean).powi(2)).sum();
        Ok(Self { value, error: ((n - 1.0) / n * squares).sqrt(), groups })
    }
}

/// What the critic says of pairs it never saw.
fn judge(trained: &Trained, choice: &Choice, held_out: &Part, batch: usize) -> Result<HeldOut, Error> {
    // Batches are what varies independently: at least five are needed for an interval.
    let batch = batch.min(held_out.rows() / 5);
    let info = choice.estimator.info();
    let ceiling = choice.estimator.ceiling(batch - 1, None);
    let mut found = HeldOut {
        estimator: choice.label.clone(),
        nats: None,
        low: None,
        high: None,
        kind: info.kind,
        ceiling,
        nats_guaranteed: None,
        note: String::new(),
    };
    if let Some(why) = trained.unusable() {
        found.note = format!("no estimate: {why}");
        return Ok(found);
    }
    let batches = training::scores(&trained.fit, &held_out.batches(batch)?)?;
    let nats = Statistic::jackknife(&batches, |s| match choice.estimator.nats(s)? {
        Some(nats) => number(&nats),
        None => Ok(f64::NAN),
    })?;
    let half = t_quantile(nats.groups - 1) * nats.error;
    found.nats = finite(nats.value);
    (found.low, found.high) = (finite(nats.value - half), finite(nats.value + half));
    if choice.name() == "jsd" {
        let objective = Statistic::jackknife(&batches, |s| number(&choice.estimator.objective(s)?))?;
        // JS = ln 2 + objective / 2, and so is its standard error half as large: two of them are one of the objective.
        found.nats_guaranteed = Some(finite(jsd::guaranteed(jsd::jensen_shannon(objective.value) - objective.error)));
    }
    found.note = note(&info, &found, nats.value, batches.len() * batch);
    found.note.extend(trained.ended().map(|why| format!("; {why}, so that the critic is that of an earlier step")));
    Ok(found)
}
/// What the number is worth, in words.
fn note(info: &Info<'_>, found: &HeldOut, nats: f64, pairs: usize) -> String {
    let mut said = Vec::new();
    match (found.nats, found.low, found.high) {
        (Some(nats), Some(low), Some(high)) => {
            if found.ceiling.is_some_and(|c| nats > 0.9 * c || high >= c) {
                said.push("close to its ceiling, so that the truth may be larger: take a larger --batch".to_owned());
            }
            if low <= 0.0 && high >= 0.0 {
                said.push("not to be told from 0".to_owned());
            } else if high < 0.0 && info.kind == Kind::LowerBound {
                said.push("below 0, which tells nothing: the critic has learnt nothing that holds for these pairs".to_owned());
            }
            if high - low > 0.5 * nats.abs().max(0.2) {
                said.push("sample too small for a sure answer: the interval is wide".to_owned());
            }
            if nats > (pairs as f64).ln() {
                said.push(format!(
                    "more than ln {pairs} = {:.1}, and no sample of {pairs} pairs can certify that much",
                    (pairs as f64).ln()
                ));
            }
        }
        _ => {
            said.push(format!("no estimate: it is {nats}, or its interval is unbounded; large scores of negative pairs sank it"))
        }
    }
    said.insert(0, info.kind.words().to_owned());
    said.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The jackknife of a mean of equal groups is the textbook standard error of the mean of the groups.
    #[test]
    fn the_jackknife_of_a_mean_is_its_standard_error() {
        let values = [1.0f32, 4.0, 2.0, 7.0, 3.0];
        let batches: Vec<Scores> = values
            .iter()
            .map(|&v| {
                let t = Tensor::new(&[[v]], &candle_core::Device::Cpu).unwrap();
                Scores { joint: t.clone(), marginal: t }
            })
            .collect();
        let found = Statistic::jackknife(&batches, |s| number(&s.joint.mean_all()?)).unwrap();
        let mean = 3.4;
        let variance = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / 4.0;
        assert!((found.value - mean).abs() < 1e-6 && (found.error - (variance / 5.0).sqrt()).abs() < 1e-6, "{found:?}");
    }
}
