//! A collapsed code: units that stand still, or codes that lie on a line.

use toml::Value;

use super::{
    Complains, FINE, Judgement, Patient,
    signs::{Signs, rounded, setting, short},
};
use crate::config::Mode;

/// Share of the units that may stand still. An encoder at its start has none of them.
const IDLE: f64 = 0.25;

/// Directions that the codes of a batch take up at the least, as an effective rank: below, they lie all but on a line.
const RANK: f64 = 1.5;

/// Codes of fewer units have hardly more than one direction to begin with.
const UNITS: usize = 4;

pub(super) fn judge(signs: &Signs, _: Patient) -> Judgement {
    if signs.config.encoder.code < UNITS {
        return FINE;
    }
    let vitals = signs.vitals()?;
    let newest = &vitals.last()?.spread;
    let text = if vitals.iter().all(|v| v.spread.idle as f64 > IDLE * v.spread.units as f64) {
        format!("{} of the code's {} units stand still over a batch: the code has collapsed", newest.idle, newest.units)
    } else if vitals.iter().all(|v| v.spread.effective_rank < RANK) {
        format!(
            "the codes of a batch lie on a line (effective rank {} of {}): the code has collapsed",
            short(newest.effective_rank),
            newest.units
        )
    } else {
        return FINE;
    };
    let (remedy, remedy_words) = remedy(signs);
    Some(Some(Complains { text, remedy, remedy_words }))
}

/// The prior wants every unit spread out: it is what the objective has against a collapse.
fn remedy(signs: &Signs) -> (Vec<(String, Value)>, String) {
    let prior = &signs.config.objective.prior;
    let edit = |setting: &str, value: Value| (Patient::Prior.key(setting), value);
    if prior.mode != Mode::Train {
        let weight = if prior.weight > 0.0 { prior.weight } else { 0.1 };
        let edits = vec![edit("mode", Value::from("train")), edit("weight", Value::Float(weight))];
        return (edits, format!("prior on, γ = {}", setting(weight)));
    }
    if prior.weight < 1.0 {
        let next = (10.0 * prior.weight).clamp(0.1, 1.0);
        return (vec![edit("weight", Value::Float(next))], format!("γ {} → {}", setting(prior.weight), setting(next)));
    }
    let lr = signs.config.optim.lr;
    (vec![("optim.lr".into(), Value::Float(rounded(lr / 2.0)))], format!("lr {} → {}", setting(lr), setting(rounded(lr / 2.0))))
}
