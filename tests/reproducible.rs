//! The same config and seed give the same rows: twice, from a checkpoint on, and from a replay file.

mod common;

use std::fs;

use common::{batch, rows, sets, timeless};

fn run(out: &std::path::Path, args: &[String]) {
    let output = batch(out, args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn same_rows(a: &std::path::Path, b: &std::path::Path) {
    same_file("metrics.jsonl", a, b);
    same_file("probes.jsonl", a, b);
}

fn same_file(file: &str, a: &std::path::Path, b: &std::path::Path) {
    let (a, b) = (timeless(&a.join(file)), timeless(&b.join(file)));
    assert!(!a.is_empty(), "{file} has rows");
    assert_eq!(a, b, "{file}");
}

#[test]
fn twice_the_same_run_gives_the_same_rows() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let args = sets(&["optim.steps=30", "objective.global.mode=train", "probe.every=10"]);
    run(&a, &args);
    run(&b, &args);
    same_rows(&a, &b);
    let other = dir.path().join("other");
    run(&other, &sets(&["optim.steps=30", "objective.global.mode=train", "probe.every=10", "seed=1"]));
    assert_ne!(timeless(&a.join("metrics.jsonl")), timeless(&other.join("metrics.jsonl")), "another seed, other numbers");
}

#[test]
fn a_resumed_run_equals_a_straight_one() {
    let dir = tempfile::tempdir().unwrap();
    let (straight, resumed) = (dir.path().join("straight"), dir.path().join("resumed"));
    let shared = ["objective.global.mode=train", "probe.every=10", "checkpoint.every=20"];
    run(&straight, &sets(&[&shared[..], &["optim.steps=40"]].concat()));
    run(&resumed, &sets(&[&shared[..], &["optim.steps=25"]].concat()));
    // Back to the checkpoint of step 20, as a killed run would.
    fs::remove_file(resumed.join("checkpoints/step-00000025.safetensors")).unwrap();
    let output = std::process::Command::new(common::BINARY)
        .args(["--batch", "--threads", "2", "--resume"])
        .arg(&resumed)
        .args(["--set", "optim.steps=40"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The shorter run probed at its own last step too; that row was cut with the steps after 20.
    same_rows(&straight, &resumed);
    let journal = rows(&resumed.join("journal.jsonl"));
    assert!(journal.iter().any(|r| r["kind"] == "resumed" && r["step"] == 20), "{journal:?}");
}

#[test]
fn a_schedule_and_its_replay_agree() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let config = dir.path().join("scheduled.toml");
    fs::write(
        &config,
        "[[schedule]]\nat = 5\nset = { \"objective.estimator\" = \"infonce\", \"objective.local.negatives\" = 3 }\n\
         [[schedule]]\nat = 9\nset = { \"objective.estimator\" = \"dv\", \"optim.batch\" = 12 }\n\
         [[schedule]]\nat = 15\nset = { \"objective.local.critic\" = \"concat\" }\n",
    )
    .unwrap();
    let mut args = sets(&["optim.steps=20"]);
    args.extend(["--config".into(), config.display().to_string()]);
    run(&a, &args);
    let metrics = rows(&a.join("metrics.jsonl"));
    let estimator = |step: usize| metrics[step - 1]["estimator"]["local"].as_str().unwrap().to_string();
    assert_eq!([estimator(4), estimator(5), estimator(8), estimator(9)], ["jsd", "infonce", "infonce", "dv"]);
    assert_eq!(metrics[4]["negatives"]["local"], 3);
    assert_eq!(metrics[14]["negatives"]["local"], 3);

    let replay = vec!["--config".to_string(), a.join("replay.toml").display().to_string()];
    run(&b, &replay);
    same_rows(&a, &b);
}

/// The rate of step 13 breaks the run, which goes back to step 10; the entry that mends it before the repeated step 11 must
/// not be taken for one of the first pass.
#[test]
fn an_entry_after_a_rollback_is_replayed_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let config = dir.path().join("scheduled.toml");
    fs::write(
        &config,
        "[[schedule]]\nat = 9\nset = { \"objective.clip\" = 5 }\n[[schedule]]\nat = 13\nset = { \"optim.lr\" = 1e30 }\n\
         [[schedule]]\nat = 11\nattempt = 1\nset = { \"optim.lr\" = 1e-3 }\n\
         [[schedule]]\nat = 16\nset = { \"objective.estimator\" = \"dv\" }\n",
    )
    .unwrap();
    let mut args = sets(&["optim.steps=20", "probe.every=0", "checkpoint.every=5", "objective.on_nonfinite=rollback"]);
    args.extend(["--config".into(), config.display().to_string()]);
    run(&a, &args);
    let metrics = rows(&a.join("metrics.jsonl"));
    let steps: Vec<u64> = metrics.iter().map(|r| r["step"].as_u64().unwrap()).collect();
    assert_eq!(steps, (1..=20).collect::<Vec<_>>(), "each step is recorded once");
    let rate = |step: usize| metrics[step - 1]["lr"].as_f64().unwrap();
    assert_eq!([rate(10), rate(11), rate(20)], [1e-4, 1e-3, 1e-3]);
    assert_eq!([15, 16].map(|s| metrics[s - 1]["estimator"]["local"].as_str().unwrap()), ["jsd", "dv"]);
    run(&b, &["--config".to_string(), a.join("replay.toml").display().to_string()]);
    same_file("metrics.jsonl", &a, &b);
}

fn resume(run: &std::path::Path, sets: &[&str]) -> std::process::Output {
    let mut command = std::process::Command::new(common::BINARY);
    command.args(["--batch", "--threads", "2", "--resume"]).arg(run);
    command.args(sets.iter().flat_map(|s| ["--set", s])).output().unwrap()
}

/// A critic that is off at the checkpoint comes back as it was, and entries of the schedule that later ones made impossible
/// are history.
#[test]
fn a_resume_remembers_terms_that_are_off_and_a_schedule_that_is_behind() {
    let dir = tempfile::tempdir().unwrap();
    let (straight, resumed) = (dir.path().join("straight"), dir.path().join("resumed"));
    let config = dir.path().join("scheduled.toml");
    let entry = |at: u64, set: &str| format!("[[schedule]]\nat = {at}\nset = {{ {set} }}\n");
    let entries = [
        entry(2, "\"objective.global.mode\" = \"train\""),
        entry(4, "\"objective.local.negatives\" = 15"),
        entry(6, "\"objective.local.negatives\" = 3, \"optim.batch\" = 8"),
        entry(8, "\"objective.global.mode\" = \"off\""),
        entry(14, "\"objective.global.mode\" = \"train\", \"objective.prior.mode\" = \"off\""),
    ];
    fs::write(&config, entries.concat()).unwrap();
    let args = |steps: &str| {
        let mut args = sets(&["probe.every=5", steps]);
        args.extend(["--config".into(), config.display().to_string()]);
        args
    };
    run(&straight, &args("optim.steps=18"));
    run(&resumed, &args("optim.steps=10"));
    let output = resume(&resumed, &["optim.steps=18"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    same_rows(&straight, &resumed);
}

#[test]
fn set_beside_resume_counts_or_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    run(&out, &sets(&["optim.steps=4", "probe.every=0"]));
    let output = resume(&out, &["optim.steps=6", "optim.lr=0.5"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rates: Vec<f64> = rows(&out.join("metrics.jsonl")).iter().map(|r| r["lr"].as_f64().unwrap()).collect();
    assert_eq!(rates, [1e-4, 1e-4, 1e-4, 1e-4, 0.5, 0.5]);
    let output = resume(&out, &["seed=9"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("'seed'"));
}

/// Known pairs instead of images, a script among the estimators, the truth and the list moved on the way.
#[test]
fn the_arena_is_resumed_and_replayed() {
    let dir = tempfile::tempdir().unwrap();
    let [straight, resumed, replayed] = ["straight", "resumed", "replayed"].map(|name| dir.path().join(name));
    let own = "fn objective(joint, marginal) { mean(joint) - log_mean_exp(marginal) }\n\
               fn nats(joint, marginal) { objective(joint, marginal) }\n";
    fs::write(dir.path().join("own.rhai"), own).unwrap();
    let config = dir.path().join("arena.toml");
    fs::write(
        &config,
        "[data]\nname = \"gaussian\"\n[gaussian]\ndimension = 3\nestimators = \"infonce, mine, own.rhai\"\n\
         [optim]\nbatch = 8\nsteps = 20\n[checkpoint]\nevery = 5\n\
         [[schedule]]\nat = 8\nset = { \"gaussian.information\" = 4 }\n\
         [[schedule]]\nat = 12\nset = { \"gaussian.estimators\" = \"own.rhai, mine, smile:tau=1\", \"optim.lr\" = 1e-3 }\n",
    )
    .unwrap();
    let from = |path: &std::path::Path| vec!["--config".to_string(), path.display().to_string()];
    run(&straight, &from(&config));
    let metrics = rows(&straight.join("metrics.jsonl"));
    let row = |step: usize| &metrics[step - 1]["arena"];
    assert_eq!([row(7), row(8)].map(|r| r["truth"].as_f64().unwrap()), [2.0, 4.0]);
    let names = |step: usize| row(step)["nats"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!([names(11), names(12)], [["infonce", "mine", "own"], ["mine", "own", "smile:tau=1"]]);

    let shorter = ["--set", "optim.steps=10"].map(String::from);
    run(&resumed, &[from(&config), shorter.to_vec()].concat());
    let output = resume(&resumed, &["optim.steps=20"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    same_file("metrics.jsonl", &straight, &resumed);

    // The run keeps the script's text.
    fs::remove_file(dir.path().join("own.rhai")).unwrap();
    run(&replayed, &from(&straight.join("replay.toml")));
    same_file("metrics.jsonl", &straight, &replayed);
}

/// Augmentation draws by (seed, step, attempt): straight and resumed, switched on the way and replayed. Off, it is as if there
/// were none, and probes never see it.
#[test]
fn augmented_images_are_drawn_again_by_resume_and_replay() {
    let dir = tempfile::tempdir().unwrap();
    let [straight, resumed, plain, switched, replayed] =
        ["straight", "resumed", "plain", "switched", "replayed"].map(|name| dir.path().join(name));
    let on = ["data.augment.crop=4", "data.augment.flip=true", "data.augment.colour=0.4"];
    let shared = ["probe.every=10", "checkpoint.every=10"];
    run(&straight, &sets(&[&shared[..], &on, &["optim.steps=20"]].concat()));
    run(&resumed, &sets(&[&shared[..], &on, &["optim.steps=10"]].concat()));
    let output = resume(&resumed, &["optim.steps=20"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    same_rows(&straight, &resumed);

    run(&plain, &sets(&[&shared[..], &["optim.steps=20"]].concat()));
    let config = dir.path().join("scheduled.toml");
    fs::write(
        &config,
        "[[schedule]]\nat = 6\nset = { \"data.augment.crop\" = 4, \"data.augment.flip\" = true }\n\
         [[schedule]]\nat = 9\nset = { \"data.augment.colour\" = 0.4, \"objective.estimator\" = \"dv\", \"objective.on_swap\" = \"align\" }\n",
    )
    .unwrap();
    let mut args = sets(&[&shared[..], &["optim.steps=20"]].concat());
    args.extend(["--config".into(), config.display().to_string()]);
    run(&switched, &args);
    run(&replayed, &["--config".to_string(), switched.join("replay.toml").display().to_string()]);
    same_rows(&switched, &replayed);

    let metrics = |run: &std::path::Path| timeless(&run.join("metrics.jsonl"));
    let (with, without, changed) = (metrics(&straight), metrics(&plain), metrics(&switched));
    assert_ne!(with[0], without[0], "the first step sees other images");
    assert_eq!(changed[..5], without[..5], "off is off");
    assert_ne!(changed[5], without[5]);
    let first = |run: &std::path::Path| timeless(&run.join("probes.jsonl")).remove(0);
    assert_eq!(first(&straight), first(&plain), "the untrained encoder is probed on images as they are");
}
