//! A weight that changes nothing: Adam divides the gradient of a lone term by its own size.

use toml::Value;

use super::{
    Complains, FINE, Judgement, Patient,
    signs::{Signs, setting},
};
use crate::config::Mode;

pub(super) fn judge(signs: &Signs, _: Patient) -> Judgement {
    let terms = [Patient::Local, Patient::Global, Patient::Prior];
    let trained: Vec<Patient> = terms.into_iter().filter(|p| signs.mode(*p) == Mode::Train).collect();
    let [only] = trained[..] else { return FINE };
    let weight = signs.weight(only);
    // A gradient that is clipped has a size; one that is nothing is another complaint.
    if weight == 1.0 || weight == 0.0 || signs.config.optim.clip_norm > 0.0 {
        return FINE;
    }
    Some(Some(Complains {
        text: format!(
            "the {} term alone trains, so that its weight {} changes nothing: Adam rescales a lone term's gradient",
            only.name(),
            setting(weight)
        ),
        remedy: vec![(only.key("weight"), Value::Float(1.0))],
        remedy_words: format!("weight {} → 1", setting(weight)),
    }))
}
