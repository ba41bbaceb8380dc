//! Thirty changes at random in the workbench, then the same run again without a screen: the same rows.

mod common;

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use common::{BINARY, Screen, TINY, rows, timeless};
use dim_tui::train::checkpoint;
use serde_json::Value;

const CHANGES: usize = 30;

/// A small generator of its own: the changes are those of the seed.
struct Dice(u64);
impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n
    }
}

/// What may be changed, and to what. The first value of each is what the run begins with.
const CHOICES: &[(&str, &[&str])] = &[
    ("objective.estimator", &["jsd", "dv", "mine", "infonce", "smile", "own.rhai", "robust-dv.rhai"]),
    ("objective.local.estimator", &["inherit", "infonce", "dv", "own.rhai"]),
    ("objective.on_swap", &["keep", "align", "reset-critics"]),
    ("objective.local.negatives", &["auto", "1", "3", "7"]),
    ("objective.global.negatives", &["all", "2", "5"]),
    ("optim.batch", &["16", "12", "9"]),
    ("optim.lr", &["0.0001", "0.001", "0.0003"]),
    ("objective.global.mode", &["off", "train", "monitor"]),
    ("objective.local.mode", &["train", "monitor"]),
    ("objective.prior.mode", &["train", "monitor", "off"]),
    ("objective.local.weight", &["1.0", "0.5", "2.0"]),
    ("objective.global.weight", &["0.5", "1.0"]),
    ("objective.clip", &["0.0", "5.0"]),
    ("objective.local.critic", &["dot", "concat"]),
    ("probe.every", &["40", "25", "60"]),
];

fn journal(run: &Path) -> Vec<Value> {
    let text = fs::read_to_string(run.join("journal.jsonl")).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn count(run: &Path, kind: &str) -> usize {
    journal(run).iter().filter(|row| row["kind"] == kind).count()
}

#[test]
fn thirty_random_changes_are_replayed_to_the_bit() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    let own = "fn objective(joint, marginal) { -mean(softplus(-joint)) - mean(softplus(marginal)) }\n";
    fs::write(dir.path().join("own.rhai"), own).unwrap();
    let keys = TINY.iter().filter(|set| !set.starts_with("probe.every"));
    let keys = keys.chain(&["optim.steps=1000000", "probe.every=40", "checkpoint.every=50", "checkpoint.keep=2"]);
    fs::write(dir.path().join("my.toml"), keys.map(|set| format!("{set}\n")).collect::<String>()).unwrap();
    let options = ["--threads", "2", "--config", "my.toml", "--out", "run"].map(String::from);
    let mut screen = Screen::open(120, 40, dir.path(), &options);
    screen.shows("TRAINING");

    let mut dice = Dice(31);
    let mut now: BTreeMap<&str, &str> = CHOICES.iter().map(|(key, values)| (*key, values[0])).collect();
    let mut paused = false;
    for n in 0..CHANGES {
        // Every sixth is a pause or its end, with changes between the two at one and the same step.
        if n % 6 == 3 {
            let kind = if paused { "resume" } else { "pause" };
            let before = count(&run, kind);
            screen.send(" ");
            screen.until(kind, |_| count(&run, kind) > before);
            paused = !paused;
        }
        let (key, value) = loop {
            // Estimators and what a swap does to the critics come up most.
            let (key, values) = if dice.below(3) == 0 { CHOICES[dice.below(3)] } else { CHOICES[dice.below(CHOICES.len())] };
            let value = values[dice.below(values.len())];
            if now[key] != value {
                break (key, value);
            }
        };
        let (changes, refused) = (count(&run, "change"), count(&run, "refused"));
        screen.command(&format!("set {key}={value}"));
        screen.until(&format!("change {n}: {key}={value}"), |_| {
            count(&run, "change") > changes || count(&run, "refused") > refused
        });
        assert_eq!(count(&run, "refused"), refused, "{key}={value} over {now:?}");
        now.insert(key, value);
        // One asked for by hand: a replay does not write it, and nothing comes of it.
        if n % 10 == 4 {
            let before = count(&run, "checkpoint");
            screen.send("c");
            screen.until("a checkpoint", |_| count(&run, "checkpoint") > before);
        }
    }
    if paused {
        screen.send(" ");
    }
    // Some periodic checkpoints later, those asked for by hand are still there.
    let by_hand = || {
        let there = checkpoint::list(&run.join("checkpoints"));
        there.iter().filter(|(_, path)| checkpoint::header(path).is_ok_and(|header| header.by_hand)).count()
    };
    let kept = by_hand();
    assert!((1..=3).contains(&kept), "{kept}");
    let before = count(&run, "checkpoint");
    screen.until("three more checkpoints", |_| count(&run, "checkpoint") >= before + 3);
    assert_eq!(by_hand(), kept);
    screen.send("qy");
    assert_eq!(screen.exit_code(), 0);

    let all = journal(&run);
    assert_eq!(all.iter().filter(|row| row["kind"] == "change").count(), CHANGES);
    assert!(!all.iter().any(|row| row["kind"] == "nonfinite"), "nothing but what was asked for");
    let of = |key: &str| all.iter().filter(|row| row["key"] == key).count();
    assert!(of("objective.estimator") >= 6 && of("objective.on_swap") >= 4, "the dice have seen the most delicate ones");
    assert!(all.iter().any(|row| row["to"].as_str().is_some_and(|to| to.starts_with("scripts/own-"))), "a script among them");

    let again = dir.path().join("again");
    let steps = rows(&run.join("metrics.jsonl")).last().unwrap()["step"].as_u64().unwrap();
    fs::remove_file(dir.path().join("own.rhai")).unwrap();
    let output = Command::new(BINARY)
        .args(["--batch", "--set", &format!("optim.steps={steps}"), "--config"])
        .arg(run.join("replay.toml"))
        .arg("--out")
        .arg(&again)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(timeless(&again.join("metrics.jsonl")), timeless(&run.join("metrics.jsonl")));
    // The replay ends with a probe of its last step, which the run did not know to be its last.
    let (ours, theirs) = (timeless(&run.join("probes.jsonl")), timeless(&again.join("probes.jsonl")));
    assert!(!ours.is_empty() && theirs.len() <= ours.len() + 1);
    assert_eq!(theirs[..ours.len()], ours[..]);
}
