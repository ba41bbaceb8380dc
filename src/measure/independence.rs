//! NDM, the neural dependency measure (Hjelm et al. 2019, section 4.1): how far the units of the code are from independent.
//!
//! A discriminator tells codes from codes whose units were each shuffled over the batch. It is trained on the bound of the
//! Kullback-Leibler divergence (`nwj`) and read out by Donsker-Varadhan (`dv`), in nats, on codes of held-out images: a lower bound, but
//! for the sampling of the logarithm, of the total correlation KL(p(y) ‖ ∏ p(yᵢ)). 0 for independent units.

use candle_core::{DType, Device, Tensor, Var};
use dim_estimators::{Estimator, Scores, by_name};
use rand_chacha::ChaCha8Rng;

use super::Error;
use crate::{
    eval::{Features, Standardiser},
    model::Discriminator,
    nn::{self, Adam, Draws, Gradients, Store},
};

/// How long to train.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub seed: u64,
    pub steps: u64,
    /// Codes in a batch, from both sides (10,000 in the paper).
    pub batch: usize,
}

const LR: f64 = 5e-4;
/// Of the training codes, this share chooses the discriminator's state that is read out.
const WATCH: f64 = 0.2;
/// It is looked at so often.
const CHECKS: u64 = 10;
/// Shuffles of the held-out codes that stand for the product of the marginals.
const SHUFFLES: usize = 4;

/// NDM in nats of codes [n, d]: trained on `train`, read on `test`. `None` if there is no finite number. `told` is called after each step.
///
/// # Errors
/// Candle's.
pub fn independence(train: &Features, test: &Features, settings: Settings, told: &mut dyn FnMut()) -> Result<Option<f64>, Error> {
    let scale = Standardiser::fit(train);
    let (train, test) = (scale.apply(train), scale.apply(test));
    let watch = train.n - (train.n as f64 * WATCH) as usize;
    let draws = Draws { seed: settings.seed, attempt: 0 };
    let mut judge = Judge::new(draws, train.dim)?;
    let (nwj, dv) = (named("nwj")?, named("dv")?);
    let watched = Sides::of(&train, &(watch as u32..train.n as u32).collect::<Vec<_>>(), &mut draws.rng("ndm/watch", 0), 1)?;
    let mut best: Option<(f64, Vec<Tensor>)> = None;
    for step in 1..=settings.steps {
        let rows = nn::distinct(&mut draws.rng("ndm/rows", step), settings.batch, watch);
        let sides = Sides::of(&train, &rows, &mut draws.rng("ndm/shuffle", step), 1)?;
        if !judge.step(&*nwj, &sides)? {
            break;
        }
        if step.is_multiple_of((settings.steps / CHECKS).max(1)) || step == settings.steps {
            let value = number(&nwj.objective(&judge.scores(&watched)?)?)?;
            if value.is_finite() && best.as_ref().is_none_or(|(top, _)| value > *top) {
                best = Some((value, judge.params.iter().map(|(_, p)| p.copy()).collect::<Result<_, _>>()?));
            }
        }
        told();
    }
    let Some((_, weights)) = best else { return Ok(None) };
    judge.params.iter().zip(&weights).try_for_each(|((_, param), value)| param.set(value))?;
    let all: Vec<u32> = (0..test.n as u32).collect();
    let sides = Sides::of(&test, &all, &mut draws.rng("ndm/test", 0), SHUFFLES)?;
    let nats = number(&dv.objective(&judge.scores(&sides)?)?)?;
    Ok(nats.is_finite().then_some(nats))
}

/// The most nats that can be certified of `n` held-out codes: ln of the number of shuffled codes that they are held against. No lower
/// bound of a divergence that holds with confidence whatever the distributions is much larger (McAllester & Stratos 2020); a larger
/// value is what the discriminator extrapolates.
pub fn certifiable(n: usize) -> f64 {
    ((SHUFFLES * n).max(1) as f64).ln()
}

fn named(name: &str) -> Result<Box<dyn Estimator>, Error> {
    by_name(name).ok_or_else(|| Error::Input(format!("no estimator is named '{name}'")))
}

fn number(scalar: &Tensor) -> Result<f64, Error> {
    Ok(scalar.to_dtype(DType::F64)?.to_scalar()?)
}

/// Codes as they are, and with every unit shuffled.
struct Sides {
    codes: Tensor,
    shuffled: Tensor,
}

