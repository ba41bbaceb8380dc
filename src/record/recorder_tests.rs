//! A whole run directory: what is in it, what a resume leaves of it, and what a full disk does.

use std::fs;

use super::{
    super::{
        JournalKind,
        append::tests::Disk,
        journal_row,
        jsonl::Durable,
        read_rows,
        recorder_rows::{probe_row, step_row},
    },
    *,
};
use crate::config::{Change, Source, parse_text};

impl Durable for Disk {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn summary() -> Summary {
    Summary {
        version: "0".into(),
        steps: 3,
        epochs: 0.5,
        seconds: 1.0,
        outcome: "done".into(),
        last: Some(step_row(3, f64::NAN)),
        probe: None,
        facts: [("device".to_owned(), "cpu".to_owned())].into(),
    }
}

fn steps(dir: &Path, name: &str) -> Vec<u64> {
    let rows: Vec<serde_json::Value> = read_rows(&dir.join(name)).unwrap();
    rows.iter().map(|r| r["step"].as_u64().unwrap()).collect()
}

#[test]
fn a_run_has_all_its_files() {
    let base = tempfile::tempdir().unwrap();
    let out = base.path().join("run");
    let config = Config::default();
    let mut r = Recorder::create(RunDir::exactly(&out).unwrap(), &config).unwrap();
    r.journal(&[journal_row(0, JournalKind::Start)]);
    r.step(&step_row(1, -0.5));
    r.step(&step_row(2, f64::NAN));
    let change = Change { key: "optim.lr".into(), from: 0.001.into(), to: 0.01.into(), source: Source::Key };
    r.journal(&[journal_row(3, JournalKind::Change).change(&change)]);
    r.step(&step_row(3, f64::INFINITY));
    r.probe(&probe_row(3));
    r.finish(&summary()).unwrap();
    assert_eq!(r.take_warning(), None);

    let path = out.join("config.toml");
    assert_eq!(parse_text(&fs::read_to_string(&path).unwrap(), &path).unwrap(), config);
    let replay = fs::read_to_string(out.join("replay.toml")).unwrap();
    assert_eq!(parse_text(&replay, &path).unwrap().schedule[0].at, 3);
    let metrics = fs::read_to_string(out.join("metrics.jsonl")).unwrap();
    assert_eq!(metrics.lines().count(), 3);
    let second: serde_json::Value = serde_json::from_str(metrics.lines().nth(1).unwrap()).unwrap();
    assert!(second["loss"].is_null() && second["terms"]["local"].is_null() && second["mi"]["local"] == 0.5);
    let rows: Vec<StepRow> = read_rows(&out.join("metrics.jsonl")).unwrap();
    assert!(rows.len() == 3 && rows[1].loss.is_nan() && rows[0].loss == -0.5);
    assert_eq!(read_rows::<ProbeRow>(&out.join("probes.jsonl")).unwrap(), [probe_row(3)]);
    let summary: serde_json::Value = serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();
    assert!(summary["outcome"] == "done" && summary["last"]["loss"].is_null());
    let names: Vec<String> = fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 7, "{names:?}");
}

#[test]
fn a_resume_cuts_back_to_the_checkpoint() {
    let base = tempfile::tempdir().unwrap();
    let out = base.path().join("run");
    let mut r = Recorder::create(RunDir::exactly(&out).unwrap(), &Config::default()).unwrap();
    for step in 1..=9 {
        r.step(&step_row(step, 0.0));
        if step % 3 == 0 {
            r.probe(&probe_row(step));
            r.journal(&[journal_row(step, JournalKind::Checkpoint)]);
        }
    }
    drop(r);
    for name in ["metrics.jsonl", "journal.jsonl"] {
        let whole = fs::read_to_string(out.join(name)).unwrap();
        fs::write(out.join(name), whole + "{\"step\":5,\"to").unwrap();
    }
    let mut r = Recorder::resume(RunDir::existing(&out).unwrap(), &Config::default(), 6, 0).unwrap();
    r.journal(&[journal_row(6, JournalKind::Resumed)]);
    r.step(&step_row(7, 0.0));
    drop(r);
    assert_eq!(steps(&out, "metrics.jsonl"), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(steps(&out, "probes.jsonl"), [3, 6]);
    assert_eq!(steps(&out, "journal.jsonl"), [3, 6, 9, 6], "the journal keeps all");
    let text = fs::read_to_string(out.join("journal.jsonl")).unwrap();
    assert!(text.lines().all(|l| serde_json::from_str::<serde_json::Value>(l).is_ok()), "{text}");
    let events = fs::read_dir(&out).unwrap().filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().contains("tfevents"));
    assert_eq!(events.count(), 2);
}

