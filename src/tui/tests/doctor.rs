//! The doctor's line and its keys, and the key that takes back.

use crossterm::event::KeyCode;
use toml::Value;

use super::{Bench, row};
use crate::{
    config::{Config, Source},
    train::{Command, Event, Outcome},
};

/// Rows of InfoNCE with 15 negatives at this share of its ceiling, ln 16; a snapshot after every one.
pub(super) fn at_ceiling(b: &mut Bench, rows: u64, share: f64) {
    for _ in 0..rows {
        let mut row = crate::record::recorder_rows::step_row(b.app.live.step + 1, 1.0);
        (row.mi.local, row.ceiling.local) = (Some(share * 16f64.ln()), Some(16f64.ln()));
        b.link.history.push_step(&row);
        b.publish(|s| s.step += 1);
    }
}

/// True if the doctor's line is at the top of the smallest usual screen.
fn doctor_speaks(b: &Bench) -> bool {
    b.screen(80, 24).lines().next().is_some_and(|line| line.starts_with(" doctor: "))
}

fn full() -> Bench {
    let edits = [("objective.estimator".to_string(), "infonce".into()), ("objective.local.negatives".to_string(), 15.into())];
    Bench::with(Config::default().with(&edits).unwrap())
}

#[test]
fn the_doctor_tells_what_is_off_and_its_remedy_can_be_undone() {
    let mut b = full();
    b.key(KeyCode::Char('x'));
    assert!(b.told().is_empty() && b.screen(80, 24).contains("the doctor finds nothing wrong"));
    let before = b.screen(80, 24);
    at_ceiling(&mut b, 70, 0.97);
    let screen = b.screen(80, 24);
    let line = screen.lines().next().unwrap();
    assert!(
        line.contains("doctor: local infonce at its ceiling, 2.69 of 2.77 nats (K 15)") && line.contains("x: K 15 → 30"),
        "{line}"
    );
    // Nothing has moved: the panels begin where they began.
    let at = |screen: &str, part: &str| screen.lines().position(|l| l.contains(part));
    for part in ["Loss", "Settings", " Log ", "Probe accuracy"] {
        assert_eq!(at(&screen, part), at(&before, part), "{part}");
    }
    assert!(b.app.log.entries().last().unwrap().text.contains("its gradient fades"), "the whole sentence is in the log");

    // One key asks for the remedy, as every change is asked for; in force is what the trainer says.
    b.key(KeyCode::Char('x'));
    let (id, changes) = b.request();
    assert_eq!((changes[0].key.as_str(), &changes[0].to), ("objective.local.negatives", &Value::Integer(30)));
    assert_eq!(changes[0].source, Source::Key);
    assert!(b.screen(120, 40).contains("15 → 30 …"));
    b.key(KeyCode::Char('x'));
    assert!(b.told().is_empty(), "once is enough");
    b.accept(id, &changes);
    at_ceiling(&mut b, 1, 0.5);
    assert!(!doctor_speaks(&b), "the change gets its time");
    assert!(row(&b.screen(80, 24), "dim-tui").contains("shapes"));

    // And another takes it back.
    b.key(KeyCode::Char('u'));
    let (id, changes) = b.request();
    assert_eq!((changes[0].key.as_str(), &changes[0].to), ("objective.local.negatives", &Value::Integer(15)));
    b.accept(id, &changes);
    assert_eq!(b.app.live.config.local_negatives(), 15);
    b.key(KeyCode::Char('u'));
    assert!(b.told().is_empty() && b.screen(80, 24).contains("nothing to undo"));
}

#[test]
fn a_finding_goes_with_its_cause_and_a_dismissed_one_at_once() {
    let mut b = full();
    at_ceiling(&mut b, 70, 0.97);
    assert!(doctor_speaks(&b));
    at_ceiling(&mut b, 40, 0.2);
    assert!(!doctor_speaks(&b));
    at_ceiling(&mut b, 100, 0.97);
    assert!(doctor_speaks(&b), "it has come back");
    b.key(KeyCode::Char('X'));
    assert!(!doctor_speaks(&b));
    at_ceiling(&mut b, 100, 0.97);
    assert!(!doctor_speaks(&b));
    // A run that has ended cannot be helped.
    let mut b = full();
    at_ceiling(&mut b, 70, 0.97);
    b.event(Event::Ended(Outcome::Done));
    assert!(!doctor_speaks(&b));
}

#[test]
fn undo_goes_back_change_by_change() {
    let mut b = Bench::new();
    let start = b.app.live.config.clone();
    for line in ["set optim.lr=0.01 optim.batch=32", "set objective.estimator=dv"] {
        b.command(line);
        let (id, changes) = b.request();
        b.accept(id, &changes);
    }
    // A refused one is no change.
    b.command("set optim.warmup=5");
    let (id, _) = b.request();
    b.key(KeyCode::Char('u'));
    assert!(b.told().is_empty(), "what is not answered yet cannot be taken back");
    assert!(b.screen(160, 40).contains("not acknowledged yet"));
    b.event(Event::Ack { id, step: 9, outcome: Err("no".into()) });
    b.type_text("uu");
    let told = b.told();
    let [Command::Apply { id: first, changes: one }] = &told[..] else { panic!("one at a time: {told:?}") };
    assert_eq!(one[0].to, start.get("objective.estimator").unwrap());
    // The trainer will not have it: it can be tried again.
    b.event(Event::Ack { id: *first, step: 9, outcome: Err("not now".into()) });
    b.key(KeyCode::Char('u'));
    let (id, changes) = b.request();
    assert_eq!(&changes, one);
    b.accept(id, &changes);
    b.key(KeyCode::Char('u'));
    assert!(b.screen(120, 40).contains("undo: optim.batch 32 → 64, optim.lr 0.01 → 0.001"), "{}", b.screen(120, 40));
    let (id, changes) = b.request();
    assert_eq!(changes.len(), 2, "what was one change goes back as one");
    b.accept(id, &changes);
    assert_eq!(b.app.live.config, start);
    assert!(b.app.undo.is_empty());
}
