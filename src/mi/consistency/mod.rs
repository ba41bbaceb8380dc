//! Whether estimates on images are consistent with each other, where the true information is not known.
//!
//! The self-consistency tests of Song & Ermon 2020 (section 6.2, figure 3): of an image and its first t rows, ratios of informations are
//! known. They are reported for every estimator and asserted for none, since no estimator promises them. Each information is
//! that of a critic of its own, trained on images of the training split, kept at its best on some of them set aside, and asked about
//! images of the test split: what a critic learns by heart does not count.

mod pairs;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use pairs::{Deal, Pairing};
use report::{Answer, Answers};
pub use report::{Ratio, Report, Row, TESTS, Test};

use super::{
    Choice, CriticKind, Error,
    fit::{Fit, number},
    training::{self, Pace, joined},
    trainings,
};
use crate::data::{Dataset, Images};

/// What to train on, and how.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    pub images: &'a Dataset,
    /// The t: how many rows Y_t keeps. Empty: [`Plan::some_rows`].
    pub rows: Vec<usize>,
    /// Steps of each training.
    pub steps: u64,
    /// Pairs in a batch; each pair's negatives are the others.
    pub batch: usize,
    /// How many seeds of initial values, batches and the choice of images.
    pub seeds: u64,
    /// The first of them; the others follow.
    pub first_seed: u64,
    pub critic: CriticKind,
}

/// Adam's rate.
const LR: f64 = 5e-4;
/// The best of so many states of a critic is kept; a check costs two steps.
const CHECKS: u64 = 20;

impl Plan<'_> {
    /// The plan with its rows in rising order.
    ///
    /// # Errors
    /// [`Error::Input`] for a plan that cannot be carried out.
    pub fn checked(mut self) -> Result<Self, Error> {
        let height = self.height();
        if self.rows.is_empty() {
            self.rows = Self::some_rows(height);
        }
        self.rows.sort_unstable();
        let wrong = |what: String| Err(Error::Input(what));
        if let Some(twice) = self.rows.windows(2).find(|w| w[0] == w[1]) {
            return wrong(format!("--rows: {} is named twice", twice[0]));
        }
        if let Some(t) = self.rows.last().filter(|&&t| t > height) {
            return wrong(format!("--rows {t}: an image of {} has {height} rows", self.images.name));
        }
        if !(2..=4096).contains(&self.batch) {
            return wrong(format!("--batch {}: must lie between 2 and 4096", self.batch));
        }
        if self.steps == 0 || self.seeds == 0 {
            return wrong("at least one step and one seed are needed".into());
        }
        self.deal(self.first_seed)?;
        Ok(self)
    }

    /// An eighth, a quarter and half of the rows.
    fn some_rows(height: usize) -> Vec<usize> {
        [8, 4, 2].map(|part| height / part).into_iter().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// All steps of all trainings for `choices`: what the progress is out of.
    pub fn all_steps(&self, choices: &[Choice]) -> u64 {
        let each = self.questions().len().saturating_mul(trainings(choices)) as u64;
        self.steps.saturating_mul(self.seeds).saturating_mul(each)
    }

    fn height(&self) -> usize {
        self.images.train.height
    }

    fn deal(&self, seed: u64) -> Result<Deal, Error> {
        Deal::new([self.images.train.len(), self.images.test.len()], self.batch, seed)
    }

    /// Every pairing and t that a critic is trained for. I(X;X), at all rows, is below the first ratio of each t. At t = 0 the other
    /// two are quotients of nothing by nothing.
    fn questions(&self) -> BTreeSet<(Pairing, usize)> {
        let mut found = BTreeSet::from([(Pairing::Once, self.height())]);
        for &t in &self.rows {
            found.insert((Pairing::Once, t));
            if t > 0 {
                found.extend([(Pairing::Twice, t), (Pairing::Two, t)]);
            }
        }
        found
    }
}