impl Sides {
    /// Of these rows; the shuffled ones come `times` over.
    fn of(features: &Features, rows: &[u32], rng: &mut ChaCha8Rng, times: usize) -> Result<Self, Error> {
        let (n, d) = (rows.len(), features.dim);
        let codes: Vec<f32> = rows.iter().flat_map(|&i| features.row(i as usize)).copied().collect();
        let mut shuffled = vec![0.0; times * n * d];
        for (copy, unit) in (0..times).flat_map(|copy| (0..d).map(move |unit| (copy, unit))) {
            for (to, from) in nn::permutation(rng, n).into_iter().enumerate() {
                shuffled[(copy * n + to) * d + unit] = codes[from as usize * d + unit];
            }
        }
        let tensor = |values, rows| Tensor::from_vec(values, (rows, d), &Device::Cpu);
        Ok(Self { codes: tensor(codes, n)?, shuffled: tensor(shuffled, times * n)? })
    }
}

/// The discriminator in training.
struct Judge {
    network: Discriminator,
    params: Vec<(String, Var)>,
    adam: Adam,
    gradients: Gradients,
}

impl Judge {
    fn new(draws: Draws, units: usize) -> Result<Self, Error> {
        let mut store = Store::new(draws, &Device::Cpu, DType::F32);
        let network = Discriminator::new(store.root().sub("ndm"), units, Discriminator::HIDDEN)?;
        Ok(Self { network, params: store.group("ndm"), adam: Adam::new(), gradients: Gradients::default() })
    }

    /// One group of joint and marginal scores.
    fn scores(&self, sides: &Sides) -> Result<Scores, Error> {
        let row = |scores: Tensor| scores.flatten_all()?.unsqueeze(0);
        Ok(Scores::new(row(self.network.forward(&sides.codes)?)?, row(self.network.forward(&sides.shuffled)?)?)?)
    }

    /// One step up the objective; false if it was not finite, and nothing changed.
    fn step(&mut self, estimator: &dyn Estimator, sides: &Sides) -> Result<bool, Error> {
        let objective = estimator.objective(&self.scores(sides)?)?;
        self.gradients.update(&objective.neg()?)?;
        if !number(&objective)?.is_finite() || !nn::grad_norm(&self.params, &self.gradients)?.to_scalar::<f64>()?.is_finite() {
            return Ok(false);
        }
        self.adam.step(&self.params, &self.gradients, LR, 1.0)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings { seed: 1, steps: 150, batch: 500 };

    /// n codes of standard normal numbers; unit 1 is correlated with unit 0 by ρ.
    fn codes(n: usize, d: usize, rho: f64, purpose: &str) -> Features {
        let mut values = nn::normal(&mut Draws { seed: 0, attempt: 0 }.rng(purpose, 0), n * d);
        for row in values.chunks_exact_mut(d) {
            row[1] = (rho * f64::from(row[0]) + (1.0 - rho * rho).sqrt() * f64::from(row[1])) as f32;
        }
        Features::new(n, d, values)
    }

    fn ndm(d: usize, rho: f64) -> f64 {
        let (train, test) = (codes(4000, d, rho, "train"), codes(4000, d, rho, "test"));
        independence(&train, &test, SETTINGS, &mut || ()).unwrap().unwrap()
    }

    /// The total correlation of a Gaussian pair is −½ ln(1 − ρ²): 0.830 nats for ρ = 0.9.
    #[test]
    fn it_is_nought_for_independent_units_and_the_total_correlation_of_gaussians() {
        assert!(ndm(4, 0.0).abs() < 0.05, "{}", ndm(4, 0.0));
        let known = -0.5 * (1.0f64 - 0.81).ln();
        let found = ndm(4, 0.9);
        assert!((found - known).abs() < 0.12, "{found} for {known}");
        assert!(ndm(4, 0.999) > found + 0.8, "nearly the same unit twice");
    }

    #[test]
    fn shuffling_keeps_what_each_unit_holds() {
        let features = codes(50, 3, 0.5, "train");
        let sides =
            Sides::of(&features, &(0..50).collect::<Vec<_>>(), &mut Draws { seed: 0, attempt: 0 }.rng("s", 0), 2).unwrap();
        assert_eq!(sides.shuffled.dims(), [100, 3]);
        for unit in 0..3 {
            let sorted = |t: &Tensor, from: usize| {
                let mut v =
                    t.narrow(0, from, 50).unwrap().narrow(1, unit, 1).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
                v.sort_by(f32::total_cmp);
                v
            };
            assert_eq!(sorted(&sides.codes, 0), sorted(&sides.shuffled, 0));
            assert_eq!(sorted(&sides.codes, 0), sorted(&sides.shuffled, 50));
        }
    }
}
