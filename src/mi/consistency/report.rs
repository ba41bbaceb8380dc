//! The three tests, and what became of them: ratios of estimates with their errors over seeds.

use std::collections::BTreeMap;

use serde::Serialize;

use super::pairs::Pairing;
use crate::mi::{Choice, finite};

/// A test: the quotient of two informations, whose true value is known although theirs is not.
#[derive(Debug, Serialize)]
pub struct Test {
    pub name: &'static str,
    /// The quotient.
    pub ratio: &'static str,
    /// What it would be of the true informations; `rising to 1`: from 0 without rows, never falling, to 1 with all.
    pub ideal: &'static str,
    /// What stands above.
    #[serde(skip)]
    pub(super) above: Pairing,
    /// Whether I(X;X) stands below, the image with all its rows, and not I(X;Y_t).
    #[serde(skip)]
    pub(super) by_all_rows: bool,
}

/// The tests of Song & Ermon 2020, section 6.2.
pub const TESTS: [Test; 3] = [
    Test { name: "monotone", ratio: "I(X;Y_t) / I(X;X)", ideal: "rising to 1", above: Pairing::Once, by_all_rows: true },
    Test {
        name: "data-processing",
        ratio: "I([X,X];[Y_t,Y_(t-3)]) / I(X;Y_t)",
        ideal: "1",
        above: Pairing::Twice,
        by_all_rows: false,
    },
    Test { name: "additivity", ratio: "I([X1,X2];[Y1_t,Y2_t]) / I(X;Y_t)", ideal: "2", above: Pairing::Two, by_all_rows: false },
];

/// What came out.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub data_set: String,
    /// Rows and columns of an image.
    pub height: usize,
    pub width: usize,
    /// Steps of each training.
    pub steps: u64,
    /// Pairs in a batch.
    pub batch: usize,
    pub seeds: u64,
    /// Pairs of test images that the estimates of each seed are of; no critic was trained on them.
    pub held_out: usize,
    pub tests: &'static [Test],
    pub rows: Vec<Row>,
    pub warnings: Vec<String>,
}

/// One estimator at one t.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub estimator: String,
    /// Rows of the image that Y_t keeps.
    pub t: usize,
    /// The estimate of I(X;Y_t), nats, mean over seeds; `None` if one of them was not finite.
    pub nats: Option<f64>,
    /// Its standard error over seeds; `None` for a single seed.
    pub se: Option<f64>,
    /// The largest value that `nats` can reach.
    pub ceiling: Option<f64>,
    /// Why there is no number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// In the order of [`TESTS`].
    pub ratios: Vec<Ratio>,
}

