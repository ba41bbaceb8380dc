//! The numbers by which runs are compared, each with its name: those of a probe, and those of `eval.json`.

use serde_json::Value;

use crate::record::{ArenaRow, ProbeRow};

/// Names with values; what was not measured, or is not finite, is left out.
pub(super) type Measures = Vec<(String, f64)>;

/// Accuracies on held-out images in [0, 1], and held-out estimates in nats.
pub(super) fn of_probe(row: &ProbeRow) -> Measures {
    let accuracy = &row.accuracy;
    let all = [
        ("accuracy.conv", Some(accuracy.linear.conv)),
        ("accuracy.fc", Some(accuracy.linear.fc)),
        ("accuracy.y", Some(accuracy.linear.y)),
        ("accuracy.knn", Some(accuracy.knn.y)),
        ("mi.global", row.mi_heldout.global),
        ("mi.local", row.mi_heldout.local),
    ];
    finite(all.into_iter().map(|(name, value)| (name.to_owned(), value)))
}

/// Of a run without an encoder: how far each estimator is from the truth, and how much it varies, over its last 200 steps.
pub(super) fn of_arena(row: &ArenaRow) -> Measures {
    let all = [("bias", &row.bias), ("deviation", &row.deviation)];
    finite(all.into_iter().flat_map(|(what, of)| of.iter().map(move |(name, value)| (format!("{what}.{name}"), *value))))
}

/// What `dim-tui eval --json` found of the trained encoder.
pub(super) fn of_eval(report: &Value) -> Measures {
    let mut all = Vec::new();
    let trained = |part: &str| {
        let rows = report[part].as_array().cloned().unwrap_or_default();
        rows.into_iter().filter(|row| row["encoder"] == "trained")
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for row in trained("probes") {
        all.push((format!("eval.{}.{}", text(&row["probe"]), text(&row["layer"])), row["test_accuracy"].as_f64()));
    }
    for row in trained("code") {
        let numbers = ["rank_me", "idle", "alignment", "uniformity"];
        all.extend(numbers.map(|name| (name.to_owned(), row[name].as_f64())));
    }
    for row in trained("ndm") {
        all.push(("ndm".into(), row["value"].as_f64()));
    }
    for row in trained("mine") {
        all.push(("mine".into(), row["value"]["nats"].as_f64()));
    }
    for row in trained("reconstruction") {
        all.extend(["mse", "ssim", "ms_ssim"].map(|name| (name.to_owned(), row["value"][name].as_f64())));
    }
    for row in trained("factors") {
        all.push((format!("factor.{}.{}", text(&row["factor"]), text(&row["layer"])), row["score"].as_f64()));
    }
    finite(all.into_iter())
}

fn finite(values: impl Iterator<Item = (String, Option<f64>)>) -> Measures {
    values.filter_map(|(name, value)| Some((name, value.filter(|v| v.is_finite())?))).collect()
}
