//! An estimate that exponentials of scores carry away: `dv`, `mine` and `nwj` average e^T', so that the largest negative score
//! decides, and nothing in their objective holds it.
//!
//! Three signs, any of which will do:
//!
//! - the estimate is above ln(number of marginal scores): no lower bound that holds with confidence can be larger (McAllester &
//!   Stratos 2020, theorem 1.1);
//! - it is well below 0, which a critic that knows nothing reaches;
//! - it jumps: its variance grows like e^I (Song & Ermon 2020), and beyond some nats its gradient is noise.

use toml::Value;

use super::{
    Complains, FINE, Judgement, Patient,
    signs::{ROWS, Signs, quartiles, short},
};
use crate::{
    config::{Locations, Mode},
    train::history::Series,
};

/// Those that nothing holds; the others clip, or bound their objective.
const UNHELD: [&str; 3] = ["dv", "mine", "nwj"];

/// Rows that a critic has to find its feet, at the start and after a swap. Runs that end well spend about a hundred below zero.
const SETTLING: usize = 150;

/// Nats below zero that are no accident.
const BELOW: f64 = -1.0;

/// Nats between the quartiles of the newest rows: five times those of `dv` at four nats on a batch of 64, which works.
const JUMPS: f64 = 3.0;

pub(super) fn judge(signs: &Signs, patient: Patient) -> Judgement {
    let name = signs.estimator(patient);
    if signs.mode(patient) == Mode::Off || !UNHELD.contains(&name) {
        return FINE;
    }
    let series = Signs::series(patient, Series::MiGlobal, Series::MiLocal);
    if !signs.seen(series, SETTLING + ROWS) {
        return None;
    }
    let [low, median, high] = quartiles(&signs.newest(series, ROWS)?);
    let scores = marginal_scores(signs, patient);
    let most = scores.ln();
    let term = patient.name();
    let text = if median > most {
        format!(
            "{term} {name} reads {} nats, but {scores:.0} negative scores support at most their logarithm, {most:.1}",
            short(median)
        )
    } else if median < BELOW {
        format!(
            "{term} {name} reads {} nats, less than a critic that knows nothing: single negatives outweigh all others",
            short(median)
        )
    } else if !median.is_finite() {
        format!("{term} {name} reads no finite number in most of the last {ROWS} rows: its scores have run away")
    } else if high - low > JUMPS {
        format!(
            "{term} {name} jumps: {} nats between the quartiles of {ROWS} rows, so that its gradient is noise",
            short(high - low)
        )
    } else {
        return FINE;
    };
    Some(Some(Complains {
        text,
        // Its gradient is that of jsd, bounded for each score, so that it tames a critic that has run away; a clip would cut that
        // critic's gradient off instead.
        remedy: vec![(signs.estimator_key(patient), Value::from("smile"))],
        remedy_words: format!("{name} → smile"),
    }))
}

/// Marginal scores of a batch: groups times K.
fn marginal_scores(signs: &Signs, patient: Patient) -> f64 {
    let c = signs.config;
    let (k, _) = signs.negatives(patient);
    let same = patient == Patient::Local && c.objective.local.locations == Locations::Same;
    (c.optim.batch * if same { c.locations() } else { 1 } * k) as f64
}