#[test]
fn a_rollback_takes_rows_out_again() {
    let base = tempfile::tempdir().unwrap();
    let out = base.path().join("run");
    let mut r = Recorder::create(RunDir::exactly(&out).unwrap(), &Config::default()).unwrap();
    for step in [1, 2, 3, 4] {
        r.step(&step_row(step, 0.0));
    }
    r.rewind(2);
    r.step(&step_row(3, 1.0));
    drop(r);
    assert_eq!(steps(&out, "metrics.jsonl"), [1, 2, 3]);
}

#[test]
fn csv_files_are_cut_back_with_the_rest() {
    let base = tempfile::tempdir().unwrap();
    let out = base.path().join("run");
    let config = Config::default().with(&[("metrics.csv".into(), true.into())]).unwrap();
    let mut r = Recorder::create(RunDir::exactly(&out).unwrap(), &config).unwrap();
    let column = |name: &str| -> Vec<u64> {
        let text = fs::read_to_string(out.join(name)).unwrap();
        text.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect()
    };
    for step in 1..=6 {
        r.step(&step_row(step, 0.0));
        if step % 2 == 0 {
            r.probe(&probe_row(step));
        }
    }
    r.rewind(4);
    r.step(&step_row(5, 0.0));
    drop(r);
    assert_eq!((column("metrics.csv"), column("probes.csv")), (vec![1, 2, 3, 4, 5], vec![2, 4]));
    let torn = fs::read_to_string(out.join("metrics.csv")).unwrap() + "6,0.6,";
    fs::write(out.join("metrics.csv"), torn).unwrap();
    let mut r = Recorder::resume(RunDir::existing(&out).unwrap(), &config, 2, 0).unwrap();
    r.step(&step_row(3, 0.0));
    r.probe(&probe_row(3));
    drop(r);
    assert_eq!((column("metrics.csv"), column("probes.csv")), (vec![1, 2, 3], vec![2, 3]));
    assert_eq!((steps(&out, "metrics.jsonl"), steps(&out, "probes.jsonl")), (column("metrics.csv"), column("probes.csv")));
    assert!(!out.join("factors.csv").exists() && !out.join("arena.csv").exists());
}

#[test]
fn two_cannot_write_to_one_run() {
    let base = tempfile::tempdir().unwrap();
    let out = base.path().join("run");
    let first = Recorder::create(RunDir::exactly(&out).unwrap(), &Config::default()).unwrap();
    let second = Recorder::resume(RunDir::existing(&out).unwrap(), &Config::default(), 0, 0);
    assert!(matches!(second, Err(RecordError::InUse(_))));
    drop(first);
    assert!(Recorder::resume(RunDir::existing(&out).unwrap(), &Config::default(), 0, 0).is_ok());
}

/// A recorder whose metrics go to a disk with this much room, the rest of it nowhere.
fn on_disk(disk: &Disk, base: &Path) -> Recorder {
    let dir = RunDir::exactly(&base.join("run")).unwrap();
    let lock = File::create(dir.path().join("lock")).unwrap();
    Recorder::over(dir, vec![Box::new(JsonLines::over(disk.clone(), Rows::Metrics))], lock)
}

#[test]
fn a_full_disk_is_told_once_and_loses_nothing() {
    let base = tempfile::tempdir().unwrap();
    let disk = Disk::with_room(500);
    let mut r = on_disk(&disk, base.path());
    for step in 1..=50 {
        r.step(&step_row(step, 0.0));
        r.flush();
    }
    let warning = r.take_warning().unwrap();
    assert!(warning.starts_with("metrics.jsonl: ") && warning.contains("kept in memory"), "{warning}");
    assert_eq!(r.take_warning(), None, "told once, not at every row");
    disk.make_room(1 << 20);
    r.flush();
    let rows: Vec<StepRow> = disk.text().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(rows.iter().map(|r| r.step).collect::<Vec<_>>(), (1..=50).collect::<Vec<_>>());
    assert_eq!(r.take_warning(), None);
}

#[test]
fn a_disk_that_stays_full_says_what_is_lost_at_the_end() {
    let base = tempfile::tempdir().unwrap();
    let mut r = on_disk(&Disk::with_room(0), base.path());
    r.step(&step_row(1, 0.0));
    assert!(r.finish(&summary()).unwrap_err().contains("lost"));
}

#[cfg(target_os = "linux")]
#[test]
fn dev_full_neither_stops_nor_hangs() {
    if !Path::new("/dev/full").exists() {
        println!("skipped: no /dev/full");
        return;
    }
    let base = tempfile::tempdir().unwrap();
    let dir = RunDir::exactly(&base.path().join("run")).unwrap();
    std::os::unix::fs::symlink("/dev/full", dir.path().join("metrics.jsonl")).unwrap();
    let mut r = Recorder::create(dir, &Config::default()).unwrap();
    r.step(&step_row(1, 0.0));
    r.probe(&probe_row(1));
    let warning = r.take_warning().unwrap();
    assert_eq!(warning, "metrics.jsonl: No space left on device; rows are kept in memory and written when there is room");
    assert_eq!(steps(r.path(), "probes.jsonl"), [1], "the other files go on");
}