/// Trains and compares; `on_step` is called after each step. `plan` comes from [`Plan::checked`].
///
/// Estimators whose training is the same are read from one critic. All trainings of one seed see the same images in the same batches,
/// and critics of the same size start from the same weights: ratios are of numbers that share their luck.
///
/// # Errors
/// Candle's.
pub fn run(plan: &Plan<'_>, choices: &[Choice], on_step: &mut dyn FnMut()) -> Result<Report, Error> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, choice) in choices.iter().enumerate() {
        groups.entry(choice.training()).or_default().push(i);
    }
    let mut answers: Vec<Answers> = choices.iter().map(|_| Answers::new()).collect();
    let mut warnings = Vec::new();
    let mut held_out = 0;
    for seed in (0..plan.seeds).map(|i| plan.first_seed.wrapping_add(i)) {
        let deal = plan.deal(seed)?;
        held_out = deal.held_out().first.len();
        for members in groups.values() {
            let readers: Vec<&Choice> = members.iter().map(|&i| &choices[i]).collect();
            for (pairing, t) in plan.questions() {
                let found = ask(plan, &deal, seed, (pairing, t), &readers, on_step)?;
                members.iter().zip(found.answers).for_each(|(&i, a)| answers[i].entry((pairing, t)).or_default().push(a));
                warnings.extend(found.warning);
            }
        }
    }
    let Images { height, width, .. } = plan.images.train;
    let rows =
        choices.iter().zip(&answers).flat_map(|(choice, a)| report::rows(choice, &plan.rows, height, plan.batch, a)).collect();
    Ok(Report {
        data_set: plan.images.name.clone(),
        height,
        width,
        steps: plan.steps,
        batch: plan.batch,
        seeds: plan.seeds,
        held_out,
        tests: &TESTS,
        rows,
        warnings,
    })
}

/// What one critic answered.
struct Asked {
    /// One for each reader.
    answers: Vec<Answer>,
    /// What befell its training, if it can answer nevertheless.
    warning: Option<String>,
}

