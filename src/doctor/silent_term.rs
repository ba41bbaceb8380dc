//! A term in mode train that does not move the encoder: its gradient at the code has vanished, or its weight has made it vanish.

use toml::Value;

use super::{
    Complains, FINE, Judgement, Patient,
    signs::{Signs, setting, short},
};
use crate::{
    config::Mode,
    train::{Pull, TERMS},
};

/// Share of the strongest pull below which a term has no say: Adam follows the sum, and single precision carries seven digits.
const SHARE: f64 = 1e-4;

/// Adam's ε: a gradient this small is no longer scaled up to a step of the learning rate.
const NOTHING: f64 = 1e-8;

/// Share of the strongest pull that a remedy gives a term.
const HEARD: f64 = 0.1;

pub(super) fn judge(signs: &Signs, patient: Patient) -> Judgement {
    if signs.mode(patient) != Mode::Train {
        return FINE;
    }
    let vitals = signs.vitals()?;
    let at = TERMS.iter().position(|t| *t == patient.name())?;
    let silent = |pulls: &[Option<Pull>; 3]| {
        let strongest = strongest(pulls);
        pulls[at].is_some_and(|p| p.weighted < NOTHING || p.weighted < SHARE * strongest)
    };
    if !vitals.iter().all(|v| silent(&v.pulls)) {
        return FINE;
    }
    let newest = &vitals.last()?.pulls;
    let (own, strongest) = (newest[at]?, strongest(newest));
    let (remedy, remedy_words) = remedy(signs, patient, own, strongest);
    let why = if own.raw < NOTHING { "its critic gives it no gradient" } else { "its weight drowns it" };
    Some(Some(Complains {
        text: format!(
            "the {} term does not move the encoder: it pulls at the code by {}, the strongest term by {}; {why}",
            patient.name(),
            short(own.weighted),
            short(strongest)
        ),
        remedy,
        remedy_words,
    }))
}

fn strongest(pulls: &[Option<Pull>; 3]) -> f64 {
    pulls.iter().flatten().map(|p| p.weighted).fold(0.0, f64::max)
}

fn remedy(signs: &Signs, patient: Patient, own: Pull, strongest: f64) -> (Vec<(String, Value)>, String) {
    let weight = signs.weight(patient);
    if own.raw < NOTHING || own.raw < SHARE * HEARD * strongest {
        // No reasonable weight makes up for that. Monitoring, the critic goes on to learn and can be read.
        let edits = vec![(patient.key("mode"), Value::from("monitor"))];
        return (edits, format!("{} only monitors", patient.name()));
    }
    let wanted = if strongest > NOTHING { HEARD * strongest / own.raw } else { 1.0 };
    // One digit will do; through text, so that it is the number a user would type.
    let next = format!("{wanted:.0e}").parse::<f64>().unwrap_or(wanted);
    (vec![(patient.key("weight"), Value::Float(next))], format!("weight {} → {}", setting(weight), setting(next)))
}
