//! The order of the log.

use super::{Bench, row};
use crate::{
    record::{JournalKind, JournalRow},
    train::{Event, Phase},
    tui::log::Kind,
};

fn pause(b: &mut Bench, step: u64) {
    let row = JournalRow {
        step,
        time: String::new(),
        kind: JournalKind::Pause,
        key: None,
        from: None,
        to: None,
        source: None,
        reason: None,
    };
    b.publish(|s| (s.step, s.phase) = (step, Phase::Paused(None)));
    b.event(Event::Journal(row));
}

#[test]
fn steps_do_not_run_backwards_in_the_log_while_training_is_paused() {
    let mut b = Bench::new();
    pause(&mut b, 1095);
    for refused in [false, true] {
        b.type_text(">");
        let (id, _) = b.request();
        let outcome = if refused { Err("no".into()) } else { Ok(()) };
        b.event(Event::Ack { id, step: 1096, outcome });
    }
    b.app.note(Kind::Note, "picture");
    let steps: Vec<u64> = b.app.log.entries().iter().map(|e| e.step).collect();
    assert!(steps.len() >= 4 && steps.is_sorted(), "{:?}", b.app.log.entries());
    // It is told from when on it is in force; what is refused never is.
    b.type_text("g");
    let screen = b.screen(120, 40);
    let line = row(&screen, "✓ optim.lr");
    assert!(line.contains("1,095") && line.contains("from step 1,096 on"), "{line}");
    assert!(!row(&screen, "✗ optim.lr").contains("1,096"), "{screen}");
}

#[test]
fn while_steps_are_taken_a_change_stands_at_the_step_from_which_on_it_is_in_force() {
    let mut b = Bench::new();
    b.publish(|s| s.step = 1095);
    b.type_text(">");
    let (id, _) = b.request();
    b.event(Event::Ack { id, step: 1096, outcome: Ok(()) });
    let entry = b.app.log.entries().last().unwrap();
    assert!(entry.step == 1096 && !entry.text.contains("from step"), "{entry:?}");
}
