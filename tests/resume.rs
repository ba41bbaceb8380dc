//! Resuming where something is in the way: torn and foreign checkpoints, none at all, half a run directory.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use common::{BINARY, batch, rows, sets, timeless};
use dim_tui::{record::SavedRun, train::checkpoint};

fn run(out: &Path, args: &[&str]) {
    let output = batch(out, &sets(args));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn resume(run: &Path, sets: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.args(["--batch", "--threads", "2", "--resume"]).arg(run);
    command.args(sets.iter().flat_map(|s| ["--set", s])).output().unwrap()
}

fn resumed(run: &Path, sets: &[&str]) -> String {
    let output = resume(run, sets);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

fn step_file(run: &Path, step: u64) -> PathBuf {
    run.join(format!("checkpoints/step-{step:08}.safetensors"))
}

fn same_rows(a: &Path, b: &Path) {
    for file in ["metrics.jsonl", "probes.jsonl"] {
        assert_eq!(timeless(&a.join(file)), timeless(&b.join(file)), "{file}");
    }
}

const EVERY: &[&str] = &["probe.every=10", "checkpoint.every=5", "checkpoint.keep=9"];

/// Each of the newest is unusable in another way: cut off, changed, empty, of another run.
#[test]
fn an_unusable_checkpoint_is_told_and_the_one_before_it_taken() {
    let dir = tempfile::tempdir().unwrap();
    let [straight, stopped, other] = ["straight", "stopped", "other"].map(|name| dir.path().join(name));
    run(&straight, &[EVERY, &["optim.steps=40"]].concat());
    run(&stopped, &[EVERY, &["optim.steps=40"]].concat());
    run(&other, &["optim.steps=25", "probe.every=0", "seed=1"]);
    let torn = fs::read(step_file(&stopped, 40)).unwrap();
    fs::write(step_file(&stopped, 40), &torn[..torn.len() / 2]).unwrap();
    let mut flipped = fs::read(step_file(&stopped, 35)).unwrap();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 4;
    fs::write(step_file(&stopped, 35), flipped).unwrap();
    fs::write(step_file(&stopped, 30), "").unwrap();
    fs::copy(step_file(&other, 25), step_file(&stopped, 25)).unwrap();
    let said = resumed(&stopped, &[]);
    let reasons = [
        (40, "not a whole checkpoint"),
        (35, "its checksum does not match its content"),
        (30, "not a whole checkpoint"),
        (25, "it is of another run: seed is 1 there and 0 here"),
    ];
    for (step, reason) in reasons {
        let line =
            said.lines().find(|line| line.contains(&format!("step-{step:08}"))).unwrap_or_else(|| panic!("{step}: {said}"));
        assert!(line.starts_with("warning: ") && line.contains(reason), "{line}");
    }
    let journal = rows(&stopped.join("journal.jsonl"));
    assert!(journal.iter().any(|row| row["kind"] == "resumed" && row["step"] == 20), "{journal:?}");
    same_rows(&straight, &stopped);
    // They have been written anew on the way.
    assert!([25, 30, 35, 40].into_iter().all(|step| checkpoint::read(&step_file(&stopped, step)).is_ok()));

    // With none that is whole nothing is touched.
    let before = fs::read(stopped.join("metrics.jsonl")).unwrap();
    for (_, path) in checkpoint::list(&stopped.join("checkpoints")) {
        fs::write(path, "torn").unwrap();
    }
    let output = resume(&stopped, &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no whole checkpoint to resume from"), "{said}");
    assert_eq!(fs::read(stopped.join("metrics.jsonl")).unwrap(), before);
}

/// As a run killed before its first checkpoint leaves it.
#[test]
fn a_run_without_a_checkpoint_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let [straight, stopped] = ["straight", "stopped"].map(|name| dir.path().join(name));
    let settings = ["optim.steps=12", "probe.every=5", "objective.global.mode=train"];
    run(&straight, &settings);
    run(&stopped, &settings);
    let unfinished = |rows: usize| {
        fs::remove_dir_all(stopped.join("checkpoints")).unwrap();
        fs::remove_file(stopped.join("summary.json")).unwrap();
        for file in ["metrics.jsonl", "probes.jsonl"] {
            let text = fs::read_to_string(stopped.join(file)).unwrap();
            let kept: String = text.lines().take(rows).map(|line| format!("{line}\n")).collect();
            fs::write(stopped.join(file), kept + "{\"st").unwrap();
        }
    };
    unfinished(2);
    resumed(&stopped, &[]);
    same_rows(&straight, &stopped);
    let journal = rows(&stopped.join("journal.jsonl"));
    let kinds: Vec<&str> = journal.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds[..2], ["start", "checkpoint"]);
    let again = journal.iter().find(|row| row["kind"] == "resumed").unwrap();
    assert!(again["step"] == 0 && again["reason"].as_str().unwrap().contains("begins anew"), "{again}");

    // Killed before it had written its journal and its replay.
    unfinished(0);
    for file in ["journal.jsonl", "replay.toml"] {
        fs::remove_file(stopped.join(file)).unwrap();
    }
    assert!(SavedRun::open(&stopped).is_ok());
    resumed(&stopped, &[]);
    same_rows(&straight, &stopped);
    assert_eq!(rows(&stopped.join("journal.jsonl"))[0]["kind"], "start");

    // Values asked for beside it are a change before the first step, and replayed as one.
    unfinished(1);
    resumed(&stopped, &["optim.lr=0.01", "objective.estimator=dv"]);
    let first = &rows(&stopped.join("metrics.jsonl"))[0];
    assert!(first["lr"] == 0.01 && first["estimator"]["local"] == "dv", "{first}");
    let replayed = dir.path().join("replayed");
    let replay = ["--config".to_string(), stopped.join("replay.toml").display().to_string()];
    assert!(batch(&replayed, &replay).status.success());
    same_rows(&replayed, &stopped);
    let output = resume(&stopped, &["seed=3"]);
    assert!(output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains("'seed'"));
}

/// The best probe's checkpoint outlives `checkpoint.keep`, and is found by that word.
#[test]
fn the_best_checkpoint_is_kept_and_exported() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    run(&out, &["probe.every=5", "checkpoint.every=5", "checkpoint.keep=1", "optim.steps=30", "optim.lr=0.003"]);
    let accuracy = |row: &serde_json::Value| row["accuracy"]["linear"]["y"].as_f64().unwrap();
    // Step 0 has a probe and no checkpoint; of equals the latest.
    let probes: Vec<_> = rows(&out.join("probes.jsonl")).into_iter().filter(|row| row["step"] != 0).collect();
    let best = probes.iter().max_by(|a, b| accuracy(a).total_cmp(&accuracy(b))).unwrap()["step"].as_u64().unwrap();
    let mut expected = vec![30, best];
    expected.dedup();
    let left: Vec<u64> = checkpoint::list(&out.join("checkpoints")).into_iter().map(|(step, _)| step).collect();
    assert_eq!(left, expected, "{probes:?}");
    let export = |run: &Path, file: &str| {
        let arguments = ["export", "--threads", "2", "--layers", "y", "--checkpoint", "best", "--out"];
        Command::new(BINARY).args(arguments).arg(dir.path().join(file)).arg(run).output().unwrap()
    };
    let said = export(&out, "best.npz");
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(text.contains(&format!("encoder of step {best},")), "{text}{}", String::from_utf8_lossy(&said.stderr));
    fs::remove_file(out.join("probes.jsonl")).unwrap();
    let said = export(&out, "none.npz");
    assert_eq!(said.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&said.stderr).contains("no checkpoint of a step that was probed"));
}
