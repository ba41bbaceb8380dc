//! An estimate at its ceiling: it says no more than that the ceiling is there, and its gradient fades.

use toml::Value;

use super::{
    Complains, FINE, Judgement, Patient,
    signs::{ROWS, Signs, mean, setting, short},
};
use crate::{
    config::{Mode, Negatives},
    train::history::Series,
};

/// From so near to its ceiling on, an estimate says only that the ceiling is there.
pub const AT_CEILING: f64 = 0.95;

/// Batches beyond this are not proposed: a batch has N²·L scores, and a step of a thousand images takes most machines seconds.
const MOST_BATCH: usize = 1024;

/// A clip that takes more than so many nats off InfoNCE's ln(K + 1) is what limits it.
const CLIP_TAKES: f64 = 0.1;

pub(super) fn judge(signs: &Signs, patient: Patient) -> Judgement {
    if signs.mode(patient) == Mode::Off {
        return FINE;
    }
    let ceiling = Signs::series(patient, Series::CeilingGlobal, Series::CeilingLocal);
    let estimate = Signs::series(patient, Series::MiGlobal, Series::MiLocal);
    let estimates = signs.newest(estimate, ROWS)?;
    let Some(ceiling) = signs.newest(ceiling, 1).map(|c| c[0]).filter(|c| *c > 0.0) else { return FINE };
    let nats = mean(&estimates);
    if nats.is_nan() || nats <= AT_CEILING * ceiling {
        return FINE;
    }
    let (k, _) = signs.negatives(patient);
    let name = signs.estimator(patient);
    let (remedy, remedy_words) = remedy(signs, patient, ceiling);
    Some(Some(Complains {
        text: format!(
            "{} {name} at its ceiling, {} of {} nats (K {k}): it cannot tell more, and its gradient fades",
            patient.name(),
            short(nats),
            short(ceiling)
        ),
        remedy,
        remedy_words,
    }))
}

/// What lifts the ceiling: the clip if that is what limits; else K up to the pool; then a larger batch.
fn remedy(signs: &Signs, patient: Patient, ceiling: f64) -> (Vec<(String, Value)>, String) {
    let (k, pool) = signs.negatives(patient);
    let (clip, clip_key) = signs.clip(patient);
    let by_negatives = signs.estimator(patient) == "infonce";
    if let Some(c) = clip.filter(|_| !by_negatives || ((k + 1) as f64).ln() - ceiling > CLIP_TAKES) {
        return (vec![(clip_key, Value::Float(2.0 * c))], format!("clip {} → {}", setting(c), setting(2.0 * c)));
    }
    if !by_negatives {
        // A ceiling of an estimator that is not ours: what lifts it is in its own file.
        return (Vec::new(), "see what limits this estimator".into());
    }
    let negatives = patient.key("negatives");
    if 2 * k < pool {
        // K is below 2⁶³ by far.
        return (vec![(negatives, Value::Integer(2 * k as i64))], format!("K {k} → {}", 2 * k));
    }
    if k < pool {
        return (vec![(negatives, Value::from("all"))], format!("K {k} → all"));
    }
    let batch = signs.config.optim.batch;
    if 2 * batch > MOST_BATCH {
        return (Vec::new(), "dv or nwj have no ceiling".into());
    }
    let mut edits = vec![("optim.batch".to_owned(), Value::Integer(2 * batch as i64))];
    let o = &signs.config.objective;
    let set = if patient == Patient::Global { o.global.negatives } else { o.local.negatives };
    if matches!(set, Negatives::Count(_)) {
        edits.push((negatives, Value::from("all")));
    }
    (edits, format!("batch {batch} → {}", 2 * batch))
}
