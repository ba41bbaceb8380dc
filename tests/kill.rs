//! `kill -9` at fifty random moments: every run directory opens, goes on, and ends as if nothing had happened.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use common::{BINARY, TINY, rows, timeless};
use dim_tui::{
    record::{JournalKind, SavedRun},
    train::checkpoint,
};

/// Runs side by side.
const LANES: u64 = 2;
/// Runs in each, and how often each is killed.
const RUNS: u64 = 5;
const KILLS: u64 = 5;
const EVERY: u64 = 7;
const STEPS: u64 = 110;

/// A small generator of its own: the moments are those of the seed.
struct Dice(u64);
impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }
}

/// The settings of a run; `rate` is what saves of the file change.
fn config(rate: u64) -> String {
    let base = ["probe.every=11", "metrics.every=1", "checkpoint.keep=2", "objective.prior.mode=\"off\""];
    let own = [format!("optim.steps={STEPS}"), format!("checkpoint.every={EVERY}"), format!("optim.lr={rate}e-4")];
    let tiny = TINY.iter().filter(|set| !set.starts_with("probe.every"));
    tiny.copied().chain(base).chain(own.iter().map(String::as_str)).map(|line| format!("{line}\n")).collect()
}

/// Ended when it is dropped, however the test ends.
struct Process(Child);
impl Process {
    fn start(args: &[&str], more: &Path) -> Self {
        let mut command = Command::new(BINARY);
        command.args(["--batch", "--threads", "1"]).args(args).arg(more).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("the binary starts"))
    }
    fn kill(&mut self) {
        // SIGKILL: nothing in the program hears of it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
    fn ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}
impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What is waited for (nothing, a checkpoint being written, a row of the journal, another checkpoint) before the dice decide how much longer.
fn moment(dice: &mut Dice, run: &Path) -> Box<dyn Fn() -> bool> {
    let run = run.to_owned();
    let journal = move |run: &Path| fs::metadata(run.join("journal.jsonl")).map_or(0, |file| file.len());
    match dice.below(4) {
        // Any moment, the start included.
        0 => Box::new(|| true),
        1 => Box::new(move || files(&run).iter().any(|file| file.extension().is_some_and(|e| e == "partial"))),
        2 => {
            let there = journal(&run);
            Box::new(move || journal(&run) > there)
        }
        _ => {
            let there = files(&run);
            Box::new(move || files(&run) != there)
        }
    }
}

fn files(run: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(run.join("checkpoints")) else { return Vec::new() };
    let mut found: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    found.sort();
    found
}

/// Kills the process at a moment the dice choose; the config file is rewritten meanwhile, in more than one way.
fn killed(mut process: Process, dice: &mut Dice, run: &Path, file: &Path) {
    let reached = moment(dice, run);
    let end = Instant::now() + Duration::from_secs(30);
    while !reached() && !process.ended() && Instant::now() < end {
        thread::sleep(Duration::from_micros(200));
    }
    for _ in 0..dice.below(3) {
        let text = config(1 + dice.below(9));
        match dice.below(3) {
            // Half a file, as a write in progress would be read.
            0 => fs::write(file, format!("{}\noptim.l", &text[..text.len() / 2])).unwrap(),
            1 => fs::write(file, text).unwrap(),
            _ => {
                fs::write(file.with_extension("new"), text).unwrap();
                fs::rename(file.with_extension("new"), file).unwrap();
            }
        }
        thread::sleep(Duration::from_millis(dice.below(250)));
    }
    thread::sleep(Duration::from_millis(dice.below(120)));
    process.kill();
}

/// What holds of a run directory right after a kill; the step training will go on from.
fn whole_as_far_as_it_goes(run: &Path) -> u64 {
    let saved = SavedRun::open(run).unwrap_or_else(|e| panic!("{}: {e}", run.display()));
    let steps: Vec<u64> = saved.steps.iter().map(|row| row.step).collect();
    assert_eq!(steps, (1..=steps.len() as u64).collect::<Vec<_>>(), "no row is missing or there twice");
    let newest = checkpoint::list(&run.join("checkpoints")).first().map_or(0, |(step, path)| {
        checkpoint::read(path).unwrap_or_else(|e| panic!("a checkpoint that has its name is whole: {e}"));
        *step
    });
    let done = steps.len() as u64;
    assert!(newest <= done, "the rows of checkpoint {newest} are there, not only {done}");
    assert!(done - newest <= EVERY, "step {done} is recorded, and the newest checkpoint is of step {newest}");
    newest
}

fn finish(args: &[&str], more: &Path) {
    let output = Command::new(BINARY).args(["--batch", "--threads", "1"]).args(args).arg(more).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// One run, killed several times, then let to its end, and held against one that was never stopped.
fn one_run(folder: &Path, dice: &mut Dice) -> u64 {
    let (file, run) = (folder.join("my.toml"), folder.join("run"));
    let mut kills = 0;
    fs::create_dir(folder).unwrap();
    while kills < KILLS {
        if !run.join("config.toml").is_file() {
            // Nothing was recorded yet: the same command works again.
            fs::write(&file, config(5)).unwrap();
            let arguments = ["--config", file.to_str().unwrap(), "--out"];
            killed(Process::start(&arguments, &run), dice, &run, &file);
            kills += 1;
            continue;
        }
        let newest = whole_as_far_as_it_goes(&run);
        let journal = SavedRun::open(&run).unwrap().journal.len();
        killed(Process::start(&["--resume"], &run), dice, &run, &file);
        kills += 1;
        let rows = SavedRun::open(&run).unwrap().journal;
        if let Some(resumed) = rows[journal.min(rows.len())..].iter().find(|row| row.kind == JournalKind::Resumed) {
            assert_eq!(resumed.step, newest, "it goes on from the newest checkpoint");
        }
    }
    finish(&["--resume"], &run);
    let straight = folder.join("straight");
    finish(&["--config", run.join("replay.toml").to_str().unwrap(), "--out"], &straight);
    assert_eq!(rows(&run.join("metrics.jsonl")).len() as u64, STEPS);
    for name in ["metrics.jsonl", "probes.jsonl"] {
        assert_eq!(timeless(&run.join(name)), timeless(&straight.join(name)), "{name} of {}", folder.display());
    }
    assert!(files(&run).iter().all(|file| file.extension().is_some_and(|e| e == "safetensors")), "nothing half written is left");
    kills
}

#[test]
fn fifty_kills_lose_nothing_that_was_promised() {
    let dir = tempfile::tempdir().unwrap();
    let kills: u64 = thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| {
                let base = dir.path();
                scope.spawn(move || {
                    let mut dice = Dice(2026 + lane);
                    (0..RUNS).map(|n| one_run(&base.join(format!("{lane}-{n}")), &mut dice)).sum::<u64>()
                })
            })
            .collect();
        lanes.into_iter().map(|lane| lane.join().unwrap()).sum()
    });
    assert_eq!(kills, 50);
}
