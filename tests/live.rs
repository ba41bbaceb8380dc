//! The workbench in a real pseudo-terminal, driven like a user drives it; then the same run again, headless.

mod common;

use std::{fs, path::Path, thread::sleep, time::Duration};

use common::{BINARY, Screen, TINY, journal_row, rows, timeless};
use dim_tui::config::{ESTIMATORS, SCRIPTS, script_label};
use serde_json::Value;

/// A config file with the tiny settings; `extra` lines are dotted keys.
fn config(extra: &[&str]) -> String {
    let quoted = |line: &&str| line.to_string();
    TINY.iter().map(quoted).chain(extra.iter().map(quoted)).map(|l| l.replacen('=', " = ", 1) + "\n").collect()
}

fn accepted<'a>(key: &'a str, to: &'a str) -> impl Fn(&Value) -> bool + 'a {
    move |r| r["kind"] == "change" && r["key"] == key && (to.is_empty() || r["to"].to_string().trim_matches('"') == to)
}

/// Editors replace a file: a new one beside it, then renamed over it.
fn rename_save(file: &Path, text: &str) {
    let beside = file.with_extension("toml~");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, file).unwrap();
}

fn open(dir: &Path, text: &str) -> (Screen, std::path::PathBuf, std::path::PathBuf) {
    let (file, run) = (dir.join("my.toml"), dir.join("run"));
    fs::write(&file, text).unwrap();
    let args = ["--threads", "2", "--config", "my.toml", "--out", "run"].map(String::from);
    let screen = Screen::open(120, 40, dir, &args);
    screen.shows("TRAINING");
    (screen, file, run)
}

#[test]
fn everything_live_is_seen_journalled_and_replayed() {
    let dir = tempfile::tempdir().unwrap();
    let base = ["optim.steps=1000000", "optim.lr=1e-3"];
    let (mut screen, file, run) = open(dir.path(), &config(&base));

    // Every estimator, one key each.
    for _ in 0..ESTIMATORS.len() + SCRIPTS.len() {
        let before = rows(&run.join("journal.jsonl")).len();
        screen.send("e");
        journal_row(&run, "the next estimator", |r| accepted("objective.estimator", "")(r) && r["source"] == "key");
        screen.until("one more journal row", |_| rows(&run.join("journal.jsonl")).len() > before);
    }
    let mut tried: Vec<String> = rows(&run.join("journal.jsonl"))
        .iter()
        .filter(|r| accepted("objective.estimator", "")(r))
        .map(|r| script_label(r["to"].as_str().unwrap()).into_owned())
        .collect();
    tried.sort();
    let mut all = [ESTIMATORS, SCRIPTS].concat();
    all.sort_unstable();
    assert_eq!(tried, all);

    // All of them on the newest scores.
    screen.send("v");
    screen.shows("hellinger");
    screen.shows("show the class of their");
    screen.shows("pull at Y");
    screen.shows("effective rank");
    screen.send("v");
    screen.until("the charts again", |s| !s.contains("show the class of their"));

    // Terms.
    screen.send("G");
    journal_row(&run, "the global term", accepted("objective.global.mode", "train"));
    screen.shows("global");
    screen.send("L");
    journal_row(&run, "the local term monitors", accepted("objective.local.mode", "monitor"));
    screen.shows("monitor");
    screen.send("P");
    journal_row(&run, "the prior", accepted("objective.prior.mode", "monitor"));

    // Negatives, and a refusal with its reason.
    screen.command("set objective.local.negatives=5 objective.local.mode=train");
    journal_row(&run, "K", |r| accepted("objective.local.negatives", "5")(r) && r["source"] == "command");
    screen.command("set objective.local.negatives=99");
    screen.shows("objective.local.negatives");
    screen.send("\x1b\x1b");
    sleep(Duration::from_millis(200));

    // The file, saved as editors save.
    rename_save(&file, &config(&["optim.steps=1000000", "optim.lr=2e-3"]));
    journal_row(&run, "rename-save", |r| accepted("optim.lr", "0.002")(r) && r["source"] == "file");
    fs::write(&file, config(&["optim.steps=1000000", "optim.lr=4e-3"])).unwrap();
    journal_row(&run, "truncate-write", accepted("optim.lr", "0.004"));

    // Broken: nothing changes, the sentence stays; mended: it goes.
    fs::write(&file, config(&["optim.steps=1000000", "optim.lrr=4e-3"])).unwrap();
    screen.shows("optim.lrr");
    screen.shows("did you mean 'optim.lr'");
    fs::write(&file, config(&["optim.steps=1000000", "optim.lr=8e-3"])).unwrap();
    journal_row(&run, "mended", accepted("optim.lr", "0.008"));
    screen.until("the complaint gone", |s| !s.contains("optim.lrr"));

    // A key changed in the workbench outlives a save that changes another one.
    screen.command("set optim.clip_norm=7");
    journal_row(&run, "clip_norm", accepted("optim.clip_norm", "7.0"));
    rename_save(&file, &config(&["optim.steps=1000000", "optim.lr=16e-3"]));
    journal_row(&run, "the other key", accepted("optim.lr", "0.016"));
    let journal = rows(&run.join("journal.jsonl"));
    assert_eq!(journal.iter().filter(|r| r["key"] == "optim.clip_norm").count(), 1, "the first change stays");

    // Sizes.
    for (columns, lines) in [(80, 24), (60, 20), (160, 50), (120, 40)] {
        screen.resize(columns, lines);
        screen.shows("TRAINING");
    }
    screen.resize(30, 8);
    screen.until("a polite word about the size", |s| s.contains("60") && s.contains("20"));
    screen.resize(80, 24);
    screen.shows("TRAINING");

    // Pause freezes training.
    screen.send(" ");
    screen.shows("PAUSED");
    let step = rows(&run.join("metrics.jsonl")).len();
    sleep(Duration::from_millis(300));
    assert_eq!(rows(&run.join("metrics.jsonl")).len(), step, "no step while paused");

    // Quit: asked, saved, told.
    screen.send("q");
    sleep(Duration::from_millis(300));
    if !screen.text().contains("run directory") && screen.alternate_screen() {
        screen.send("y");
    }
    assert_eq!(screen.exit_code(), 0);
    screen.until("the terminal as it was", |_| !screen.alternate_screen());
    screen.shows("run");
    assert!(fs::read_dir(run.join("checkpoints")).unwrap().count() > 0);

    replay_is_identical(dir.path(), &run);
}

