//! The table against numbers worked by hand.

use serde_json::json;
use toml::Value;

use super::*;
use crate::{
    config::Config,
    record::{
        JournalKind, SavedRun, journal_row,
        recorder_rows::{probe_row, step_row},
    },
};

/// A finished run of 30 steps whose probe of Y ended at `y`.
fn run(name: &str, seed: i64, sets: &[(&str, Value)], y: f64) -> SavedRun {
    let mut edits: Vec<(String, Value)> = sets.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    edits.push(("seed".into(), seed.into()));
    let mut probes = vec![probe_row(0), probe_row(30)];
    probes[1].accuracy.linear.y = y;
    SavedRun {
        path: name.into(),
        config: Config::default().with(&edits).unwrap(),
        steps: vec![step_row(30, -0.5)],
        probes,
        journal: Vec::new(),
        summary: None,
        eval: None,
    }
}

fn two_by_three() -> Vec<SavedRun> {
    let mut runs = Vec::new();
    for (k, accuracies) in [(15, [0.3, 0.4, 0.8]), (3, [0.25, 0.25, 0.25])] {
        for (seed, y) in accuracies.into_iter().enumerate() {
            let name = format!("{k}-{seed}");
            runs.push(run(&name, seed as i64, &[("objective.local.negatives", k.into())], y));
        }
    }
    runs
}

#[test]
fn means_and_standard_errors_are_those_worked_by_hand() {
    let table = table(&two_by_three());
    assert_eq!(table.axes, ["objective.local.negatives"]);
    assert_eq!(table.measures, ["accuracy.conv", "accuracy.fc", "accuracy.y", "accuracy.knn", "mi.local"]);
    let [three, fifteen] = &table.rows[..] else { panic!("{table:?}") };
    assert_eq!((three.values[0].as_integer(), fifteen.values[0].as_integer()), (Some(3), Some(15)), "sorted as numbers");
    assert_eq!((fifteen.n, fifteen.short, fifteen.step), (3, 0, 30));
    // 0.3, 0.4, 0.8: mean 0.5, squares 0.04 + 0.01 + 0.09 = 0.14, 0.14 / 2 / 3 = 0.023333, root 0.152753.
    let y = fifteen.measures["accuracy.y"];
    assert!((y.mean - 0.5).abs() < 1e-12 && (y.standard_error.unwrap() - 0.152_752_523_165_194_67).abs() < 1e-12, "{y:?}");
    assert_eq!(three.measures["accuracy.y"], Mean { mean: 0.25, standard_error: Some(0.0), n: 3 });
    assert_eq!(three.measures["mi.local"].mean, 0.25);
    assert!(!three.measures.contains_key("mi.global"), "a term that is off has no estimate");
}

#[test]
fn the_order_of_the_runs_changes_nothing() {
    let runs = two_by_three();
    let mut other = runs.clone();
    other.rotate_left(2);
    other.swap(0, 3);
    assert_eq!(table(&other).csv(), table(&runs).csv());
}

#[test]
fn where_a_run_was_computed_is_no_axis_and_one_run_has_no_error() {
    let mut runs = vec![run("a", 1, &[("optim.lr", 0.1.into())], 0.5), run("b", 1, &[("optim.lr", 0.2.into())], 0.25)];
    runs[1].config.run.threads = 7;
    runs[1].config.data.dir = "/elsewhere".into();
    let table = table(&runs);
    assert_eq!(table.axes, ["optim.lr"]);
    assert_eq!(table.rows[0].measures["accuracy.y"], Mean { mean: 0.5, standard_error: None, n: 1 });
    assert_eq!(super::table(&[]), Table::default());
}

#[test]
fn a_schedule_is_an_axis_and_axes_are_in_the_order_of_the_schema() {
    let mut runs =
        vec![run("a", 1, &[], 0.5), run("b", 1, &[("optim.lr", 0.1.into()), ("objective.estimator", "dv".into())], 0.5)];
    let text = "[[schedule]]\nat = 3\nset = { \"optim.lr\" = 1.0 }";
    runs[0].config.schedule = crate::config::parse_text(text, "a.toml".as_ref()).unwrap().schedule;
    assert_eq!(table(&runs).axes, ["objective.estimator", "optim.lr", "schedule"]);
}

#[test]
fn a_run_that_ended_early_is_counted_apart() {
    let mut runs = two_by_three();
    runs[2].probes.truncate(1);
    let table = table(&runs);
    let row = &table.rows[1];
    assert_eq!((row.n, row.short, row.step), (2, 1, 30));
    assert!((row.measures["accuracy.y"].mean - 0.35).abs() < 1e-12, "it is in no mean");
    assert!(table.markdown().starts_with("| objective.local.negatives | n | short | step |"), "{}", table.markdown());
}

