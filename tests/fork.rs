//! Forks: a new run with the state of another run's checkpoint, to the bit what the parent would have done.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use common::{BINARY, TINY, batch, rows, sets, timeless};
use dim_tui::{
    record::{JournalRow, SavedRun},
    train::checkpoint::{self, header},
};
use serde_json::Value;

const STEPS: &[&str] = &["objective.global.mode=train", "probe.every=5", "checkpoint.every=10", "checkpoint.keep=9"];

fn run(out: &Path, args: &[String]) {
    let output = batch(out, args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn from(config: &Path) -> Vec<String> {
    vec!["--config".into(), config.display().to_string()]
}

/// The tiny settings with `more` dotted keys as a config file, and what else stands in it.
fn config(path: &Path, more: &[&str], rest: &str) -> Vec<String> {
    let line = |set: &&str| {
        let (key, value) = set.split_once('=').unwrap();
        let plain = value.parse::<f64>().is_ok() || ["true", "false"].contains(&value);
        if plain { format!("{key} = {value}\n") } else { format!("{key} = {value:?}\n") }
    };
    let kept = TINY.iter().filter(|set| more.iter().all(|other| other.split('=').next() != set.split('=').next()));
    fs::write(path, kept.chain(more).map(line).collect::<String>() + rest).unwrap();
    from(path)
}

/// The rows of a file from this step on.
fn tail(run: &Path, file: &str, step: u64) -> Vec<Value> {
    timeless(&run.join(file)).into_iter().filter(|row| row["step"].as_u64().unwrap() >= step).collect()
}

fn resume(run: &Path, sets: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.args(["--batch", "--threads", "2", "--resume"]).arg(run);
    command.args(sets.iter().flat_map(|s| ["--set", s])).output().unwrap()
}

fn step_file(run: &Path, step: u64) -> PathBuf {
    run.join(format!("checkpoints/step-{step:08}.safetensors"))
}

/// Straight on, replayed and resumed without the parent.
#[test]
fn an_unchanged_fork_is_its_parent_from_there_on() {
    let dir = tempfile::tempdir().unwrap();
    let [parent, child, shorter, replayed] = ["parent", "child", "shorter", "replayed"].map(|name| dir.path().join(name));
    run(&parent, &sets(&[STEPS, &["optim.steps=20"]].concat()));
    // Relative to the config file, not to the folder the program is started in.
    let relative = "start.checkpoint=parent/checkpoints/step-00000010.safetensors";
    run(&child, &config(&dir.path().join("fork.toml"), &[STEPS, &["optim.steps=20", relative]].concat(), ""));
    let metrics = tail(&parent, "metrics.jsonl", 11);
    assert_eq!(tail(&child, "metrics.jsonl", 0), metrics);
    assert_eq!(metrics[0]["step"], 11);
    let probes = tail(&parent, "probes.jsonl", 10);
    assert_eq!(tail(&child, "probes.jsonl", 0), probes);

    // Who the parent is, for programs and people.
    let saved = SavedRun::open(&child).unwrap();
    assert_eq!(saved.forked_from(), Some((fs::canonicalize(&parent).unwrap(), 10)));
    let first: &JournalRow = &saved.journal[0];
    assert!(first.reason.as_ref().unwrap().starts_with("forked from step 10 of /"), "{first:?}");
    assert_eq!(header(&child.join("start.safetensors")).unwrap().step, 10);
    assert_eq!(saved.config.start.checkpoint, Path::new("start.safetensors"));

    run(&shorter, &config(&dir.path().join("fork.toml"), &[STEPS, &["optim.steps=15", relative]].concat(), ""));
    fs::remove_dir_all(&parent).unwrap();
    run(&replayed, &from(&child.join("replay.toml")));
    let output = resume(&shorter, &["optim.steps=20"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for again in [&replayed, &shorter] {
        assert_eq!(tail(again, "metrics.jsonl", 0), metrics, "{}", again.display());
        assert_eq!(tail(again, "probes.jsonl", 0), probes, "{}", again.display());
    }
    // The state a replay begins with was made by the parent, wherever it was copied from.
    assert_eq!(SavedRun::open(&replayed).unwrap().forked_from(), saved.forked_from());
}

/// Other settings count as if they had been changed before the next step; what the schedule has behind it is not done again.
#[test]
fn other_settings_are_changes_before_the_next_step() {
    let dir = tempfile::tempdir().unwrap();
    let parent = dir.path().join("parent");
    run(&parent, &sets(&[STEPS, &["optim.steps=10"]].concat()));
    for swap in ["reset-critics", "align"] {
        let [straight, child, replayed] = ["straight", "child", "replayed"].map(|n| dir.path().join(format!("{n}-{swap}")));
        let later = "[[schedule]]\nat = 15\nset = { \"optim.batch\" = 8 }\n";
        let now = format!(
            "[[schedule]]\nat = 11\nset = {{ \"objective.estimator\" = \"dv\", \"objective.on_swap\" = \"{swap}\", \
             \"objective.local.negatives\" = 5, \"objective.prior.mode\" = \"off\", \"optim.lr\" = 0.002 }}\n"
        );
        let file = dir.path().join("my.toml");
        run(&straight, &config(&file, &[STEPS, &["optim.steps=20"]].concat(), &(now + later)));
        let start = format!("start.checkpoint={}", parent.display());
        let on_swap = format!("objective.on_swap={swap}");
        let settings = ["objective.estimator=dv", &on_swap, "objective.local.negatives=5", "objective.prior.mode=off"];
        let behind = "[[schedule]]\nat = 10\nset = { \"optim.lr\" = 0.5 }\n";
        let more = [STEPS, &settings, &["optim.lr=0.002", "optim.steps=20", &start]].concat();
        run(&child, &config(&file, &more, &format!("{behind}{later}")));
        assert_eq!(tail(&child, "metrics.jsonl", 0), tail(&straight, "metrics.jsonl", 11), "{swap}");
        assert_eq!(tail(&child, "probes.jsonl", 11), tail(&straight, "probes.jsonl", 11), "{swap}");
        run(&replayed, &from(&child.join("replay.toml")));
        assert_eq!(tail(&replayed, "metrics.jsonl", 0), tail(&child, "metrics.jsonl", 0), "{swap}");
        assert_eq!(tail(&replayed, "probes.jsonl", 0), tail(&child, "probes.jsonl", 0), "{swap}");
    }
}

/// Rollbacks of the parent are behind the fork: it draws on as the parent did, and its own schedule does not wait for them.
#[test]
fn a_fork_of_a_run_that_rolled_back() {
    let dir = tempfile::tempdir().unwrap();
    let [parent, child, replayed] = ["parent", "child", "replayed"].map(|name| dir.path().join(name));
    let more = ["optim.steps=25", "probe.every=0", "checkpoint.every=5", "checkpoint.keep=9", "objective.on_nonfinite=rollback"];
    let entry = |at: u64, set: &str| format!("[[schedule]]\nat = {at}\nset = {{ {set} }}\n");
    let broken = entry(13, "\"optim.lr\" = 1e30") + "[[schedule]]\nat = 11\nattempt = 1\nset = { \"optim.lr\" = 1e-3 }\n";
    let later = entry(18, "\"objective.estimator\" = \"dv\"");
    let file = dir.path().join("my.toml");
    run(&parent, &config(&file, &more, &format!("{broken}{later}")));
    assert_eq!(header(&step_file(&parent, 15)).unwrap().attempt, 1);
    let start = format!("start.checkpoint={}", step_file(&parent, 15).display());
    run(&child, &config(&file, &[&more[..], &["optim.lr=1e-3", &start]].concat(), &later));
    assert_eq!(tail(&child, "metrics.jsonl", 0), tail(&parent, "metrics.jsonl", 16));
    run(&replayed, &from(&child.join("replay.toml")));
    assert_eq!(tail(&replayed, "metrics.jsonl", 0), tail(&child, "metrics.jsonl", 0));
    // Stopped on the way and resumed, the entry to come still comes.
    fs::remove_file(step_file(&child, 25)).unwrap();
    fs::remove_file(step_file(&child, 20)).unwrap();
    assert!(resume(&child, &[]).status.success());
    assert_eq!(tail(&child, "metrics.jsonl", 0), tail(&parent, "metrics.jsonl", 16));
    fs::remove_dir_all(&replayed).unwrap();
    run(&replayed, &from(&child.join("replay.toml")));
    assert_eq!(tail(&replayed, "metrics.jsonl", 0), tail(&child, "metrics.jsonl", 0));
}

/// As the workbench forks: with the settings in force at the checkpoint, scripts by the names of the parent's copies.
#[test]
fn a_fork_with_the_settings_of_its_checkpoint_has_its_scripts() {
    let dir = tempfile::tempdir().unwrap();
    let [parent, child, other, replayed] = ["parent", "child", "other", "replayed"].map(|name| dir.path().join(name));
    let script = dir.path().join("my.rhai");
    fs::write(
        &script,
        "fn objective(joint, marginal) { mean(joint) - log_mean_exp(marginal) }\n\
         fn nats(joint, marginal) { mean(joint) - log_mean_exp(marginal) }\n",
    )
    .unwrap();
    let file = dir.path().join("my.toml");
    run(&parent, &config(&file, &[STEPS, &["optim.steps=20", "objective.estimator=my.rhai"]].concat(), ""));
    fs::remove_file(&script).unwrap();
    let mut settings = header(&step_file(&parent, 10)).unwrap().config;
    settings.start.checkpoint = step_file(&parent, 10);
    fs::write(dir.path().join("fork.toml"), settings.to_toml()).unwrap();
    run(&child, &from(&dir.path().join("fork.toml")));
    // Another estimator at the fork: what the script was is still to be known.
    settings.objective.estimator = "infonce".into();
    fs::write(dir.path().join("fork.toml"), settings.to_toml()).unwrap();
    run(&other, &from(&dir.path().join("fork.toml")));
    assert_eq!(rows(&other.join("metrics.jsonl"))[0]["estimator"]["local"], "infonce");
    let expected = tail(&parent, "metrics.jsonl", 11);
    fs::remove_dir_all(&parent).unwrap();
    run(&replayed, &from(&child.join("replay.toml")));
    for run in [&child, &replayed] {
        assert_eq!(tail(run, "metrics.jsonl", 0), expected);
        assert_eq!(rows(&run.join("metrics.jsonl"))[0]["estimator"]["local"], "my");
    }
    fs::remove_dir_all(&replayed).unwrap();
    run(&replayed, &from(&other.join("replay.toml")));
    assert_eq!(tail(&replayed, "metrics.jsonl", 0), tail(&other, "metrics.jsonl", 0));
}

#[test]
fn the_arena_is_forked() {
    let dir = tempfile::tempdir().unwrap();
    let [parent, child, refused] = ["parent", "child", "refused"].map(|name| dir.path().join(name));
    let arena = |estimators: &str, dimension: u64, start: &str| {
        let text = format!(
            "[data]\nname = \"gaussian\"\n[gaussian]\ndimension = {dimension}\nestimators = \"{estimators}\"\n\
             [optim]\nbatch = 8\nsteps = 20\n[checkpoint]\nevery = 10\n[start]\ncheckpoint = \"{start}\"\n"
        );
        fs::write(dir.path().join("arena.toml"), text).unwrap();
        from(&dir.path().join("arena.toml"))
    };
    run(&parent, &arena("infonce, mine", 3, ""));
    let start = "parent/checkpoints/step-00000010.safetensors";
    run(&child, &arena("infonce, mine, dv", 3, start));
    let nats = |run: &Path, from: u64, name: &str| -> Vec<Value> {
        tail(run, "metrics.jsonl", from).iter().map(|row| row["arena"]["nats"][name].clone()).collect()
    };
    for name in ["infonce", "mine"] {
        assert_eq!(nats(&child, 0, name), nats(&parent, 11, name));
    }
    assert_eq!(nats(&child, 0, "dv").len(), 10, "who is new begins here");
    let output = batch(&refused, &arena("infonce, mine", 4, start));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("gaussian.dimension is 3 there and 4 here"), "{text}");
}

#[test]
fn what_does_not_fit_is_refused_in_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let parent = dir.path().join("parent");
    run(&parent, &sets(&["optim.steps=4", "probe.every=0"]));
    let whole = step_file(&parent, 4);
    let torn = dir.path().join("torn.safetensors");
    let bytes = fs::read(&whole).unwrap();
    fs::write(&torn, &bytes[..bytes.len() - 1]).unwrap();
    let flipped = dir.path().join("flipped.safetensors");
    let mut other = bytes.clone();
    *other.last_mut().unwrap() ^= 1;
    fs::write(&flipped, other).unwrap();
    let start = |path: &Path| format!("start.checkpoint={}", path.display());
    let cases: &[(&str, &[&str], &[&str])] = &[
        (&start(&whole), &["encoder.width=6"], &["'encoder.bn0.bias' is [4]", "[6] here", "encoder.width is 4 there and 6 here"]),
        (&start(&whole), &["encoder.code=7"], &["'encoder.y.bias' is [8]", "[7] here", "encoder.code is 8 there and 7 here"]),
        (&start(&whole), &["optim.steps=3"], &["optim.steps = 3", "step 4"]),
        (&start(&whole), &["data.name=gaussian"], &["shapes", "gaussian"]),
        (&start(&torn), &[], &["torn.safetensors", "not a whole checkpoint"]),
        (&start(&flipped), &[], &["flipped.safetensors", "checksum"]),
        (&start(&dir.path().join("nowhere")), &[], &["nowhere", "no such checkpoint and no such run"]),
        (&start(dir.path()), &[], &["it holds no checkpoint"]),
    ];
    for (start, more, expected) in cases {
        let output = batch(&dir.path().join("run"), &sets(&[&["optim.steps=9", "probe.every=0", start][..], more].concat()));
        let text = String::from_utf8_lossy(&output.stderr);
        let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!((output.status.code(), errors.len()), (Some(2), 1), "{text}");
        assert!(expected.iter().all(|part| errors[0].contains(part)), "{}, expected {expected:?}", errors[0]);
        // What was made is empty, so that the same command works once it is mended.
        let left = fs::read_dir(dir.path().join("run")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "{start} {more:?}");
    }
}

/// Of a run directory the newest whole checkpoint is taken, and what was wrong with a newer one is told.
#[test]
fn a_run_with_a_damaged_checkpoint_is_forked_at_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let [parent, child] = ["parent", "child"].map(|name| dir.path().join(name));
    let tiny = ["probe.every=0", "checkpoint.every=4"];
    run(&parent, &sets(&[&tiny[..], &["optim.steps=8"]].concat()));
    fs::write(step_file(&parent, 8), "torn").unwrap();
    let start = format!("start.checkpoint={}", parent.display());
    let output = batch(&child, &sets(&[&tiny[..], &["optim.steps=6", &start]].concat()));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("step-00000008.safetensors: not a whole checkpoint"), "{text}");
    assert_eq!(tail(&child, "metrics.jsonl", 0), tail(&parent, "metrics.jsonl", 0)[4..6]);
    // The copy is a file of its own name: what the parent prunes stays here.
    fs::remove_dir_all(parent.join("checkpoints")).unwrap();
    assert!(checkpoint::read(&child.join("start.safetensors")).is_ok());
}