/// The interactive run, headless from its replay file: the same rows.
fn replay_is_identical(dir: &Path, run: &Path) {
    let metrics = timeless(&run.join("metrics.jsonl"));
    let steps = metrics.last().expect("rows")["step"].as_u64().unwrap();
    let again = dir.join("again");
    let output = std::process::Command::new(BINARY)
        .args(["--batch", "--set", &format!("optim.steps={steps}"), "--config"])
        .arg(run.join("replay.toml"))
        .arg("--out")
        .arg(&again)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(timeless(&again.join("metrics.jsonl")), metrics, "interactive and headless metrics");
    let (ours, theirs) = (timeless(&run.join("probes.jsonl")), timeless(&again.join("probes.jsonl")));
    assert!(!ours.is_empty());
    assert_eq!(theirs[..ours.len()], ours[..], "interactive and headless probes");
}

#[test]
fn a_closed_terminal_ends_the_run_with_a_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let (screen, _, run) = open(dir.path(), &config(&["optim.steps=1000000"]));
    screen.until("some steps", |_| rows(&run.join("metrics.jsonl")).len() > 3);
    screen.hang_up();
    journal_row(&run, "the end", |r| r["kind"] == "end");
    assert!(fs::read_dir(run.join("checkpoints")).unwrap().count() > 0);
}

#[test]
fn sigterm_saves_and_leaves_with_its_code() {
    let dir = tempfile::tempdir().unwrap();
    let (mut screen, _, run) = open(dir.path(), &config(&["optim.steps=1000000"]));
    let pid = screen.pid().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(screen.exit_code(), 128 + 15);
    assert!(!screen.alternate_screen(), "the terminal is restored");
    journal_row(&run, "the end", |r| r["kind"] == "end");
}

#[test]
fn bad_data_is_one_sentence_and_exit_2() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["--set", "data.name=cifar10", "--data", "."].map(String::from);
    let mut screen = Screen::open(100, 30, dir.path(), &args);
    assert_eq!(screen.exit_code(), 2);
    screen.shows("error: ");
    screen.shows("data_batch_1.bin");
}

#[test]
fn after_the_last_step_the_screen_stays_and_the_run_can_be_extended() {
    let dir = tempfile::tempdir().unwrap();
    let (file, run) = (dir.path().join("my.toml"), dir.path().join("run"));
    fs::write(&file, config(&["optim.steps=5"])).unwrap();
    let args = ["--threads", "2", "--config", "my.toml", "--out", "run"].map(String::from);
    let mut screen = Screen::open(80, 24, dir.path(), &args);
    screen.shows("FINISHED");
    screen.command("set optim.steps=9");
    screen.until("four more steps", |_| rows(&run.join("metrics.jsonl")).len() == 9);
    screen.shows("FINISHED");
    screen.send("q");
    assert_eq!(screen.exit_code(), 0);
}

#[test]
fn curves_are_drawn_with_the_marker_that_was_asked_for() {
    let braille: String = ('\u{2801}'..='\u{28ff}').collect();
    for (marker, signs) in [("dot", "•"), ("block", "▘▝▀▖▌▞▛▗▚▐▜▄▙▟"), ("braille", &braille)] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("my.toml"), config(&["optim.steps=5"])).unwrap();
        let args = ["--threads", "2", "--config", "my.toml", "--out", "run", "--marker", marker].map(String::from);
        let mut screen = Screen::open(80, 24, dir.path(), &args);
        screen.shows("FINISHED");
        screen.until(marker, |text| text.chars().filter(|c| signs.contains(*c)).count() > 5);
        screen.send("q");
        assert_eq!(screen.exit_code(), 0);
    }
}
