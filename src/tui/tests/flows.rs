//! What a user does, from the key to the trainer and back to the screen.

use crossterm::event::KeyCode;
use toml::Value;

use super::{Bench, row};
use crate::{
    config::{Config, FileEvent, Source, diff},
    train::{Command, Event, Outcome, Phase, StopReason, Watched},
    tui::{
        app::{Leaving, WatchedFile},
        log::Kind,
        message::{Effect, Message},
    },
};

fn watched(bench: &mut Bench) -> Config {
    let content = (*bench.app.live.config).clone();
    bench.app.file = Some(WatchedFile { path: "my.toml".into(), content: content.clone(), broken: None });
    content
}

/// The file is saved with these edits on top of what it said.
fn save(bench: &mut Bench, old: &Config, edits: &[(&str, Value)]) -> Config {
    let edits: Vec<_> = edits.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    let content = old.with(&edits).unwrap();
    let changes = diff(old, &content, Source::File);
    bench.send(Message::File(FileEvent::Changed { changes, content: content.clone() }));
    content
}

#[test]
fn a_change_is_requested_until_the_trainer_says_so() {
    let mut b = Bench::new();
    b.key(KeyCode::Char('e'));
    let (id, changes) = b.request();
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].key.as_str(), &changes[0].to), ("objective.estimator", &Value::from("infonce")));
    assert_eq!(changes[0].source, Source::Key);
    let screen = b.screen(120, 40);
    assert!(row(&screen, "▸ estimator").contains("jsd → infonce …"), "{screen}");
    assert_eq!(b.app.live.config.objective.estimator, "jsd", "nothing is in force yet");

    b.accept(id, &changes);
    let screen = b.screen(120, 40);
    let control = row(&screen, "▸ estimator");
    assert!(control.contains("infonce") && !control.contains('→'), "{control}");
    assert!(row(&screen, "objective.estimator jsd").contains('✓'), "{screen}");
}

#[test]
fn an_accepted_value_does_not_flash_back_before_the_next_snapshot() {
    let mut b = Bench::new();
    b.key(KeyCode::Char('e'));
    let (id, _) = b.request();
    b.event(Event::Ack { id, step: 2, outcome: Ok(()) });
    assert!(row(&b.screen(120, 40), "▸ estimator").contains("infonce"));
}

#[test]
fn a_refused_change_says_why_and_the_old_value_stays() {
    let mut b = Bench::new();
    b.key(KeyCode::Char('e'));
    let (id, _) = b.request();
    b.event(Event::Ack { id, step: 7, outcome: Err("there is no script of that name".into()) });
    let screen = b.screen(120, 40);
    let control = row(&screen, "▸ estimator");
    assert!(control.contains("jsd") && control.contains('✗') && !control.contains('→'), "{control}");
    assert!(screen.contains("refused: there is no script of that name"), "{screen}");
    assert!(b.app.requests.is_empty());
}

#[test]
fn of_several_requests_for_a_key_the_newest_shows_and_each_builds_on_the_last() {
    let mut b = Bench::new();
    b.type_text(">>");
    let told = b.told();
    let to: Vec<&Value> =
        told.iter().map(|c| if let Command::Apply { changes, .. } = c { &changes[0].to } else { panic!("{c:?}") }).collect();
    // The bench starts at 1e-3; the ladder is 1-2-5.
    assert_eq!(to, [&Value::Float(2e-3), &Value::Float(5e-3)]);
    assert_eq!(b.app.requests.wanted("optim.lr"), Some(&Value::Float(5e-3)));
}

#[test]
fn a_set_line_is_one_atomic_request() {
    let mut b = Bench::new();
    b.command("set optim.lr=0.01 objective.local.weight=2");
    let (_, changes) = b.request();
    let keys: Vec<&str> = changes.iter().map(|c| c.key.as_str()).collect();
    assert_eq!(keys, ["optim.lr", "objective.local.weight"]);
    assert!(changes.iter().all(|c| c.source == Source::Command));

    b.command("set optim.lr=0.02 optim.batch=1");
    assert!(b.told().is_empty(), "one bad value holds back the whole line");
    assert!(b.screen(120, 40).contains("optim.batch"), "and is named");
}