#[test]
fn a_repetition_counts_once_unless_it_was_changed_while_it_ran() {
    let mut runs = vec![run("a", 1, &[], 0.5), run("again", 1, &[], 0.5), run("b", 2, &[], 0.25)];
    assert_eq!(table(&runs).rows[0].n, 2);
    runs[1].journal.push(journal_row(3, JournalKind::Change));
    assert_eq!(table(&runs).rows[0].n, 3);
}

#[test]
fn what_eval_found_of_the_trained_encoder_is_measured_too() {
    let mut runs = vec![run("a", 1, &[], 0.5), run("b", 2, &[], 0.5)];
    let report = |step: u64, mse: f64| {
        let of = |encoder: &str, mse: f64| json!({"encoder": encoder, "value": {"mse": mse, "ssim": 0.5, "ms_ssim": null}});
        json!({
            "step": step,
            "probes": [{"encoder": "trained", "layer": "y", "probe": "mlp", "test_accuracy": 0.75}],
            "code": [{"encoder": "trained", "rank_me": 7.5, "idle": 2}],
            "ndm": [{"encoder": "trained", "value": 1.5}],
            "mine": [{"encoder": "trained", "value": {"nats": 3.5}}],
            "reconstruction": [of("trained", mse), of("untrained", 9.0)],
            "factors": [{"encoder": "trained", "layer": "y", "factor": "hue", "score": 0.25}],
        })
    };
    runs[0].eval = Some(report(30, 0.02));
    runs[1].eval = Some(report(30, 0.04));
    let names = ["eval.mlp.y", "rank_me", "idle", "ndm", "mine", "mse", "ssim", "factor.hue.y"];
    let both = table(&runs);
    assert_eq!(both.measures[5..], names.map(str::to_owned));
    let found = |name: &str| both.rows[0].measures[name].mean;
    assert!((found("mse") - 0.03).abs() < 1e-12);
    assert_eq!(["eval.mlp.y", "rank_me", "idle", "ndm", "mine", "factor.hue.y"].map(found), [0.75, 7.5, 2.0, 1.5, 3.5, 0.25]);
    // A report on an earlier checkpoint is another encoder's.
    runs[1].eval = Some(report(20, 0.04));
    let one = table(&runs);
    assert_eq!(one.rows[0].measures["mse"], Mean { mean: 0.02, standard_error: None, n: 1 });
    assert!(one.markdown().contains(" 0.0200 (1) "), "{}", one.markdown());
}

#[test]
fn an_arena_is_compared_by_bias_and_deviation() {
    let mut runs = vec![run("a", 1, &[("data.name", "gaussian".into())], 0.5)];
    runs[0].probes.clear();
    let one = |v: f64| [("dv".to_owned(), Some(v))].into();
    runs[0].steps[0].arena = Some(crate::record::ArenaRow { bias: one(-0.5), deviation: one(0.25), ..Default::default() });
    let table = table(&runs);
    assert_eq!((table.rows[0].step, table.measures), (30, vec!["bias.dv".to_owned(), "deviation.dv".into()]));
    assert_eq!(table.rows[0].measures["bias.dv"].mean, -0.5);
}

#[test]
fn text_for_people_and_for_programs() {
    let runs = [
        run("a", 0, &[("objective.estimator", "jsd".into())], 0.5),
        run("b", 1, &[("objective.estimator", "jsd".into())], 0.25),
        run("c", 0, &[("objective.estimator", "scripts/mine-0123abcd.rhai".into())], 0.125),
    ];
    let table = table(&runs);
    let expected = "\
| objective.estimator | n | step | accuracy.conv, % | accuracy.fc, % | accuracy.y, % | accuracy.knn, % | mi.local |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| jsd | 2 | 30 | 50.0 ± 0.0 | 37.5 ± 0.0 | 37.5 ± 12.5 | 20.0 ± 0.0 | 0.2500 ± 0.0000 |
| mine.rhai | 1 | 30 | 50.0 | 37.5 | 12.5 | 20.0 | 0.2500 |
";
    assert_eq!(table.markdown(), expected);
    let csv = table.csv();
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("objective.estimator,n,short,step,accuracy.conv,accuracy.conv.se,accuracy.fc,"), "{csv}");
    assert_eq!(lines[1], "jsd,2,0,30,0.5,0,0.375,0,0.375,0.125,0.2,0,0.25,0");
    assert_eq!(lines[2], "mine.rhai,1,0,30,0.5,,0.375,,0.125,,0.2,,0.25,");
}
