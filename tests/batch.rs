//! The headless binary from outside: exit codes, signals, bad input, a full disk, real images.

mod common;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use common::{BINARY, batch, rows, sets};

fn error_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let errors: Vec<&str> = text.lines().filter(|l| l.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "one sentence, not {text:?}");
    errors[0].to_string()
}

#[test]
fn a_run_directory_holds_what_it_promises() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let output = batch(
        &out,
        &sets(&["optim.steps=12", "probe.every=5", "checkpoint.every=5", "checkpoint.keep=2", "checkpoint.keep_best=false"]),
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metrics = rows(&out.join("metrics.jsonl"));
    assert_eq!(metrics.iter().map(|r| r["step"].as_u64().unwrap()).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    for key in ["seconds", "examples_per_second", "loss", "terms", "mi", "ceiling", "estimator", "negatives", "lr"] {
        assert!(metrics[0].get(key).is_some(), "metrics have '{key}'");
    }
    let probes = rows(&out.join("probes.jsonl"));
    assert_eq!(probes.iter().map(|r| r["step"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 5, 10, 12]);
    assert!(probes[0]["accuracy"]["linear"]["conv"].is_number() && probes[0]["accuracy"]["knn"]["y"].is_number());
    let kinds: Vec<String> = rows(&out.join("journal.jsonl")).iter().map(|r| r["kind"].as_str().unwrap().to_string()).collect();
    assert_eq!((kinds.first().unwrap().as_str(), kinds.last().unwrap().as_str()), ("start", "end"));
    let mut kept: Vec<_> = fs::read_dir(out.join("checkpoints")).unwrap().map(|e| e.unwrap().file_name()).collect();
    kept.sort();
    assert_eq!(kept, ["step-00000010.safetensors", "step-00000012.safetensors"]);
    let summary: serde_json::Value = serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!((summary["steps"].as_u64(), summary["outcome"].as_str()), (Some(12), Some("done")));
    for file in ["config.toml", "replay.toml"] {
        assert!(dim_tui::config::load(Some(&out.join(file)), &[]).is_ok(), "{file} is a config");
    }

    let again = batch(&out, &sets(&["optim.steps=1"]));
    assert_eq!(again.status.code(), Some(2));
    assert!(error_line(&again).contains("not empty"), "somebody's run is not overwritten");
}

#[test]
fn bad_usage_config_and_data_are_one_sentence_and_exit_2() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("nowhere").display().to_string();
    let cases: &[(&[&str], &[&str])] = &[
        (&["--set", "objective.locl.mode=off"], &["objective.locl", "did you mean 'objective.local"]),
        (&["--set", "objective.local.negatives=64"], &["objective.local.negatives", "optim.batch", "63"]),
        (&["--set", "objective.estimator=nec"], &["nec", "infonce"]),
        (&["--set", "run.device=cuda"], &["cuda", "GPU"]),
        (&["--set", "data.name=cifar10", "--data", &nowhere], &["nowhere"]),
        (&["--config", &nowhere], &["nowhere"]),
        (&["--resume", &nowhere], &["nowhere"]),
        (&["--set", "optim.batch=9000"], &["optim.batch", "8192"]),
    ];
    for (args, expected) in cases {
        let output = Command::new(BINARY).arg("--batch").args(*args).current_dir(dir.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let error = error_line(&output);
        for part in *expected {
            assert!(error.contains(part), "{args:?}: {error}");
        }
    }
    let output = Command::new(BINARY).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(error_line(&output).contains("--batch"), "without a terminal the way out is named");
}

#[test]
fn a_non_finite_loss_stops_with_3() {
    let dir = tempfile::tempdir().unwrap();
    // A learning rate that must overflow: parameters leave the range of f32 within two steps.
    let args = sets(&["optim.steps=50", "optim.lr=1e30", "objective.on_nonfinite=stop", "probe.every=0"]);
    let output = batch(&dir.path().join("run"), &args);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(error_line(&output).contains("at step"));
    let journal = rows(&dir.path().join("run/journal.jsonl"));
    assert!(journal.iter().any(|r| r["kind"] == "nonfinite"));
}

#[test]
fn a_rollback_halves_the_learning_rate_and_gives_up_after_three() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    let args = sets(&["optim.steps=50", "optim.lr=1e30", "objective.on_nonfinite=rollback", "probe.every=0"]);
    let output = batch(&run, &args);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stdout));
    let rates: Vec<f64> = rows(&run.join("journal.jsonl"))
        .iter()
        .filter(|r| r["key"] == "optim.lr" && r["source"] == "policy")
        .map(|r| r["to"].as_f64().unwrap())
        .collect();
    assert_eq!(rates.len(), 3);
    for (rate, expected) in rates.iter().zip([5e29, 2.5e29, 1.25e29]) {
        assert!((rate / expected - 1.0_f64).abs() < 1e-12, "{rates:?}");
    }
}

#[test]
fn the_first_signal_saves_and_leaves_with_128_plus_n() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let mut child = Command::new(BINARY)
        .args(["--batch", "--threads", "2", "--out"])
        .arg(&out)
        .args(sets(&["optim.steps=1000000", "probe.every=0", "checkpoint.every=0"]))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in lines.map_while(Result::ok) {
        if line.starts_with("step ") {
            break;
        }
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(128 + 2));
    assert_eq!(fs::read_dir(out.join("checkpoints")).unwrap().count(), 1);
    assert!(out.join("summary.json").exists());
}

/// A file system of 400 KB under `at`, if this user may mount one.
struct SmallDisk<'a>(&'a Path);
impl<'a> SmallDisk<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=400k", "tmpfs"]).arg(at).output();
        mounted.is_ok_and(|o| o.status.success()).then_some(Self(at))
    }
}
impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).output();
    }
}

#[test]
fn a_full_disk_is_told_and_nothing_hangs() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(dir.path()) else {
        println!("skipped: no right to mount a small disk");
        return;
    };
    let output = batch(&disk.0.join("run"), &sets(&["optim.steps=1500", "probe.every=0", "checkpoint.every=500"]));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("No space left on device"), "{said}");
    assert_eq!(output.status.code(), Some(1), "rows that are lost are a failure");
    assert!(error_line(&output).contains("metrics.jsonl"));
}

#[test]
fn real_images_train_headless() {
    let data = std::env::var_os("DIM_TUI_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    if !data.join("cifar-10-batches-bin").is_dir() {
        println!("skipped: no CIFAR-10 under {}", data.display());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut args = sets(&["data.name=cifar10", "optim.steps=5", "probe.every=5"]);
    args.extend(["--data".into(), data.display().to_string()]);
    let out = dir.path().join("run");
    let output = batch(&out, &args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(rows(&out.join("metrics.jsonl")).len(), 5);
    let replayed = fs::read_to_string(out.join("replay.toml")).unwrap();
    assert!(replayed.contains(&std::path::absolute(&data).unwrap().display().to_string()), "data.dir is resolved");
}
