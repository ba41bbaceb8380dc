//! The doctor beside whole runs: silent where nothing is wrong, from the first step on.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use dim_tui::{
    config::{self, Config},
    data::{self, Request},
    doctor::{Doctor, Finding, Signs, examine},
    record::{JournalKind, JournalRow, ProbeRow, StepRow},
    train::{Command, History, Options, Scripts, Session, StopReason, Trainer},
};
use serde::de::DeserializeOwned;

fn rows<T: DeserializeOwned>(run: &str, file: &str) -> Vec<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(run).join(file);
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Everything the doctor begins to tell of a recorded run, with its step, at a look after every row.
fn told(run: &str, edit: impl Fn(&mut StepRow)) -> Vec<(u64, Finding)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(run).join("config.toml");
    let mut config: Config = config::load(Some(&path), &[]).unwrap();
    let (steps, probes) = (rows::<StepRow>(run, "metrics.jsonl"), rows::<ProbeRow>(run, "probes.jsonl"));
    let journal: Vec<JournalRow> = rows(run, "journal.jsonl");
    let (mut doctor, history, mut told) = (Doctor::default(), History::default(), Vec::new());
    let (mut probes, mut changes) =
        (probes.iter().peekable(), journal.iter().filter(|r| r.kind == JournalKind::Change).peekable());
    doctor.look(&config, &history, None);
    assert!(steps.len() >= 200, "{run} has {} rows", steps.len());
    for mut row in steps {
        while let Some(change) = changes.next_if(|c| c.step <= row.step) {
            let value = toml::Value::try_from(change.to.clone().unwrap()).unwrap();
            config = config.with(&[(change.key.clone().unwrap(), value)]).unwrap();
        }
        edit(&mut row);
        history.push_step(&row);
        while let Some(probe) = probes.next_if(|p| p.step <= row.step) {
            history.push_probe(probe);
        }
        told.extend(doctor.look(&config, &history, None).into_iter().map(|f| (row.step, f)));
    }
    told
}

#[test]
fn nothing_is_told_of_runs_that_go_well() {
    // The defaults for a thousand steps: an estimate of −3·10⁸ nats at the start, a discriminator that wins for a while.
    assert_eq!(told("healthy", |_| {}), []);
    // Swaps, a term switched on, fewer negatives, another rate.
    assert_eq!(told("run", |_| {}), []);
}

#[test]
fn the_same_run_gone_wrong_is_told_once() {
    let lost = told("healthy", |row| {
        if row.step > 500 {
            row.terms.discriminator = Some(0.01);
        }
    });
    assert_eq!(lost.iter().map(|(_, f)| f.complaint).collect::<Vec<_>>(), ["prior-lost"], "{lost:?}");
    // Rows come every five steps; the mean of fifty rows is below the line after some forty, and it must hold for twenty.
    assert!((700..=850).contains(&lost[0].0), "at step {}", lost[0].0);
}

/// The workbench's trainer measures vitals without being asked; the headless one has nobody to show them to.
#[test]
fn vitals_are_measured_for_the_workbench_only() {
    let edits =
        ["encoder.width=4", "encoder.fc=16", "critic.units=16", "optim.batch=16", "probe.every=0", "data.train_limit=256"];
    for interactive in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let edits = edits.iter().flat_map(|e| config::parse_assignments(e).unwrap());
        let steps = ("optim.steps".to_string(), toml::Value::Integer(if interactive { 1_000_000 } else { 20 }));
        let config = Config::default().with(&edits.chain([steps]).collect::<Vec<_>>()).unwrap();
        let options = Options { out: Some(dir.path().join("run")), interactive, ..Options::default() };
        let session = Session::start(config, options).unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        while session.snapshot.load().vitals.is_none() && session.snapshot.load().step < 20 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        let measured = session.snapshot.load().vitals.clone();
        // One that has ended already does not hear it.
        let _ = session.commands.send(Command::Stop(StopReason::Quit));
        session.join();
        assert_eq!(measured.is_some(), interactive);
        assert!(measured.is_none_or(|v| v.step > 0 && v.pulls[1].is_some_and(|p| p.raw > 0.0)));
    }
}

/// The vitals of the default run's first steps are those of an encoder in good health.
#[test]
fn a_fresh_encoder_is_well() {
    let mut config = Config::default();
    config.objective.global.mode = config::Mode::Train;
    let request = Request { dir: Path::new(""), train_limit: 256, side: 64, seed: 0, phase: &|_| {} };
    let dataset = Arc::new(data::load("shapes", &request).unwrap());
    let mut trainer = Trainer::new(Arc::new(config.clone()), Scripts::default(), dataset, candle_core::Device::Cpu).unwrap();
    let vitals: Vec<_> = (0..3)
        .map(|_| {
            trainer.step().unwrap();
            Arc::new(trainer.vitals().unwrap().unwrap())
        })
        .collect();
    let history = History::default();
    let findings = examine(&Signs { config: &config, history: &history, vitals: &vitals, since: 0 });
    assert_eq!(findings, [], "{vitals:?}");
}