#[test]
fn a_typed_value_is_checked_while_typing() {
    let mut b = Bench::new();
    b.key(KeyCode::Down);
    b.key(KeyCode::Down);
    b.key(KeyCode::Enter);
    b.type_text("x");
    assert!(b.screen(160, 40).contains("objective.local.weight must be"), "{}", b.screen(160, 40));
    b.key(KeyCode::Backspace);
    b.type_text("0.25");
    b.key(KeyCode::Enter);
    let (id, changes) = b.request();
    assert_eq!(changes[0].to, Value::Float(0.25));
    b.accept(id, &changes);
    // What is typed first replaces the old value; after an arrow it is edited.
    b.key(KeyCode::Enter);
    b.key(KeyCode::Left);
    b.key(KeyCode::Backspace);
    b.key(KeyCode::Enter);
    assert_eq!(b.request().1[0].to, Value::Float(0.5), "0.25 without its 2");
}

#[test]
fn a_key_that_takes_a_new_run_waits_for_the_restart() {
    let mut b = Bench::new();
    b.command("set encoder.width=64");
    assert!(b.told().is_empty());
    assert!(b.screen(160, 45).contains("R restart"));
    b.type_text("Ry");
    assert!(matches!(b.told()[..], [Command::Stop(StopReason::Restart)]));
    let effects = b.event(Event::Ended(Outcome::Stopped(StopReason::Restart)));
    let [Effect::Start(config)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(config.encoder.width, 64);
}

#[test]
fn of_ui_and_file_the_newest_change_to_a_key_wins_and_others_stay() {
    let mut b = Bench::new();
    let first = watched(&mut b);
    // The user changes lr here, then saves the file with another key changed.
    b.type_text(">");
    let (id, changes) = b.request();
    b.accept(id, &changes);
    assert!(b.app.differs.contains("optim.lr"), "run and file differ in it");
    let second = save(&mut b, &first, &[("optim.batch", Value::Integer(32))]);
    let (id, changes) = b.request();
    let keys: Vec<&str> = changes.iter().map(|c| c.key.as_str()).collect();
    assert_eq!(keys, ["optim.batch"], "lr, as it stands in the file, is not sent");
    assert_eq!(changes[0].source, Source::File);
    b.accept(id, &changes);
    assert_eq!(b.app.live.config.optim.lr, 2e-3);
    // Now the file changes lr too, later: the file wins.
    save(&mut b, &second, &[("optim.lr", Value::Float(5e-4))]);
    let (id, changes) = b.request();
    b.accept(id, &changes);
    assert_eq!(b.app.live.config.optim.lr, 5e-4);
    assert!(b.app.differs.is_empty(), "{:?}", b.app.differs);
}

#[test]
fn a_broken_file_stays_on_screen_until_mended_and_changes_nothing() {
    let mut b = Bench::new();
    watched(&mut b);
    let error = Config::default().with(&[("optim.lr".into(), Value::from("fast"))]).unwrap_err();
    b.send(Message::File(FileEvent::Broken(error)));
    for _ in 0..3 {
        b.key(KeyCode::Down);
        assert!(b.screen(100, 30).contains("config file not usable"));
    }
    assert!(b.told().is_empty());
    b.send(Message::File(FileEvent::Mended));
    b.app.log = crate::tui::log::Log::default();
    assert!(!b.screen(100, 30).contains("not usable"));
}

#[test]
fn writing_back_writes_what_differs() {
    let mut b = Bench::new();
    watched(&mut b);
    b.type_text(">");
    let (id, changes) = b.request();
    b.accept(id, &changes);
    let effects = b.type_text("W");
    let [Effect::WriteBack(edits)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(edits[..], [("optim.lr".to_owned(), Value::Float(2e-3))]);
}

#[test]
fn quitting_asks_then_stops_then_leaves() {
    let mut b = Bench::new();
    b.type_text("q");
    assert!(b.screen(80, 24).contains("Quit?"));
    b.type_text("n");
    assert!(!b.screen(80, 24).contains("Quit?") && b.told().is_empty());
    b.type_text("qy");
    assert!(matches!(b.told()[..], [Command::Stop(StopReason::Quit)]));
    assert!(b.screen(80, 24).contains("STOPPING"));
    let effects = b.event(Event::Ended(Outcome::Stopped(StopReason::Quit)));
    assert!(matches!(effects[..], [Effect::Exit]));
    assert_eq!(b.app.exit_code(), 0);
}

#[test]
fn a_question_whether_to_cut_training_short_ends_with_the_training() {
    let mut b = Bench::new();
    b.type_text("q");
    b.publish(|s| s.phase = Phase::Finished);
    assert!(matches!(b.told()[..], [Command::Stop(StopReason::Quit)]), "as q does on a finished run");

    let mut b = Bench::new();
    b.type_text("q");
    b.publish(|s| s.phase = Phase::Failed("disk gone".into()));
    assert!(b.told().is_empty(), "a failure is to be read");
    assert!(!b.screen(80, 24).contains("Quit?"));
}

#[test]
fn a_finished_run_stays_can_be_extended_and_quits_without_a_question() {
    let mut b = Bench::new();
    b.publish(|s| {
        s.phase = Phase::Finished;
        s.step = s.steps;
    });
    assert!(b.screen(80, 24).contains("FINISHED"));
    b.command("set optim.steps=5000");
    let (id, changes) = b.request();
    assert_eq!(changes[0].to, Value::Integer(5000));
    b.accept(id, &changes);
    b.type_text("q");
    assert!(matches!(b.told()[..], [Command::Stop(StopReason::Quit)]));
}

#[test]
fn a_signal_stops_with_a_checkpoint_and_the_second_leaves_at_once() {
    let mut b = Bench::new();
    assert!(b.send(Message::Signal(15)).is_empty());
    assert!(matches!(b.told()[..], [Command::Stop(StopReason::Signal(15))]));
    assert!(matches!(b.send(Message::Signal(15))[..], [Effect::Exit]));
    assert_eq!(b.app.exit_code(), 143);
}

#[test]
fn a_closed_terminal_stops_once_however_often_it_is_told() {
    let mut b = Bench::new();
    assert!(b.send(Message::Closed).is_empty());
    assert!(b.send(Message::Signal(1)).is_empty());
    assert!(matches!(b.told()[..], [Command::Stop(StopReason::Signal(1))]));
    let effects = b.event(Event::Ended(Outcome::Stopped(StopReason::Signal(1))));
    assert!(matches!(effects[..], [Effect::Exit]));
    assert_eq!(b.app.exit_code(), 129);
}

#[test]
fn a_failed_trainer_leaves_a_usable_screen_and_exit_code_1() {
    let mut b = Bench::new();
    b.event(Event::Ended(Outcome::Failed("index out of bounds".into())));
    let screen = b.screen(80, 24);
    assert!(screen.contains("FAILED") && screen.contains("index out of bounds"), "{screen}");
    b.key(KeyCode::Down);
    assert_eq!(b.app.selected, b.app.controls()[1]);
    assert!(matches!(b.type_text("q")[..], [Effect::Exit]));
    assert_eq!(b.app.exit_code(), 1);
}

#[test]
fn a_refusal_before_the_start_leaves_with_2_and_a_later_one_stays() {
    let mut b = Bench::new();
    b.app.was_ready = false;
    let refused = Event::Ended(Outcome::Refused("no CIFAR-10 under data".into()));
    assert!(matches!(b.event(refused.clone())[..], [Effect::Exit]));
    assert_eq!(b.app.exit_code(), 2);
    let mut b = Bench::new();
    assert!(b.event(refused).is_empty());
    assert!(b.screen(80, 24).contains("no CIFAR-10 under data"));
}

#[test]
fn a_failure_while_restarting_is_shown_first() {
    let mut b = Bench::new();
    b.type_text("Ry");
    assert!(matches!(b.app.leaving, Some(Leaving::Restart(_))));
    assert!(b.event(Event::Ended(Outcome::Failed("disk full".into()))).is_empty());
    assert!(b.screen(80, 24).contains("disk full"));
    assert!(matches!(b.type_text("R")[..], [Effect::Start(_)]));
}

#[test]
fn freezing_holds_the_view_while_training_goes_on() {
    let mut b = Bench::new();
    b.publish(|s| s.step = 100);
    b.type_text("f");
    b.publish(|s| s.step = 200);
    let screen = b.screen(100, 30);
    assert!(screen.contains("view frozen") && screen.contains("step 100 /"), "{screen}");
    b.type_text("f");
    assert!(b.screen(100, 30).contains("step 200 /"));
}

#[test]
fn requests_from_elsewhere_reach_the_log() {
    let mut b = Bench::new();
    b.event(Event::Warning("the disk is full".into()));
    assert_eq!(b.app.log.entries().last().map(|e| e.kind), Some(Kind::Warning));
    assert!(b.screen(80, 24).contains("the disk is full"));
}

#[test]
fn the_trainer_reads_all_estimators_only_while_somebody_looks() {
    let mut b = Bench::new();
    b.key(KeyCode::Char('v'));
    assert!(matches!(b.told()[..], [Command::Watch(Watched::Readings)]));
    assert!(b.screen(120, 40).contains("no scores yet"), "nothing has been read so far");
    // Settings change as always, and the view stays.
    b.key(KeyCode::Char('e'));
    assert!(matches!(b.told()[..], [Command::Apply { .. }]));
    b.key(KeyCode::Right);
    assert!(b.screen(120, 40).contains("global term"));
    b.key(KeyCode::Char('v'));
    assert!(matches!(b.told()[..], [Command::Watch(Watched::Nothing)]));
    // However it is left, the trainer is told.
    b.key(KeyCode::Char('v'));
    b.key(KeyCode::Char('?'));
    assert!(matches!(b.told()[..], [Command::Watch(Watched::Readings), Command::Watch(Watched::Nothing)]));
}

#[test]
fn in_the_estimators_view_the_term_that_is_shown_changes() {
    let mut b = Bench::with(Config::default().with(&[("objective.local.estimator".to_string(), "dv".into())]).unwrap());
    b.key(KeyCode::Char('v'));
    b.told();
    b.key(KeyCode::Char('e'));
    assert_eq!(b.request().1[0].key, "objective.local.estimator");
    b.key(KeyCode::Right);
    b.key(KeyCode::Char('e'));
    assert_eq!(b.request().1[0].key, "objective.estimator", "the global term inherits it");
}

#[test]
fn the_question_says_what_quitting_would_cut_short() {
    let asked = |phase: Phase| {
        let mut b = Bench::new();
        b.publish(|s| (s.step, s.steps, s.phase) = (50, 3000, phase));
        b.type_text("q");
        [(60, 20), (80, 24), (120, 40), (200, 60)].map(|(width, height)| b.screen(width, height))
    };
    for screen in asked(Phase::Training) {
        assert!(screen.contains("Training is under way. A checkpoint will be saved."), "{screen}");
    }
    for screen in asked(Phase::Paused(None)) {
        assert!(screen.contains("Training is paused at step 50 of 3,000."), "{screen}");
        assert!(screen.contains("will be saved.") && !screen.contains("under way"), "{screen}");
    }
    for screen in asked(Phase::Starting("reading".into())) {
        assert!(screen.contains("about to begin") && !screen.contains("under way"), "{screen}");
    }
    // When all is done nothing is cut short, and nothing is asked.
    assert!(asked(Phase::Finished).iter().all(|screen| !screen.contains("Quit?")));
}
