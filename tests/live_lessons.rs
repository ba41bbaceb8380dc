//! Lessons from outside: listed, refused in one sentence, followed without a reader, taken in a real pseudo-terminal; and the tour.

mod common;

use std::{fs, path::Path, process::Command};

use common::{BINARY, Kind, Screen, TINY, batch, journal_row, rows};

const STEPS: &str = r#"
[lesson]
title = "A smaller batch"
introduction = "Watch the loss."

[[lesson.steps]]
text = "Take fewer images."
after = 20
set = { optim.batch = 8 }
look = "the loss"
question = "Does it jump?"
answer = "By a hair's breadth."

[[lesson.steps]]
text = "That was all."
after = 5
wait = "probe"
"#;

/// A file with a lesson on a tiny run of so many steps.
fn lesson(dir: &Path, steps: u64) -> std::path::PathBuf {
    let settings: String = TINY.iter().map(|line| line.replacen('=', " = ", 1) + "\n").collect();
    let file = dir.join("own.toml");
    fs::write(&file, format!("{settings}optim.steps = {steps}\nobjective.local.negatives = 7\n{STEPS}")).unwrap();
    file
}

#[test]
fn lessons_are_listed_and_an_unknown_one_is_refused_with_their_names() {
    let output = Command::new(BINARY).arg("lessons").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for part in ["negatives", "prior", "local-global", "Why JSD forgives few negatives", "dim-tui --lesson NAME"] {
        assert!(text.contains(part), "{text}");
    }
    let dir = tempfile::tempdir().unwrap();
    let plain = dir.path().join("plain.toml");
    fs::write(&plain, "seed = 1\n").unwrap();
    let cases = [("nonsense", "there are negatives, prior, local-global"), (plain.to_str().unwrap(), "has no [lesson]")];
    for (name, said) in cases {
        let output = Command::new(BINARY).args(["--batch", "--lesson", name]).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && error.contains(said) && error.lines().count() == 1, "{error}");
    }
}

#[test]
fn without_a_screen_its_changes_are_made_at_their_steps_and_the_run_keeps_no_lesson() {
    let dir = tempfile::tempdir().unwrap();
    let (file, run) = (lesson(dir.path(), 30), dir.path().join("run"));
    let output = batch(&run, &["--config".into(), file.display().to_string()]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && said.contains("lesson 'A smaller batch': without a screen it makes its changes at steps 21"),
        "{said}"
    );
    let change = journal_row(&run, "the change", |r| r["kind"] == "change" && r["key"] == "optim.batch");
    assert_eq!((change["step"].as_u64(), change["to"].as_u64()), (Some(21), Some(8)));
    assert_eq!(rows(&run.join("metrics.jsonl")).len(), 30);
    for name in ["config.toml", "replay.toml"] {
        assert!(!fs::read_to_string(run.join(name)).unwrap().contains("lesson"), "{name}");
    }
}

#[test]
fn a_lesson_is_taken_in_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    lesson(dir.path(), 1_000_000);
    let args = ["--threads", "2", "--lesson", "own.toml", "--out", "run"].map(String::from);
    let mut screen = Screen::open(120, 40, dir.path(), &args);
    let run = dir.path().join("run");
    screen.shows("Lesson · A smaller batch · introduction");
    screen.shows("n next ─");
    screen.send("n");
    screen.shows("optim.batch 16 → 8");
    screen.send("t");
    journal_row(&run, "the reader's change", |r| r["kind"] == "change" && r["key"] == "optim.batch" && r["source"] == "key");
    screen.shows("optim.batch = 8");
    screen.send("T");
    screen.shows("By a hair's breadth.");
    screen.until("the next card is offered", |s| s.contains("n next ─"));
    screen.send("n");
    screen.shows("That was all.");
    screen.command("lesson");
    screen.until("the log again", |s| !s.contains("That was all."));
    screen.send("qy");
    assert_eq!(screen.exit_code(), 0);
}

#[test]
fn a_lesson_goes_on_when_its_run_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    lesson(dir.path(), 1_000_000);
    let args = ["--threads", "2", "--lesson", "own.toml", "--out", "run"].map(String::from);
    let mut screen = Screen::open(120, 40, dir.path(), &args);
    screen.shows("n next ─");
    screen.send("n");
    screen.shows("optim.batch 16 → 8");
    screen.send("t");
    screen.shows("optim.batch = 8");
    screen.send("qy");
    assert_eq!(screen.exit_code(), 0);
    let resume = || Screen::open(120, 40, dir.path(), &["--threads", "2", "--resume", "run"].map(String::from));
    let mut screen = resume();
    screen.shows("Lesson · A smaller batch · 1 of 2");
    screen.shows("✓ t  optim.batch = 8");
    screen.until("the next card is offered", |s| s.contains("n next ─"));
    screen.send("n");
    screen.shows("That was all.");
    screen.send("qy");
    assert_eq!(screen.exit_code(), 0);
    // A damaged note is a line in the log, and no lesson.
    let note = dir.path().join("run/lesson.toml");
    assert!(fs::read_to_string(&note).unwrap().contains("card = 2"));
    fs::write(&note, "card = two").unwrap();
    let mut screen = resume();
    screen.shows("no lesson is taken up");
    screen.until("no lesson", |s| s.contains("TRAINING") && !s.contains("Lesson · "));
    screen.send("qy");
    assert_eq!(screen.exit_code(), 0);
}

/// In a home of its own: at the first start, not at the second, and never in the way of a key it does not know.
#[test]
fn the_tour_comes_at_the_first_start_only() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    fs::create_dir(&home).unwrap();
    let home: &'static str = Box::leak(home.display().to_string().into_boxed_str());
    let env: &'static [(&str, &str)] = Box::leak(Box::new([("HOME", home), ("XDG_STATE_HOME", ""), ("DIM_TUI_TOUR", "")]));
    let settings: Vec<String> = common::sets(&["optim.steps=1000000"]);
    for (start, shown) in [("first", true), ("second", false)] {
        let mut args = ["--threads", "2", "--out", start].map(String::from).to_vec();
        args.extend(settings.clone());
        let mut screen = Screen::open_in(Kind { env, ..Kind::default() }, 80, 24, dir.path(), &args);
        screen.shows("TRAINING");
        if shown {
            screen.shows("1 of 6 · What is going on");
            screen.send("\r");
            screen.shows("2 of 6 · Loss");
            screen.send("\x1b");
        }
        screen.until("no card", |s| !s.contains(" of 6 · "));
        screen.send("qy");
        assert_eq!(screen.exit_code(), 0);
    }
}

/// `D` shows the images, and what augmentation does at once, even of a run that is paused; `i` explains them.
#[test]
fn images_and_explanations_in_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let mut args = ["--threads", "2", "--out", "run"].map(String::from).to_vec();
    args.extend(common::sets(&["optim.steps=1000000"]));
    let mut screen = Screen::open(120, 40, dir.path(), &args);
    screen.shows("TRAINING");
    screen.command("set data.augment.flip=true");
    journal_row(&dir.path().join("run"), "augmentation", |r| r["kind"] == "change" && r["key"] == "data.augment.flip");
    screen.send(" ");
    screen.shows("PAUSED");
    screen.send("D");
    screen.shows("training image 1 of 512");
    screen.shows("augmented, steps");
    screen.send("u");
    screen.shows("augmentation is off");
    screen.send("\t");
    screen.shows("held-out image 1 of");
    screen.shows("never augmented");
    screen.send("i");
    screen.shows("images by class");
    screen.send("i");
    screen.send("D");
    screen.send("qy");
    assert_eq!(screen.exit_code(), 0);
}
