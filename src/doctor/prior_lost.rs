//! A prior discriminator that always wins: the codes are told from the prior without error.

use toml::Value;

use super::{
    Complains, FINE, Judgement, Patient,
    signs::{ROWS, Signs, mean, setting, short},
};
use crate::{config::Mode, train::history::Series};

/// The discriminator's loss is 2 ln 2 = 1.39 at chance. At 0.05 it is right with 97.5 % confidence on both sides. Runs that find back
/// to the prior pass through 0.13 on their way.
const LOST: f64 = 0.05;

/// The largest γ proposed: the paper's is 1 at most, and ten times that leaves nothing to the other terms.
const MOST: f64 = 10.0;

pub(super) fn judge(signs: &Signs, patient: Patient) -> Judgement {
    // A discriminator that only monitors plays against nobody.
    if signs.mode(patient) != Mode::Train {
        return FINE;
    }
    let loss = mean(&signs.newest(Series::LossDiscriminator, ROWS)?);
    if loss.is_nan() || loss >= LOST {
        return FINE;
    }
    // The encoder's loss is the one that does not saturate, −ln D(E(x)): its gradient by D's logit is near its largest when D is
    // sure, so nothing is wrong with the game but the stake.
    let gamma = signs.weight(patient);
    let next = match gamma {
        0.0 => 0.1,
        g if g < 1.0 => (10.0 * g).min(1.0),
        g => 2.0 * g,
    };
    let (remedy, remedy_words) = if next <= MOST {
        (vec![(patient.key("weight"), Value::Float(next))], format!("γ {} → {}", setting(gamma), setting(next)))
    } else {
        (Vec::new(), "try the other prior kind".into())
    };
    Some(Some(Complains {
        text: format!(
            "the prior's discriminator has won, loss {} (chance: 1.39): γ = {} is too little for the encoder to answer",
            short(loss),
            setting(gamma)
        ),
        remedy,
        remedy_words,
    }))
}