/// What one test gave.
#[derive(Debug, Clone, Serialize)]
pub struct Ratio {
    /// Its name.
    pub test: &'static str,
    /// Mean over seeds of the quotient of each; `None` if one of them has none.
    pub value: Option<f64>,
    /// Its standard error over seeds; `None` for a single seed.
    pub se: Option<f64>,
    /// What stands above, nats, mean over seeds.
    pub above: Option<f64>,
    /// What stands below, likewise.
    pub below: Option<f64>,
    /// Why there is no number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The estimate of one seed in nats, or why there is none. Never a number that is not finite.
pub(super) type Answer = Result<f64, String>;

/// The answers of one estimator, by seed, for each pairing and t that was trained.
pub(super) type Answers = BTreeMap<(Pairing, usize), Vec<Answer>>;

/// The rows of one estimator: one for each t of `ts`, of images with `height` rows.
pub(super) fn rows(choice: &Choice, ts: &[usize], height: usize, batch: usize, answers: &Answers) -> Vec<Row> {
    let at = |pairing, t| answers.get(&(pairing, t)).map_or(&[][..], Vec::as_slice);
    let of_t = |&t: &usize| {
        let own = summary(at(Pairing::Once, t));
        let of_test = |test: &Test| {
            let below = at(Pairing::Once, if test.by_all_rows { height } else { t });
            ratio(test, at(test.above, t), below)
        };
        Row {
            estimator: choice.label.clone(),
            t,
            nats: own.mean,
            se: own.se,
            ceiling: choice.estimator.ceiling(batch - 1, None),
            reason: own.reason,
            ratios: TESTS.iter().map(of_test).collect(),
        }
    };
    ts.iter().map(of_t).collect()
}

/// The quotient of each seed, and their mean.
fn ratio(test: &Test, above: &[Answer], below: &[Answer]) -> Ratio {
    let quotients: Vec<Answer> = above.iter().zip(below).map(|(above, below)| quotient(test, above, below)).collect();
    let found = summary(&quotients);
    Ratio {
        test: test.name,
        value: found.mean,
        se: found.se,
        above: summary(above).mean,
        below: summary(below).mean,
        reason: found.reason,
    }
}

fn quotient(test: &Test, above: &Answer, below: &Answer) -> Answer {
    let (above, below) = (above.clone()?, below.clone()?);
    if below > 0.0 && (above / below).is_finite() {
        return Ok(above / below);
    }
    let name = if test.by_all_rows { "I(X;X)" } else { Pairing::Once.formula() };
    Err(format!("the estimate of {name} is {below:.3}, and only one above 0 can be divided by"))
}

/// Mean over seeds, and its standard error.
struct Summary {
    mean: Option<f64>,
    se: Option<f64>,
    reason: Option<String>,
}

fn summary(answers: &[Answer]) -> Summary {
    let none = |reason: &str| Summary { mean: None, se: None, reason: Some(reason.to_owned()) };
    let values = match answers.iter().map(Result::as_ref).collect::<Result<Vec<&f64>, _>>() {
        Ok(values) if values.is_empty() => return none("without rows both informations are 0, and so no critic was trained"),
        Ok(values) => values,
        Err(reason) => return none(reason),
    };
    let n = values.len() as f64;
    let mean = values.iter().copied().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (*v - mean).powi(2)).sum();
    // 0/0 for a single seed.
    Summary { mean: finite(mean), se: finite((squares / (n - 1.0) / n).sqrt()), reason: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(of: &[((Pairing, usize), &[f64])]) -> Answers {
        of.iter().map(|(key, values)| (*key, values.iter().map(|v| Ok(*v)).collect())).collect()
    }

    fn ratios(row: &Row) -> Vec<[Option<f64>; 4]> {
        row.ratios.iter().map(|r| [r.value, r.se, r.above, r.below]).collect()
    }

    #[test]
    fn ratios_are_taken_seed_by_seed() {
        let choice = Choice::parse("infonce").unwrap();
        let found = answers(&[
            ((Pairing::Once, 4), &[1.0, 2.0]),
            ((Pairing::Once, 8), &[4.0, 4.0]),
            ((Pairing::Twice, 4), &[1.0, 3.0]),
            ((Pairing::Two, 4), &[2.5, 3.0]),
        ]);
        let rows = rows(&choice, &[4], 8, 64, &found);
        assert_eq!(rows.len(), 1);
        let row = &rows[0];
        // 1 and 2: standard deviation 1/√2, standard error 1/2.
        assert_eq!((row.t, row.nats, row.se), (4, Some(1.5), Some(0.5)));
        assert_eq!(row.ceiling, Some(64f64.ln()));
        // 1/4 and 2/4; 1/1 and 3/2; 2.5/1 and 3/2.
        assert_eq!(ratios(row)[0], [Some(0.375), Some(0.125), Some(1.5), Some(4.0)]);
        assert_eq!(ratios(row)[1], [Some(1.25), Some(0.25), Some(2.0), Some(1.5)]);
        assert_eq!(ratios(row)[2], [Some(2.0), Some(0.5), Some(2.75), Some(1.5)]);
        assert_eq!(row.ratios.iter().map(|r| r.test).collect::<Vec<_>>(), ["monotone", "data-processing", "additivity"]);
    }

    #[test]
    fn one_seed_has_no_error_and_all_rows_have_ratio_one() {
        let choice = Choice::parse("dv").unwrap();
        let found = answers(&[((Pairing::Once, 8), &[3.7]), ((Pairing::Twice, 8), &[3.5]), ((Pairing::Two, 8), &[5.0])]);
        let row = &rows(&choice, &[8], 8, 64, &found)[0];
        assert_eq!((row.nats, row.se, row.ceiling), (Some(3.7), None, None));
        assert_eq!(ratios(row)[0], [Some(1.0), None, Some(3.7), Some(3.7)]);
    }

    #[test]
    fn what_cannot_be_divided_has_a_reason() {
        let choice = Choice::parse("nwj").unwrap();
        let mut found = answers(&[((Pairing::Once, 0), &[-0.01]), ((Pairing::Once, 8), &[2.0])]);
        let row = &rows(&choice, &[0], 8, 64, &found)[0];
        assert_eq!((row.nats, row.ratios[0].value), (Some(-0.01), Some(-0.005)));
        assert_eq!((row.ratios[1].value, row.ratios[1].above, row.ratios[1].below), (None, None, Some(-0.01)));
        assert!(row.ratios[2].reason.as_deref().unwrap().starts_with("without rows both informations are 0"));

        found.extend(answers(&[((Pairing::Once, 4), &[-0.5]), ((Pairing::Twice, 4), &[1.0])]));
        found.insert((Pairing::Two, 4), vec![Err("it is -inf".into())]);
        let row = &rows(&choice, &[4], 8, 64, &found)[0];
        let below = "the estimate of I(X;Y_t) is -0.500, and only one above 0 can be divided by";
        assert_eq!((row.ratios[1].value, row.ratios[1].reason.as_deref()), (None, Some(below)));
        assert_eq!((row.ratios[2].value, row.ratios[2].reason.as_deref()), (None, Some("it is -inf")));

        found.insert((Pairing::Once, 8), vec![Ok(0.0)]);
        let row = &rows(&choice, &[8], 8, 64, &found)[0];
        assert!(row.ratios[0].reason.as_deref().unwrap().starts_with("the estimate of I(X;X) is 0.000"));
    }
}
