//! The CUDA build on a GPU made of the CPU: `.ci/cuda-env.sh DIR .ci/fake-gpu.sh DIR2 cargo test --features cuda --test fake_gpu`.
//!
//! Without that GPU the tests say so and pass. What they hold: the numbers of the CPU, one read a step, no memory lost, and what
//! happens when memory is full.
#![cfg(feature = "cuda")]

mod common;

use std::{collections::HashMap, fs, path::Path, process::Command};

use common::{BINARY, Screen, TINY, journal_row, sets};

/// Whether `.ci/fake-gpu.sh` runs the test.
fn present() -> bool {
    let present = std::env::var_os("FAKE_GPU").is_some();
    if !present {
        eprintln!("skipped: not run by .ci/fake-gpu.sh");
    }
    present
}

/// What a run of `steps` steps asks of the GPU.
fn counted(dir: &Path, steps: usize, settings: &[&str]) -> HashMap<String, u64> {
    let log = dir.join("count.tsv");
    let mut command = Command::new(BINARY);
    command.args(["--batch", "--out"]).arg(dir.join(format!("run{steps}"))).env("FAKE_GPU_LOG", &log);
    let own = [format!("optim.steps={steps}"), "data.name=shapes".into(), "run.device=cuda".into(), "probe.every=0".into()];
    let sets = TINY.iter().chain(settings).map(|s| s.to_string()).chain(own);
    for set in sets {
        command.args(["--set", &set]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(&log).unwrap();
    let rows = text.lines().filter_map(|line| line.split_once('\t'));
    rows.map(|(n, what)| (what.to_owned(), n.parse().unwrap())).collect()
}

#[test]
fn it_agrees_with_the_cpu() {
    if !present() {
        return;
    }
    let args =
        ["gpu-check", "--batches", "2", "--seconds", "0", "--no-cpu", "--set", "encoder.width=8", "--set", "critic.units=32"];
    let output = Command::new(BINARY).args(args).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("GOOD: cuda:0 agrees with the CPU to "), "{text}");
    assert!(text.contains("97 %, 61 °C"), "what its management library tells: {text}");
}

#[test]
fn a_step_reads_once_and_keeps_no_memory() {
    if !present() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let terms = ["objective.global.mode=train", "objective.local.mode=monitor", "objective.prior.mode=train"];
    let (few, more) = (counted(dir.path(), 4, &terms), counted(dir.path(), 24, &terms));
    let of = |all: &HashMap<String, u64>, what: &str| all.get(what).copied().unwrap_or(0);
    for (what, each) in [("reads", 1), ("waits for all work", 0), ("events recorded", 0), ("matrix products in TF32", 0)] {
        assert_eq!(of(&more, what) - of(&few, what), 20 * each, "{what} in 20 steps");
    }
    assert!(of(&more, "bytes read") - of(&few, "bytes read") <= 20 * 40, "ten numbers a step");
    let most = "bytes of memory at most";
    assert!(of(&more, most) as f64 <= 1.05 * of(&few, most) as f64, "{} {}", of(&few, most), of(&more, most));
    assert!(of(&more, "changes of the thread that gives work") <= 2, "one thread gives work");
}

#[test]
fn tf32_is_used_where_it_is_asked_for() {
    if !present() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let all = counted(dir.path(), 2, &["run.tf32=true"]);
    assert!(all["matrix products in TF32"] > 0);
}

/// The workbench, its GPU made by `env`.
fn open(dir: &Path, env: &'static [(&str, &str)], settings: &[&str]) -> Screen {
    let kind = common::Kind { env, ..common::Kind::default() };
    let own = ["run.device=cuda", "data.name=shapes", "optim.steps=1000000"];
    let sets = sets(&[&own[..], settings].concat());
    let args: Vec<String> = ["--out", "run"].map(String::from).into_iter().chain(sets).collect();
    Screen::open_in(kind, 170, 40, dir, &args)
}

/// A step that does not fit pauses the run with its reason, nothing lost; with a smaller batch it goes on.
#[test]
fn full_memory_pauses_and_a_smaller_batch_goes_on() {
    if !present() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut screen = open(dir.path(), &[("FAKE_GPU_MEMORY", "40000000")], &["probe.every=0", "optim.batch=16"]);
    screen.shows("TRAINING");
    screen.shows("61 °C");
    screen.command("optim.batch 256");
    screen.shows("PAUSED");
    screen.until("the reason", |text| text.contains("memory") && text.contains("256"));
    screen.command("optim.batch 8");
    screen.send(" ");
    screen.shows("TRAINING");
    let step = || journal_row(&dir.path().join("run"), "a pause", |row| row["kind"] == "pause")["step"].clone();
    assert!(step().as_u64().is_some_and(|step| step > 0));
    screen.send("qy");
    assert_eq!(screen.exit_code(), 0);
}

/// Steps fit, a probe does not: the run pauses without it, and goes on without probes.
#[test]
fn a_probe_that_does_not_fit_pauses_too() {
    if !present() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut screen = open(dir.path(), &[("FAKE_GPU_MEMORY", "14500000")], &["probe.every=50", "optim.batch=4"]);
    screen.shows("PAUSED");
    screen.until("the reason", |text| text.contains("no probe of step ") && text.contains("memory"));
    screen.command("probe.every 0");
    screen.send(" ");
    screen.shows("TRAINING");
    screen.send("qy");
    assert_eq!(screen.exit_code(), 0);
}
