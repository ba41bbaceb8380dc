//! Runs grouped by the settings in which they differ, and the figure over these.

use super::*;

#[test]
fn runs_equal_but_for_their_seeds_are_grouped() {
    let runs =
        (0..3).map(|seed| variant(&format!("s{seed}"), &[("seed", seed.into())], [0.2, 0.3, 0.4][seed as usize])).collect();
    let html = Report::new(runs).html();
    sound(&html);
    // Mean 0.3, standard deviation 0.1, over √3.
    assert!(html.contains("30.0 % ± 5.8"), "{html}");
    assert!(html.contains("Results by settings") && html.contains("Accuracy of a linear probe on Y"), "and laid over each other");
}

/// Estimators × K × seeds, as the sweep over negatives.
fn negatives() -> Vec<SavedRun> {
    let mut runs = Vec::new();
    for (e, estimator) in ["dv", "jsd"].into_iter().enumerate() {
        for (k, negatives) in [1, 7, 63].into_iter().enumerate() {
            for seed in 0..2 {
                let y = 0.2 + 0.1 * e as f64 + 0.02 * k as f64 + 0.01 * seed as f64;
                let edits: [(&str, toml::Value); 3] = [
                    ("objective.estimator", estimator.into()),
                    ("objective.local.negatives", negatives.into()),
                    ("seed", seed.into()),
                ];
                runs.push(variant(&format!("{estimator}-{negatives}-{seed}"), &edits, y));
            }
        }
    }
    runs
}

#[test]
fn one_numeric_setting_is_an_axis_and_the_others_are_lines() {
    let report = Report::new(negatives());
    let html = report.html();
    sound(&html);
    assert!(html.contains("12 runs") && !html.contains("Settings that differ"), "too many for a column each");
    let svg = report.svg();
    elements(&svg);
    let first = svg.split("</g>").next().unwrap();
    assert!(first.contains(">dv<") && first.contains(">jsd<") && first.contains("objective.local.negatives"));
    // From 1 to 63 it is logarithmic, with ticks at the values.
    assert!([">1<", ">7<", ">63<"].iter().all(|tick| first.contains(tick)), "{first}");
    assert!(first.contains("objective.local.negatives 7\ndv 22.5 % ± 0.5 (n = 2)"), "{first}");
    // Folders given one by one are one table.
    let (a, b) = (negatives(), negatives());
    let halves: Vec<SavedRun> = a.into_iter().skip(1).step_by(2).chain(b.into_iter().step_by(2)).collect();
    assert_eq!(Report::new(halves).csv().unwrap(), report.csv().unwrap());
}

#[test]
fn two_numeric_settings_are_heat_maps() {
    let mut runs = Vec::new();
    for (a, alpha) in [0.0, 0.5, 1.0].into_iter().enumerate() {
        for (b, beta) in [0.1, 0.5, 1.0].into_iter().enumerate() {
            let edits: [(&str, toml::Value); 2] =
                [("objective.global.weight", alpha.into()), ("objective.local.weight", beta.into())];
            let mut run = variant(&format!("{a}-{b}"), &edits, 0.3 + 0.1 * a as f64 + 0.01 * b as f64);
            let reconstruction =
                serde_json::json!([{"encoder": "trained", "value": {"mse": 0.1 + 0.01 * a as f64, "ms_ssim": 0.5}}]);
            run.eval = Some(serde_json::json!({"step": 400, "reconstruction": reconstruction}));
            runs.push(run);
        }
    }
    let report = Report::new(runs);
    let html = report.html();
    sound(&html);
    for cell in ["30.0", "52.0"] {
        assert!(html.contains(&format!(">{cell}</text>")), "{cell}");
    }
    assert!(html.contains("objective.global.weight") && html.contains("less is better") && html.contains("MS-SSIM"));
    elements(&report.svg());
}

#[test]
fn a_critic_that_was_never_trained_has_no_estimate() {
    let weight = |w: f64| {
        let mut run = variant("run", &[("objective.local.weight", w.into())], 0.3);
        run.journal.clear();
        run
    };
    let table = crate::sweep::table(&[weight(0.0), weight(1.0)]);
    let has: Vec<bool> = table.rows.iter().map(|row| row.measures.contains_key("mi.local")).collect();
    assert_eq!(has, [false, true]);
    assert!(table.rows.iter().all(|row| row.measures.contains_key("accuracy.y")));
}
