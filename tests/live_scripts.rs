//! Estimator scripts in a run: chosen, edited while it trains, kept, replayed.

mod common;

use std::{fs, path::Path};

use common::{Screen, TINY, batch, rows, sets, timeless};
use serde_json::Value;

const DV: &str = "fn objective(joint, marginal) { mean(joint) - log_mean_exp(marginal) }\n\
                  fn nats(joint, marginal) { mean(joint) - log_mean_exp(marginal) }\n";
/// The same as the built-in jsd.
const JSD: &str = "fn objective(joint, marginal) { -mean(softplus(-joint)) - mean(softplus(marginal)) }\n";
/// Passes its trial, where there are at most five negatives, and fails on the fifteen of the run.
const TOO_MANY: &str = "fn objective(joint, marginal) {\n  if columns(marginal) > 9 { throw \"too many\"; }\n  \
                        mean(joint) - log_mean_exp(marginal)\n}\n";

fn args(more: &[&str]) -> Vec<String> {
    sets(&[&["optim.steps=12", "probe.every=0", "objective.global.mode=off", "objective.prior.mode=off"], more].concat())
}

fn losses(run: &Path) -> Vec<f64> {
    rows(&run.join("metrics.jsonl")).iter().map(|row| row["loss"].as_f64().unwrap()).collect()
}

/// As the built-in one, step after step: only the order of sums may differ.
#[test]
fn a_script_trains_as_its_built_in_twin() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text, built_in) in [("my-dv", DV, "dv"), ("my-jsd", JSD, "jsd")] {
        let path = dir.path().join(format!("{name}.rhai"));
        fs::write(&path, text).unwrap();
        let run = |estimator: &str, folder: &str| {
            let out = dir.path().join(format!("{name}-{folder}"));
            let ended = batch(&out, &args(&[&format!("objective.estimator={estimator}")]));
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
            losses(&out)
        };
        let (own, twin) = (run(path.to_str().unwrap(), "own"), run(built_in, "twin"));
        assert_eq!(own.len(), 12);
        for (step, (a, b)) in own.iter().zip(&twin).enumerate() {
            assert!((a - b).abs() < 1e-4 * (1.0 + b.abs()), "{name}, step {}: {a}, {built_in} {b}", step + 1);
        }
        let row = &rows(&dir.path().join(format!("{name}-own/metrics.jsonl")))[0];
        assert_eq!(row["estimator"]["local"], name);
    }
}

#[test]
fn a_bad_script_is_refused_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("my.rhai");
    fs::write(&path, "fn objective(joint, marginal) { mean(joint) - lme(marginal) }").unwrap();
    let refusal = |estimator: &str| {
        let ended = batch(&dir.path().join("run"), &args(&[&format!("objective.estimator={estimator}")]));
        assert_eq!(ended.status.code(), Some(2));
        String::from_utf8(ended.stderr).unwrap()
    };
    let text = refusal(path.to_str().unwrap());
    assert!(text.contains("objective.estimator: my.rhai:1:47: there is no function lme"), "{text}");
    let text = refusal("nowhere.rhai");
    assert!(text.contains("there is no script 'nowhere.rhai'") && text.contains("robust-dv.rhai"), "{text}");
    assert!(!dir.path().join("run").exists(), "a run that cannot begin leaves nothing");
    // A script that fails only on the scores of the run ends a headless run, and says where.
    fs::write(&path, TOO_MANY).unwrap();
    let ended = batch(&dir.path().join("late"), &args(&[&format!("objective.estimator={}", path.display())]));
    let text = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{text}");
    assert!(text.contains("my.rhai:2:") && text.contains("too many"), "{text}");
}

fn changes(run: &Path) -> Vec<Value> {
    let of_estimator = |r: &Value| r["kind"] == "change" && r["key"] == "objective.estimator";
    rows(&run.join("journal.jsonl")).into_iter().filter(of_estimator).collect()
}

/// A script is saved while it trains: good, broken, mended, failing on real scores; then the run is replayed.
#[test]
fn a_script_is_edited_while_it_trains() {
    let dir = tempfile::tempdir().unwrap();
    let (script, run) = (dir.path().join("my.rhai"), dir.path().join("run"));
    fs::write(&script, DV).unwrap();
    let keys = TINY.iter().filter(|set| !set.starts_with("probe.every"));
    let keys = keys.chain(&["optim.steps=1000000", "probe.every=0", "objective.estimator=\"my.rhai\""]);
    fs::write(dir.path().join("my.toml"), keys.map(|set| format!("{set}\n")).collect::<String>()).unwrap();
    let options = ["--threads", "2", "--config", "my.toml", "--out", "run"].map(String::from);
    let mut screen = Screen::open(120, 40, dir.path(), &options);
    screen.shows("TRAINING");
    screen.shows("my.rhai");

    fs::write(&script, JSD).unwrap();
    screen.until("the saved script in force", |_| changes(&run).len() == 1);
    let change = &changes(&run)[0];
    assert_eq!(change["source"], "script");
    assert_eq!(fs::read_to_string(run.join(change["to"].as_str().unwrap())).unwrap(), JSD);
    assert_eq!(fs::read_to_string(run.join(change["from"].as_str().unwrap())).unwrap(), DV);

    fs::write(&script, "fn objective(joint, marginal) {\n  mean(joint) - lme(marginal)\n}").unwrap();
    screen.shows("the last good one stays in force: my.rhai:2:17");
    assert_eq!(changes(&run).len(), 1);
    fs::write(&script, JSD).unwrap();
    screen.until("the banner gone", |s| !s.contains("script not usable"));

    // It passes its trial and fails on the run's scores: training waits, and goes on with another.
    fs::write(&script, TOO_MANY).unwrap();
    screen.shows("PAUSED");
    screen.shows("too many");
    fs::write(&script, DV).unwrap();
    screen.until("the mended script in force", |_| changes(&run).len() == 3);
    screen.send(" ");
    screen.shows("TRAINING");
    screen.command("set objective.estimator=robust-dv");
    screen.until("one that comes with the program", |_| changes(&run).len() == 4);
    screen.shows("robust-dv.rhai");
    screen.send("p");
    let step = |run: &Path| rows(&run.join("metrics.jsonl")).last().map_or(0, |r| r["step"].as_u64().unwrap());
    let there = step(&run);
    screen.until("some more steps", |_| step(&run) > there + 5);
    screen.send("qy");
    assert_eq!(screen.exit_code(), 0);

    // The run directory holds all that a replay needs.
    fs::remove_file(&script).unwrap();
    let (replayed, steps) = (dir.path().join("replayed"), step(&run));
    let set =
        ["--config".to_string(), run.join("replay.toml").display().to_string(), "--set".into(), format!("optim.steps={steps}")];
    let ended = batch(&replayed, &set);
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(timeless(&run.join("metrics.jsonl")), timeless(&replayed.join("metrics.jsonl")));
}

/// A resumed run finds its script in its own directory.
#[test]
fn a_run_with_a_script_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let (script, run) = (dir.path().join("my.rhai"), dir.path().join("run"));
    fs::write(&script, DV).unwrap();
    let estimator = format!("objective.estimator={}", script.display());
    assert!(batch(&run, &args(&[&estimator])).status.success());
    fs::remove_file(&script).unwrap();
    let arguments = ["--batch", "--threads", "2", "--set", "optim.steps=20", "--resume"];
    let ended = std::process::Command::new(common::BINARY).args(arguments).arg(&run).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let all = rows(&run.join("metrics.jsonl"));
    assert_eq!(all.len(), 20);
    assert!(all.iter().all(|row| row["estimator"]["local"] == "my"));
}
