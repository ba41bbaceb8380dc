//! Other runs in a real pseudo-terminal: one is laid over the charts, and training goes on from one of its checkpoints.

mod common;

use common::{Screen, batch, journal_row, rows, sets};

#[test]
fn a_run_is_compared_with_and_gone_back_to() {
    let dir = tempfile::tempdir().unwrap();
    let runs = dir.path().join("runs");
    let first = runs.join("first");
    let output = batch(&first, &sets(&["optim.steps=100", "checkpoint.every=20", "optim.lr=2e-3"]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let mut args = ["--threads", "2", "--out", "runs/second"].map(String::from).to_vec();
    args.extend(sets(&["optim.steps=1000000", "objective.estimator=infonce"]));
    let mut screen = Screen::open(120, 40, dir.path(), &args);
    screen.shows("TRAINING");

    // The list, and what is known of the other run.
    screen.send("o");
    screen
        .until("the other run's line", |s| s.lines().any(|l| l.contains("first") && l.contains("100/100") && l.contains("done")));
    screen.shows("1 beside this one");
    // Laid over the charts, with its name in their legends.
    screen.send("\x1b[B ");
    screen.shows("◇ first");
    screen.send("\t");
    screen.until("where they differ", |s| s.lines().any(|l| l.contains("optim.lr") && l.contains("0.002")));
    screen.send("o");
    screen.shows("other estimators: not comparable");
    screen.until("its name in three legends", |s| s.matches("◇ first").count() == 3);

    // Back to its last checkpoint but one.
    screen.send("o");
    screen.shows("beside this one");
    screen.send("\r");
    screen.shows("Checkpoints of first");
    screen.shows("step-00000100.safetensors");
    screen.send("\x1b[B");
    screen.shows("step-00000080.safetensors");
    screen.send("\r");
    screen.shows("Go back?");
    screen.send("y");
    let third = runs.join("first-2");
    let start = journal_row(&third, "the start", |r| r["kind"] == "start");
    assert_eq!((start["step"].as_u64(), start["key"].as_str()), (Some(80), Some("start.checkpoint")));
    journal_row(&runs.join("second"), "the end of the run that was left", |r| r["kind"] == "end");
    screen.shows("FINISHED");
    screen.until("all rows", |_| rows(&third.join("metrics.jsonl")).len() == 20);
    assert_eq!(rows(&third.join("metrics.jsonl"))[0]["step"], 81, "it goes on where the checkpoint was");
    let settings = std::fs::read_to_string(third.join("config.toml")).unwrap();
    assert!(
        settings.contains("lr = 0.002") && settings.contains("estimator = \"jsd\""),
        "with the settings in force there: {settings}"
    );
    screen.until("the run it began from, on its charts", |s| s.matches("first ").count() >= 3 && !s.contains("not comparable"));
    screen.send("q");
    assert_eq!(screen.exit_code(), 0);
}
