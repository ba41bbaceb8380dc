//! Nowhere to write to: a directory that cannot be written, said at once; a disk that is full for a while, told and outlived.

mod common;

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use common::{BINARY, batch, rows, sets};
use dim_tui::train::checkpoint;

/// A small file system under a folder, if this user may mount one.
struct Disk<'a>(&'a Path);
impl<'a> Disk<'a> {
    fn mount(at: &'a Path, options: &str) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).output();
        let done = mounted.is_ok_and(|o| o.status.success()).then_some(Self(at));
        if done.is_none() {
            println!("skipped: no right to mount a small disk");
        }
        done
    }
}
impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}

fn refusal(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!((output.status.code(), errors.len()), (Some(2), 1), "{text}");
    errors[0].to_owned()
}

/// A read-only disk: as parent of a new run, as an empty run directory, and under a run that is to be resumed.
#[test]
fn a_directory_that_cannot_be_written_is_refused_before_anything_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(dir.path(), "size=4m") else { return };
    let [empty, there] = ["empty", "there"].map(|name| disk.0.join(name));
    fs::create_dir(&empty).unwrap();
    let tiny = sets(&["optim.steps=4", "probe.every=0"]);
    assert!(batch(&there, &tiny).status.success());
    assert!(Command::new("mount").args(["-o", "remount,ro"]).arg(disk.0).status().unwrap().success());
    // The data are not there either: the directory is looked at first.
    let no_data = sets(&["data.name=cifar10", "data.dir=/nowhere"]);
    for out in [&empty, &disk.0.join("new")] {
        let error = refusal(&batch(out, &no_data));
        assert_eq!(error, format!("error: cannot write {}: Read-only file system", out.display()));
    }
    let output = Command::new(BINARY).args(["--batch", "--threads", "2", "--resume"]).arg(&there).output().unwrap();
    assert_eq!(refusal(&output), format!("error: cannot write {}: Read-only file system", there.display()));
    let under = sets(&[&format!("run.dir={}", disk.0.join("runs").display())]);
    let output = Command::new(BINARY).args(["--batch", "--threads", "2"]).args(under).output().unwrap();
    assert!(refusal(&output).ends_with("runs: Read-only file system"));
}

/// A training under way, and the lines it says on standard error.
struct Training {
    child: Child,
    said: Receiver<String>,
    heard: Vec<String>,
}
impl Training {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (tell, said) = channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { child, said, heard: Vec::new() }
    }
    /// Waits for a line with this in it.
    fn hears(&mut self, part: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        while !self.heard.iter().any(|line| line.contains(part)) {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.said.recv_timeout(left).unwrap_or_else(|_| panic!("no '{part}' in {:?}", self.heard));
            self.heard.push(line);
        }
    }
    fn stop(mut self) -> (i32, Vec<String>) {
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let status = self.child.wait().unwrap();
        self.heard.extend(self.said.iter());
        (status.code().unwrap_or_else(|| 1000 + status.signal().unwrap_or(0)), std::mem::take(&mut self.heard))
    }
}
impl Drop for Training {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn until(what: &str, mut found: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !found() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn command(out: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(["--batch", "--threads", "2", "--out"]).arg(out).args(sets(more));
    command
}

/// Without the discriminator, which makes most of a tiny checkpoint.
const ENDLESS: &[&str] =
    &["objective.prior.mode=off", "optim.steps=1000000", "probe.every=0", "checkpoint.every=50", "checkpoint.keep=2"];

/// What does not fit is said at once, once; training goes on, and when there is room again all of it is written.
#[test]
fn a_disk_that_is_full_for_a_while_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(dir.path(), "size=2m") else { return };
    let out = disk.0.join("run");
    let mut training = Training::start(&mut command(&out, ENDLESS));
    let checkpoints = out.join("checkpoints");
    let newest = || checkpoint::list(&checkpoints).first().map_or(0, |(step, _)| *step);
    until("a checkpoint", || newest() >= 50);
    // Whatever room there is goes to something else.
    let mut ballast = fs::File::create(disk.0.join("ballast")).unwrap();
    while ballast.write_all(&[0; 512]).is_ok() {}
    training.hears("no checkpoint was written");
    training.hears("metrics.jsonl: No space left on device; rows are kept in memory and written when there is room");
    let (before, steps) = (newest(), rows_whole(&out));
    assert!(checkpoint::list(&checkpoints).iter().all(|(_, path)| checkpoint::read(path).is_ok()), "older ones are whole");
    fs::remove_file(disk.0.join("ballast")).unwrap();
    drop(ballast);
    until("a newer checkpoint", || newest() > before);
    until("later rows", || rows_whole(&out) > steps);
    let (code, heard) = training.stop();
    assert_eq!(code, 128 + 2, "{heard:?}");
    assert_eq!(heard.iter().filter(|line| line.contains("metrics.jsonl: No space")).count(), 1, "once: {heard:?}");
    assert!(!heard.iter().any(|line| line.contains("lost")), "{heard:?}");
    let found: Vec<u64> = rows(&out.join("metrics.jsonl")).iter().map(|row| row["step"].as_u64().unwrap()).collect();
    assert_eq!(found, (1..=found.len() as u64).collect::<Vec<_>>());
    assert!(out.join("summary.json").is_file());
    assert_eq!(newest(), found.len() as u64);
}

/// Rows that are whole by now.
fn rows_whole(out: &Path) -> usize {
    fs::read_to_string(out.join("metrics.jsonl")).unwrap_or_default().matches('\n').count()
}

/// A limit on the size of files (`ulimit -f`) is no reason to die: what does not fit is told, checkpoints go on.
#[test]
fn a_file_that_may_not_grow_is_told_and_training_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let mut limited = Command::new("sh");
    // In blocks of 512 bytes: checkpoints of the tiny networks fit, the rows of many steps do not.
    limited.args(["-c", "ulimit -f 400 && exec \"$@\"", "sh", BINARY, "--batch", "--threads", "2", "--out"]).arg(&out);
    let mut training = Training::start(limited.args(sets(ENDLESS)));
    training.hears("metrics.jsonl: File too large; rows are kept in memory");
    let newest = || checkpoint::list(&out.join("checkpoints")).first().map_or(0, |(step, _)| *step);
    let before = newest();
    until("a newer checkpoint", || newest() > before);
    let (code, heard) = training.stop();
    assert!(code < 1000, "killed by signal {}: {heard:?}", code - 1000);
    let lost = |line: &String| line.contains("metrics.jsonl: ") && line.contains("what was not written yet is lost");
    assert!(heard.iter().any(lost), "{heard:?}");
}
