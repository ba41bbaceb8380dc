//! Files and arguments that no verb can use, given to the real program: one plain line that names them, and the right exit code.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

const BINARY: &str = env!("CARGO_BIN_EXE_dim-tui");

/// Runs it in `dir`, without a terminal.
fn dim_tui(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.args(args).current_dir(dir).stdin(Stdio::null());
    command.output().expect("the binary starts")
}

/// What it says on standard error, which must be one line `error: ...` without control characters.
fn refusal(dir: &Path, args: &[&str], code: i32) -> String {
    let output = dim_tui(dir, args);
    let text = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
    assert!(output.stdout.is_empty() || args.contains(&"--batch"), "{args:?}");
    let line = text.strip_suffix('\n').unwrap_or_default();
    assert!(line.starts_with("error: ") && !line.chars().any(char::is_control), "{args:?}: {text:?}");
    line.to_owned()
}

fn says(dir: &Path, args: &[&str], parts: &[&str]) {
    let text = refusal(dir, args, 2);
    parts.iter().for_each(|part| assert!(text.contains(part), "{args:?}: '{text}' does not say '{part}'"));
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A copy of a recorded run.
fn run_in(dir: &Path) {
    fs::create_dir(dir.join("run")).unwrap();
    for entry in fs::read_dir(fixture("run")).unwrap().flatten() {
        fs::copy(entry.path(), dir.join("run").join(entry.file_name())).unwrap();
    }
}

#[test]
fn files_of_another_kind_are_named_by_every_verb() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("binary"), (0..=255).rev().collect::<Vec<u8>>().repeat(9)).unwrap();
    fs::write(dir.join("empty"), "").unwrap();
    fs::create_dir(dir.join("folder")).unwrap();
    let mut others = vec!["binary", "empty", "folder", "missing"];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("loop", dir.join("loop")).unwrap();
        others.push("loop");
    }
    for file in others {
        if file != "empty" {
            says(dir, &["--batch", "--config", file], &[file]);
        }
        says(dir, &["--batch", "--resume", file], &[file, "is not a run"]);
        says(dir, &["screenshot", file], &[file]);
        says(dir, &["eval", file], &[file, "checkpoint"]);
        says(dir, &["export", file, "--out", "x.npz"], &[file, "checkpoint"]);
        says(dir, &["estimate", "--estimator", "jsd", "--joint", file, "--marginal", file], &[file]);
        says(dir, &["mi", "--x", file, "--y", file], &[file]);
    }
    assert!(!dir.join("x.npz").exists() && !dir.join("runs").exists(), "nothing is left behind");
}

#[test]
fn without_a_terminal_the_workbench_names_the_way_that_needs_none() {
    let dir = tempfile::tempdir().unwrap();
    says(dir.path(), &[], &["needs a terminal", "--batch"]);
    assert!(!dir.path().join("runs").exists(), "and nothing is begun");
}

#[test]
fn a_run_refused_before_it_began_leaves_no_directory() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir(dir.join("data")).unwrap();
    let images = ["--batch", "--set", "data.name=cifar10", "--data", "data"];
    says(dir, &[&images[..], &["--out", "run"]].concat(), &["data"]);
    assert!(!dir.join("run").exists());
    says(dir, &images, &["data"]);
    let runs = fs::read_dir(dir.join("runs")).map(|entries| entries.count()).unwrap_or(0);
    assert_eq!(runs, 0);
}

/// Memory and time are bounded: a gibibyte of a device is enough to know that it is no array.
#[cfg(target_os = "linux")]
#[test]
fn a_file_without_end_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // Scripts of a run are looked for among regular files only; these verbs take the file that they are given.
    std::os::unix::fs::symlink("/dev/zero", dir.join("zero.rhai")).unwrap();
    says(dir, &["mi", "--x", "/dev/zero", "--y", "/dev/zero"], &["/dev/zero", "no regular file"]);
    says(dir, &["mi", "--x", "a", "--y", "b", "--estimator", "zero.rhai"], &["zero.rhai", "65536"]);
    says(dir, &["--batch", "--set", "objective.estimator=zero.rhai"], &["there is no script 'zero.rhai'"]);
    run_in(dir);
    fs::remove_file(dir.join("run/metrics.jsonl")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir.join("run/config.tmp")).unwrap();
    says(dir, &["--batch", "--config", "run/config.tmp"], &["run/config.tmp", "larger than 1 MiB"]);
}

#[test]
fn a_broken_run_is_not_drawn_but_named() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    run_in(dir);
    assert!(dim_tui(dir, &["screenshot", "run", "--out", "good.svg"]).status.success());
    says(dir, &["screenshot", "run", "--panel", "foo"], &["unknown panel 'foo'"]);
    says(dir, &["screenshot", "run", "--width", "1"], &["at least 60×20"]);
    fs::write(dir.join("run/metrics.jsonl"), "{\"foo\": 1}\n").unwrap();
    says(dir, &["screenshot", "run"], &["run/metrics.jsonl"]);
    let config = fs::read_to_string(dir.join("run/config.toml")).unwrap();
    fs::write(dir.join("run/config.toml"), format!("from_the_future = 1\n{config}")).unwrap();
    says(dir, &["screenshot", "run"], &["run/config.toml:1:1: unknown key 'from_the_future'"]);
    says(dir, &["--batch", "--resume", "run"], &["run/config.toml:1:1: unknown key 'from_the_future'"]);
}

