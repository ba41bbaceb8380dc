//! The columns of the CSV files, and a row's cells in them.

use super::{ArenaRow, FactorScores, Measure, ProbeRow, StepRow};

/// Columns of `metrics.csv`. `truth` is that of the arena.
pub const METRICS: [&str; 19] = [
    "step",
    "seconds",
    "examples_per_second",
    "loss",
    "loss_global",
    "loss_local",
    "loss_prior",
    "loss_discriminator",
    "mi_global",
    "mi_local",
    "ceiling_global",
    "ceiling_local",
    "estimator_global",
    "estimator_local",
    "negatives_global",
    "negatives_local",
    "lr",
    "grad_norm",
    "truth",
];

/// Columns of `probes.csv`.
pub const PROBES: [&str; 12] = [
    "step",
    "linear_conv",
    "linear_fc",
    "linear_y",
    "knn_y",
    "chance",
    "linear_pixels",
    "mi_heldout_global",
    "mi_heldout_local",
    "mi_guaranteed_global",
    "mi_guaranteed_local",
    "seconds",
];

/// Columns of `factors.csv`.
pub const FACTORS: [&str; 7] = ["step", "factor", "measure", "conv", "fc", "y", "baseline"];

/// Columns of `arena.csv`.
pub const ARENA: [&str; 7] = ["step", "estimator", "truth", "nats", "bias", "deviation", "ceiling"];

/// A number in full; empty without a finite one.
pub fn number(v: Option<f64>) -> String {
    v.filter(|v| v.is_finite()).map(|v| v.to_string()).unwrap_or_default()
}

/// The cells of a step.
pub fn metrics(row: &StepRow) -> Vec<String> {
    let (terms, count) = (&row.terms, |n: Option<usize>| n.map(|n| n.to_string()).unwrap_or_default());
    let text = |name: &Option<String>| name.clone().unwrap_or_default();
    vec![
        row.step.to_string(),
        number(Some(row.seconds)),
        number(Some(row.examples_per_second)),
        number(Some(row.loss)),
        number(terms.global),
        number(terms.local),
        number(terms.prior),
        number(terms.discriminator),
        number(row.mi.global),
        number(row.mi.local),
        number(row.ceiling.global),
        number(row.ceiling.local),
        text(&row.estimator.global),
        text(&row.estimator.local),
        count(row.negatives.global),
        count(row.negatives.local),
        number(Some(row.lr)),
        number(Some(row.grad_norm)),
        number(row.arena.as_ref().map(|a| a.truth)),
    ]
}

/// The cells of a probe.
pub fn probe(row: &ProbeRow) -> Vec<String> {
    let linear = &row.accuracy.linear;
    let numbers = [
        Some(linear.conv),
        Some(linear.fc),
        Some(linear.y),
        Some(row.accuracy.knn.y),
        Some(row.chance),
        row.pixels,
        row.mi_heldout.global,
        row.mi_heldout.local,
        row.mi_guaranteed.global,
        row.mi_guaranteed.local,
        Some(row.seconds),
    ];
    std::iter::once(row.step.to_string()).chain(numbers.map(number)).collect()
}

/// The cells of a factor at a probe.
pub fn factor(step: u64, row: &FactorScores) -> Vec<String> {
    let measure = match row.measure {
        Measure::Accuracy => "accuracy",
        Measure::R2 => "r2",
    };
    let names = [step.to_string(), row.name.clone(), measure.to_owned()];
    names.into_iter().chain([row.score.conv, row.score.fc, row.score.y, row.baseline].map(number)).collect()
}

/// The cells of each estimator of the arena at a step.
pub fn arena(step: u64, row: &ArenaRow) -> Vec<Vec<String>> {
    let of = |name: &String| {
        let numbers = [&row.nats, &row.bias, &row.deviation, &row.ceiling].map(|all| number(all.get(name).copied().flatten()));
        let names = [step.to_string(), name.clone(), number(Some(row.truth))];
        names.into_iter().chain(numbers).collect()
    };
    row.nats.keys().map(of).collect()
}