/// Trains one critic for `readers`, which train alike, and asks it about the held-out images.
fn ask(
    plan: &Plan<'_>,
    deal: &Deal,
    seed: u64,
    (pairing, t): (Pairing, usize),
    readers: &[&Choice],
    on_step: &mut dyn FnMut(),
) -> Result<Asked, Error> {
    let Dataset { train, test, .. } = plan.images;
    let what = if (pairing, t) == (Pairing::Once, train.height) { "I(X;X)" } else { pairing.formula() };
    let fit = Fit::new(plan.critic, [pairing.images() * train.image_bytes(); 2], seed, LR)?;
    let draw = |step| pairing.pairs(train, pairs::Drawn::halves(&deal.batch(step)), t);
    let watch = deal.watch().batches(plan.batch).map(|b| pairing.pairs(train, b, t)).collect::<Result<Vec<_>, _>>()?;
    let pace = Pace { steps: plan.steps, checks: CHECKS };
    let trained = training::train(fit, readers[0].estimator.as_ref(), pace, &draw, &watch, on_step)?;
    if let Some(why) = trained.unusable() {
        let answers = readers.iter().map(|_| Err(format!("no critic of {what}: {why}"))).collect();
        return Ok(Asked { answers, warning: None });
    }
    let held_out = deal.held_out().batches(plan.batch).map(|b| {
        let (x, y) = pairing.pairs(test, b, t)?;
        trained.fit.scores(&x, &y)
    });
    let scores = joined(&held_out.collect::<Result<Vec<_>, Error>>()?)?;
    let answer = |reader: &&Choice| -> Result<Answer, Error> {
        let nats = reader.estimator.nats(&scores)?.map_or(Ok(f64::NAN), |nats| number(&nats))?;
        Ok(if nats.is_finite() { Ok(nats) } else { Err(format!("the estimate of {what} is {nats}")) })
    };
    let answers = readers.iter().map(answer).collect::<Result<Vec<_>, _>>()?;
    let who = readers[0].name();
    let warning =
        trained.ended().map(|why| format!("{who}, {what}, t = {t}, seed {seed}: {why}; the critic is that of an earlier step"));
    Ok(Asked { answers, warning })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Images of two rows: the first is one of eight patterns, the second the same in all.
    fn patterns(n: usize) -> Images {
        let image = |i: usize| {
            let bit = |b: usize| if ((i * 5 + i / 8) >> b) & 1 == 1 { 255 } else { 0 };
            [bit(0), bit(1), bit(2), 128, 128, 128]
        };
        let pixels = (0..n).flat_map(image).collect();
        Images { channels: 1, height: 2, width: 3, margin: 0, pixels, labels: vec![0; n], factors: None }
    }

    fn plan(images: &Dataset) -> Plan<'_> {
        let critic = CriticKind::Separable;
        Plan { images, rows: vec![1, 0], steps: 150, batch: 32, seeds: 1, first_seed: 0, critic }.checked().unwrap()
    }

    fn data() -> Dataset {
        Dataset { name: "patterns".into(), train: patterns(800), test: patterns(400), unlabelled: None, classes: vec![] }
    }

    /// I(X;Y_1) = I(X;X) = ln 8, and two images have 2 ln 8 between them. One batch cannot show so much of the latter:
    /// infonce's ceiling is ln 32.
    #[test]
    fn images_of_known_information_have_their_ratios() {
        let data = data();
        let found = run(&plan(&data), &Choice::list("dv,smile:tau=5,infonce").unwrap(), &mut || {}).unwrap();
        assert_eq!(found.rows.iter().map(|r| r.t).collect::<Vec<_>>(), [0, 1, 0, 1, 0, 1]);
        for row in &found.rows {
            let nats = row.nats.unwrap();
            let [monotone, processing, additivity] = [0, 1, 2].map(|i| row.ratios[i].value);
            if row.t == 0 {
                assert!(nats.abs() < 0.05 && monotone.unwrap().abs() < 0.05, "{row:?}");
                assert!(processing.is_none() && additivity.is_none());
                continue;
            }
            assert!((nats - 8f64.ln()).abs() < 0.2, "{row:?}");
            assert!((monotone.unwrap() - 1.0).abs() < 0.05 && (processing.unwrap() - 1.0).abs() < 0.1, "{row:?}");
            let ideal = if row.estimator == "infonce" { 32f64.ln() / 8f64.ln() } else { 2.0 };
            assert!((additivity.unwrap() - ideal).abs() < 0.35, "{row:?}");
        }
    }

    /// Equal images have nothing to be told apart by: whatever the critic has learnt, every candidate scores alike.
    #[test]
    fn the_estimates_are_of_the_test_split() {
        let test = Images { pixels: [9, 9, 9, 9, 9, 9].repeat(100), labels: vec![0; 100], ..patterns(0) };
        let data = Dataset { test, ..data() };
        let plan = Plan { rows: vec![2], ..plan(&data) };
        let found = run(&plan, &Choice::list("infonce").unwrap(), &mut || {}).unwrap();
        assert!(found.rows[0].nats.unwrap().abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn every_step_is_counted() {
        let data = data();
        let plan = Plan { steps: 2, ..plan(&data) };
        let choices = Choice::list("jsd,smile,dv").unwrap();
        let mut steps = 0;
        run(&plan, &choices, &mut || steps += 1).unwrap();
        // Two critics; I(X;Y_0), I(X;Y_1), I(X;X) and the two others at t = 1; two steps.
        assert_eq!((steps, plan.all_steps(&choices)), (20, 20));
    }

    #[test]
    fn rows_are_sorted_and_checked() {
        let data = data();
        let with = |rows: &[usize]| Plan { rows: rows.to_vec(), ..plan(&data) }.checked();
        assert_eq!(with(&[2, 0, 1]).unwrap().rows, [0, 1, 2]);
        assert_eq!(with(&[3]).unwrap_err().to_string(), "--rows 3: an image of patterns has 2 rows");
        assert_eq!(with(&[1, 2, 1]).unwrap_err().to_string(), "--rows: 1 is named twice");
        assert_eq!(Plan::some_rows(32), [4, 8, 16]);
        assert_eq!(Plan::some_rows(28), [3, 7, 14]);
    }
}