/// A key, a name or a number out of a file may hold what a terminal would take for an order.
#[test]
fn messages_give_the_terminal_no_orders() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("orders.toml"), "\"a\\u001b]0;owned\\u0007\\nb\" = 1\n").unwrap();
    says(dir, &["--batch", "--config", "orders.toml"], &["orders.toml:1:1: unknown key", "\\u{1b}]0;owned\\u{7}"]);
    fs::write(dir.join("orders.csv"), "1,2\n\u{1b}[2J,3\n").unwrap();
    says(dir, &["mi", "--x", "orders.csv", "--y", "orders.csv"], &["orders.csv: line 2, column 1", "\\u{1b}[2J"]);
    says(dir, &["--batch", "--set", "x=\u{1b}[2J", "--set", "\u{1b}c=1"], &["unknown key"]);
    says(dir, &["--batch", "--set", "data.name=folder", "--data", "no\u{1b}[31mthing"], &["no\\u{1b}[31mthing"]);
}

#[test]
fn what_cannot_be_written_is_refused_before_the_work() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    run_in(dir);
    // Without the check these would first train for minutes, or complain of the run.
    says(dir, &["mi-bench", "--svg", "no/such.svg"], &["cannot write no/such.svg: there is no folder no"]);
    says(dir, &["mi-bench", "--svg", "run"], &["cannot write run: it is a folder"]);
    says(dir, &["export", "run", "--out", "no/such.npz"], &["cannot write no/such.npz"]);
    says(dir, &["screenshot", "run", "--out", "no/such.svg"], &["cannot write no/such.svg"]);
}

#[test]
fn no_machine_has_so_many_threads() {
    let dir = tempfile::tempdir().unwrap();
    for verb in [&["mi", "--x", "a", "--y", "b"][..], &["mi-bench"], &["eval", "run"], &["export", "run", "--out", "x.npz"]] {
        for n in ["100000", "18446744073709551615", "-1", "x"] {
            let output = dim_tui(dir.path(), &[verb, &[&format!("--threads={n}")]].concat());
            let text = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{verb:?} {n}: {text}");
            assert!(text.contains("a whole number from 0 to 1024"), "{verb:?} {n}: {text}");
        }
    }
}

/// Twenty thousand constant columns are one warning.
#[test]
fn warnings_of_columns_are_few() {
    let dir = tempfile::tempdir().unwrap();
    let row = |i: usize| format!("{},{}\n", (i as f64).sin(), "1,".repeat(200) + "1");
    fs::write(dir.path().join("x.csv"), (0..60).map(row).collect::<String>()).unwrap();
    let args = ["mi", "--x", "x.csv", "--y", "x.csv", "--steps", "1", "--batch", "5", "--estimator", "dv"];
    let output = dim_tui(dir.path(), &args);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("warning: 201 columns of X, from 2 to 202, are constant"), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
}

/// A system without a home, with a terminal that can nothing, in a foreign language: what needs none of it works.
#[cfg(unix)]
#[test]
fn the_environment_may_be_bare() {
    let dir = tempfile::tempdir().unwrap();
    let bare = |args: &[&str]| {
        let mut command = Command::new(BINARY);
        command.args(args).current_dir(dir.path()).stdin(Stdio::null()).env_clear();
        command.env("TERM", "dumb").env("LC_ALL", "tr_TR.UTF-8").output().expect("the binary starts")
    };
    assert!(bare(&["schema"]).status.success());
    let output = bare(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: the workbench needs a terminal: use --batch to train without one\n"
    );
    let run = ["--batch", "--out", "run", "--threads", "1"];
    let small = ["optim.steps=1", "optim.batch=4", "encoder.width=1", "encoder.fc=4", "data.train_limit=8", "probe.every=0"];
    let sets: Vec<&str> = small.iter().flat_map(|set| ["--set", set]).collect();
    let output = bare(&[&run[..], &sets].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Nobody listens, and nothing is to be read: the work is done all the same.
#[cfg(unix)]
#[test]
fn closed_streams_stop_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let shell = |line: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(dir.path()).env("DIM", BINARY);
        command.status().expect("a shell").code()
    };
    let small = "--set optim.steps=1 --set optim.batch=4 --set encoder.width=1 --set encoder.fc=4 --set data.train_limit=8 \
                 --set probe.every=0 --threads 1";
    assert_eq!(shell(&format!("\"$DIM\" --batch --out run {small} <&- >&- 2>&-")), Some(0));
    assert!(dir.path().join("run/summary.json").exists());
    assert_eq!(shell("\"$DIM\" --batch --config missing <&- >&- 2>&-"), Some(2));
    assert_eq!(shell("\"$DIM\" schema <&- >&- 2>&-"), Some(0));
    assert_eq!(shell("(\"$DIM\" schema; echo $? > code) | head -c 1 > /dev/null; exit $(cat code)"), Some(0));
    assert_eq!(shell("\"$DIM\" <&- >&- 2>&-"), Some(2));
}
