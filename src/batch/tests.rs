//! The headless runner against a trainer that only plays one.

use std::{
    fs,
    io::{self, Write},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use super::*;
use crate::{
    record::{
        JournalKind, journal_row,
        recorder_rows::{probe_row, step_row},
    },
    train::{Facts, Snapshot, session::Link},
};

#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);
impl Write for Text {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(data)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
impl Text {
    fn read(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// A pipe nobody reads.
struct Closed;
impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

fn publish(link: &Link, step: u64) {
    let mut s = Snapshot::clone(&link.snapshot.load());
    s.phase = Phase::Training;
    s.facts = Arc::new(Facts { run_dir: "some/run".into(), data: "shapes".into(), threads: 2, ..Facts::default() });
    (s.step, s.steps, s.steps_per_second) = (step, 30, 10.0);
    s.last = Some(Arc::new(step_row(step, -0.25)));
    link.snapshot.store(Arc::new(s));
}

/// Drives a trainer played by `play`: outcome, standard output, standard error.
fn driven(signals: &Signals, file: Option<WatchedFile>, play: impl FnOnce(Link) + Send + 'static) -> (Outcome, String, String) {
    let (session, link) = Session::pair(&Config::default());
    let trainer = thread::spawn(move || play(link));
    let (out, err) = (Text::default(), Text::default());
    let mut output = Output::to(out.clone(), err.clone());
    let outcome = drive(session, file, signals, &mut output);
    output.ended(&outcome);
    trainer.join().unwrap();
    (outcome, out.read(), err.read())
}

#[test]
fn exit_codes_are_the_documented_ones() {
    let code = |outcome| exit_code(&outcome);
    assert_eq!(code(Outcome::Done), 0);
    assert_eq!(code(Outcome::Failed("x".into())), 1);
    assert_eq!(code(Outcome::Refused("x".into())), 2);
    assert_eq!(code(Outcome::Nonfinite("x".into())), 3);
    assert_eq!(code(Outcome::Stopped(StopReason::Signal(2))), 130);
    assert_eq!(code(Outcome::Stopped(StopReason::Signal(15))), 143);
}

#[test]
fn a_whole_run_is_told_in_lines() {
    let (outcome, out, err) = driven(&Signals::default(), None, |link| {
        publish(&link, 15);
        link.events.send(Event::Probe(probe_row(15))).unwrap();
        link.events.send(Event::Warning("the disk is full".into())).unwrap();
        publish(&link, 30);
        link.events.send(Event::Ended(Outcome::Done)).unwrap();
    });
    assert_eq!(outcome, Outcome::Done);
    for part in [
        "run directory: some/run\n",
        "/30  loss -0.2500  local 0.500 nats",
        "y 25.0 %",
        "(chance 10.0 %)",
        "recorded in some/run\n",
    ] {
        assert!(out.contains(part), "{part:?} is not in\n{out}");
    }
    assert_eq!(err, "warning: the disk is full\n");
}

/// jsd's read-out of an untrained critic can have thirty digits.
#[test]
fn numbers_without_measure_are_told_by_their_size() {
    let (_, out, _) = driven(&Signals::default(), None, |link| {
        let mut row = probe_row(0);
        row.mi_heldout.local = Some(-4.400_742_63e28);
        link.events.send(Event::Probe(row)).unwrap();
        link.events.send(Event::Ended(Outcome::Done)).unwrap();
    });
    assert!(out.contains("held-out local -4.4e28 nats; guaranteed local 0.125 nats"), "{out}");
}

#[test]
fn what_the_doctor_finds_is_told_once() {
    let (_, _, err) = driven(&Signals::default(), None, |link| {
        let config = Config::default().with(&[("objective.prior.weight".into(), 0.01.into())]).unwrap();
        let mut s = Snapshot::clone(&link.snapshot.load());
        s.config = Arc::new(config);
        link.snapshot.store(Arc::new(s));
        let until = Instant::now() + Duration::from_secs(20);
        for step in 1..=300 {
            let mut row = step_row(step, -0.25);
            row.terms.discriminator = Some(0.01);
            link.history.push_step(&row);
            publish(&link, step);
            // An event wakes the front end, which looks at the run.
            link.events.send(Event::Journal(journal_row(step, JournalKind::Checkpoint))).unwrap();
            while !link.events.is_empty() && Instant::now() < until {
                thread::sleep(Duration::from_millis(1));
            }
        }
        link.events.send(Event::Ended(Outcome::Done)).unwrap();
    });
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.starts_with("warning: doctor at step ") && err.contains("(try: objective.prior.weight = 0.1)"), "{err}");
}

#[test]
fn the_first_signal_asks_for_a_checkpoint_and_waits_for_it() {
    let (outcome, out, _) = driven(&Signals::already(15), None, |link| {
        let Command::Stop(reason) = link.commands.recv_timeout(Duration::from_secs(20)).unwrap() else { panic!() };
        thread::sleep(3 * TICK);
        assert!(link.commands.is_empty(), "asked once");
        link.events.send(Event::Checkpoint { step: 7, path: "some/run/step-7".into() }).unwrap();
        link.events.send(Event::Ended(Outcome::Stopped(reason))).unwrap();
    });
    assert_eq!(exit_code(&outcome), 143);
    assert!(out.contains("checkpoint of step 7"), "{out}");
}

#[test]
fn failures_are_one_line_on_standard_error() {
    let (outcome, _, err) = driven(&Signals::default(), None, |link| {
        link.events.send(Event::Ended(Outcome::Refused("no CIFAR-10 under x".into()))).unwrap();
    });
    assert_eq!((exit_code(&outcome), err.as_str()), (2, "error: no CIFAR-10 under x\n"));
    let (outcome, _, err) = driven(&Signals::default(), None, drop);
    assert_eq!((exit_code(&outcome), err.as_str()), (1, "error: the trainer ended without a word\n"));
}

#[test]
fn a_closed_pipe_stops_nothing() {
    let (session, link) = Session::pair(&Config::default());
    publish(&link, 30);
    link.events.send(Event::Journal(journal_row(3, JournalKind::Nonfinite).reason("loss"))).unwrap();
    link.events.send(Event::Ended(Outcome::Nonfinite("loss".into()))).unwrap();
    let mut output = Output::to(Closed, Closed);
    let outcome = drive(session, None, &Signals::default(), &mut output);
    output.ended(&outcome);
    assert_eq!(exit_code(&outcome), 3);
}

#[test]
fn a_save_changes_live_keys_and_names_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("my.toml");
    fs::write(&path, "seed = 1\n[optim]\nlr = 0.1\n").unwrap();
    let file = WatchedFile::new(path.clone()).unwrap();
    let (_, out, err) = driven(&Signals::default(), Some(file), move |link| {
        thread::sleep(Duration::from_millis(300));
        fs::write(&path, "seed = 2\n[optim]\nlr = 0.2\n").unwrap();
        let Command::Apply { id, changes } = link.commands.recv_timeout(Duration::from_secs(20)).unwrap() else { panic!() };
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].key.as_str(), &changes[0].to), ("optim.lr", &toml::Value::Float(0.2)));
        link.events.send(Event::Ack { id, step: 9, outcome: Ok(()) }).unwrap();
        link.events.send(Event::Journal(journal_row(9, JournalKind::Change).change(&changes[0]))).unwrap();
        link.events.send(Event::Ack { id: 2, step: 9, outcome: Err("K is too large".into()) }).unwrap();
        fs::write(&path, "[optim]\nlearning_rate = 0.2\n").unwrap();
        // The fault is told while the run goes on.
        let until = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until {
            thread::sleep(TICK);
        }
        assert!(link.commands.is_empty(), "a broken file changes nothing");
        link.events.send(Event::Ended(Outcome::Done)).unwrap();
    });
    assert!(out.contains("seed takes effect on restart\n"), "{out}");
    assert!(out.contains("step 9: optim.lr 0.1 → 0.2 (file)\n"), "{out}");
    assert!(err.contains("refused: K is too large"), "{err}");
    assert!(err.contains("learning_rate") && err.contains("the run goes on as it was"), "{err}");
}
