//! Training and held-out estimates that part: the critic learns its training images by heart.

use std::f64::consts::LN_2;

use toml::Value;

use super::{
    Complains, FINE, Judgement, Patient,
    signs::{Signs, mean, quartiles, rounded, setting, short},
};
use crate::{config::Mode, train::history::Series};

/// Rows before a probe that its held-out value is held against.
const BEFORE: usize = 20;

/// Probes that must agree: one may be a bad draw.
const PROBES: usize = 2;

/// Nats between the two estimates. Runs on thousands of images stay within 0.2; one on 128 images passes it within a hundred steps.
const GAP: f64 = 0.5;

/// Nats of Jensen-Shannon divergence between the two, out of ln 2 = 0.69. Runs on thousands of images stay within 0.02, one on 128
/// images has 0.1 to 0.4.
const DIVERGENCE_GAP: f64 = 0.1;

/// How much slower the remedy learns. Tried with `infonce` on 128 images of `shapes` at a rate of 1e-3, from step 100 on: at step 400
/// the held-out estimate is 0.5 nats without a change, 0.8 at half the rate, 1.5 at a tenth of it, from 1.4 where it was changed.
const SLOWER: f64 = 10.0;

/// Estimators whose value on a batch is what it is on many: that of the others is sunk by one large score.
const STEADY: [&str; 4] = ["infonce", "dv", "mine", "smile"];

pub(super) fn judge(signs: &Signs, patient: Patient) -> Judgement {
    if signs.mode(patient) == Mode::Off {
        return FINE;
    }
    let name = signs.estimator(patient);
    let gaps = match name {
        "jsd" => divergences(signs, patient)?,
        _ if STEADY.contains(&name) => estimates(signs, patient)?,
        _ => return FINE,
    };
    let limit = if name == "jsd" { DIVERGENCE_GAP } else { GAP };
    // Below zero there is nothing that could have been learned by heart.
    if !gaps.iter().all(|(train, held)| *train > 0.0 && train - held > limit) {
        return FINE;
    }
    let (train, held) = *gaps.last()?;
    let what = if name == "jsd" { "nats of divergence" } else { "nats" };
    let lr = signs.config.optim.lr;
    let slower = rounded(lr / SLOWER);
    let more = if signs.config.data.train_limit > 0 { "a larger data.train_limit" } else { "more images" };
    Some(Some(Complains {
        text: format!(
            "the {} critic memorises: {} {what} on training images, {} on held-out ones; {more} or a smaller critic need a new run",
            patient.name(),
            short(train),
            short(held)
        ),
        remedy: vec![("optim.lr".into(), Value::Float(slower))],
        remedy_words: format!("lr {} → {}", setting(lr), setting(slower)),
    }))
}

/// Training and held-out estimate at each of the newest probes, nats.
fn estimates(signs: &Signs, patient: Patient) -> Option<Vec<(f64, f64)>> {
    let held = Signs::series(patient, Series::HeldoutGlobal, Series::HeldoutLocal);
    let train = Signs::series(patient, Series::MiGlobal, Series::MiLocal);
    at_probes(signs, held, |step| Some(quartiles(&before(signs, train, step)?)[1]))
}

/// The same as divergences of Jensen and Shannon: ln 2 − loss/2 in training; of held-out images what the guaranteed information
/// stands for, which is two standard errors less than the divergence.
fn divergences(signs: &Signs, patient: Patient) -> Option<Vec<(f64, f64)>> {
    let held = Signs::series(patient, Series::GuaranteedGlobal, Series::GuaranteedLocal);
    let train = Signs::series(patient, Series::LossGlobal, Series::LossLocal);
    let pairs = at_probes(signs, held, |step| Some(LN_2 - mean(&before(signs, train, step)?) / 2.0))?;
    Some(pairs.into_iter().map(|(train, nats)| (train, divergence(nats))).collect())
}

/// JS(k) = ln 2 − ½(1+e^−k) ln(1+e^−k) − ½ k e^−k, whose inverse is the guaranteed bound (arXiv 2510.20644).
fn divergence(k: f64) -> f64 {
    let q = (-k).exp();
    if q == 0.0 { LN_2 } else { LN_2 - 0.5 * ((1.0 + q) * q.ln_1p() + k * q) }
}

fn at_probes(signs: &Signs, held: Series, train: impl Fn(u64) -> Option<f64>) -> Option<Vec<(f64, f64)>> {
    let probes = signs.history.tail(held, signs.since, PROBES);
    if probes.len() < PROBES {
        return None;
    }
    probes.into_iter().map(|(step, value)| Some((train(step)?, value))).collect()
}

/// The rows up to a probe's step.
fn before(signs: &Signs, series: Series, step: u64) -> Option<Vec<f64>> {
    let rows = signs.history.tail_until(series, signs.since, step, BEFORE);
    (rows.len() == BEFORE).then(|| rows.into_iter().map(|(_, v)| v).collect())
}
