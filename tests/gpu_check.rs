//! `dim-tui gpu-check` as it is called: what it says, and when it refuses. Its numbers are for whoever has a GPU.

use std::process::{Command, Output};

use dim_tui::train::agreement::CASES;

fn gpu_check(args: &[&str]) -> (Option<i32>, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_dim-tui")).arg("gpu-check").args(args).current_dir(dir.path()).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// Small networks: the whole check in seconds.
const SMALL: &[&str] = &[
    "--seconds",
    "0",
    "--set",
    "encoder.width=8",
    "--set",
    "encoder.fc=32",
    "--set",
    "critic.units=32",
    "--set",
    "critic.hidden=32",
];

#[test]
fn the_cpu_agrees_with_itself_and_every_batch_is_timed() {
    let (code, out, err) = gpu_check(&[&["--device", "cpu", "--batches", "8,16"], SMALL].concat());
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("device: cpu (asked for)\n"), "{out}");
    assert_eq!(out.lines().filter(|line| line.starts_with("  ok  0.0e0 at most: ")).count(), CASES.len(), "{out}");
    for batch in [2, 8, 16] {
        let line = out.lines().find(|line| line.starts_with(&format!("  batch {batch:>5}: ")));
        assert!(line.is_some_and(|line| line.contains(" ms a step") && line.contains("3 steps")), "{out}");
    }
    let verdict = out.lines().last().unwrap();
    assert!(verdict.starts_with("GOOD: cpu agrees with the CPU to 0e0; a step of 2 images takes "), "{verdict}");
}

#[test]
fn what_cannot_be_checked_is_one_sentence_and_exit_2() {
    let refused = |args: &[&str], parts: &[&str]| {
        let (code, out, err) = gpu_check(args);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{args:?}: {err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        parts.iter().for_each(|part| assert!(err.contains(part), "{args:?}: {err}"));
    };
    refused(&["--device", "tpu"], &["--device", "tpu", "cuda:N"]);
    refused(&["--device", "cuda:999"], &["run.device = cuda:999", "cpu"]);
    refused(&["--device", "cpu", "--batches", "1"], &["--batches", "2"]);
    refused(&["--device", "cpu", "--seconds=-1"], &["--seconds", "3600"]);
    refused(&["--device", "cpu", "--set", "critic.unitz=3"], &["critic.unitz", "critic.units"]);
    if dim_tui::device::GPUS.is_empty() {
        refused(&[], &["no GPU in this build", "--device cpu"]);
    }
}
