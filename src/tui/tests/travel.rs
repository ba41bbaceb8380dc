//! Going back to a checkpoint and forking from it, and what the charts of a fork show of where it came from.

use std::sync::Arc;

use crossterm::event::KeyCode;

use super::{
    Bench, row,
    runs::{braille, curves, listed, mark, path, saved, training},
    text,
};
use crate::{
    record::{JournalKind, fork_row, journal_row, recorder_rows},
    train::{Command, Event, Facts, Outcome, Phase, Session, StopReason},
    tui::{
        app::{App, Cursor, WatchedFile},
        draw_to_buffer,
        message::{Done, Effect, Message},
        runs::{Ask, Found},
    },
};

/// The checkpoints of the stopped run, the middle one the best, the selection on the newest.
fn checkpoints() -> Bench {
    let mut b = listed();
    b.key(KeyCode::Down);
    b.key(KeyCode::Down);
    let effects = b.key(KeyCode::Enter);
    assert!(matches!(&effects[..], [Effect::Read(Ask::Checkpoints(run))] if *run == path(2)), "{effects:?}");
    let mut best = saved(200, &[("optim.lr", 0.25.into())]);
    let mut probe = recorder_rows::probe_row(200);
    probe.accuracy.linear.y = 0.75;
    best.probe = Some(Arc::new(probe));
    let rows = vec![saved(300, &[]), best, saved(100, &[])];
    b.send(Message::Found(Found::Checkpoints { run: path(2), rows }));
    b
}

#[test]
fn checkpoints_have_their_probes_and_the_best_is_marked() {
    let mut b = checkpoints();
    for (width, height) in [(60, 20), (80, 24), (120, 40)] {
        let screen = b.screen(width, height);
        assert!(screen.contains("Checkpoints of 2026-11-22-101500-shapes"), "{screen}");
        let best = row(&screen, "★ best on Y");
        assert!(best.contains(" 200 ") && best.contains("75.0"), "{best}");
        assert!(row(&screen, "probed at step 200").contains(" 300 "), "{screen}");
        assert!(screen.contains("step-00000300.safetensors · 3.0 MB"), "{screen}");
    }
    b.key(KeyCode::Esc);
    assert!(b.screen(80, 24).contains("3 beside this one"), "back to the list");
    b.key(KeyCode::Enter);
    b.send(Message::Found(Found::Checkpoints { run: path(2), rows: Vec::new() }));
    assert!(b.screen(80, 24).contains("none: checkpoint.every"));
    assert!(b.key(KeyCode::Enter).is_empty(), "there is nothing to go back to");
}

#[test]
fn enter_goes_back_to_a_checkpoint_with_the_settings_in_force_there() {
    let mut b = checkpoints();
    b.key(KeyCode::Down);
    b.key(KeyCode::Enter);
    let screen = b.screen(80, 24);
    assert!(screen.contains("Go back?") && screen.contains("step 200"), "asked while training: {screen}");
    b.type_text("n");
    assert!(b.told().is_empty(), "and nothing done without a yes");
    let mut b = checkpoints();
    b.key(KeyCode::Down);
    b.key(KeyCode::Enter);
    b.type_text("y");
    assert!(matches!(b.told()[..], [Command::Stop(StopReason::Restart)]), "the present run ends with its checkpoint");
    let effects = b.event(Event::Ended(Outcome::Stopped(StopReason::Restart)));
    let [Effect::Start(config)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(config.optim.lr, 0.25, "as it was there");
    assert_eq!(config.start.checkpoint, path(2).join("checkpoints/step-00000200.safetensors"));
}

#[test]
fn f_forks_with_the_present_settings_and_what_waits_for_a_new_run() {
    let mut b = checkpoints();
    b.app.next_run.insert("probe.train".into(), 500.into());
    b.type_text("F");
    assert!(b.screen(80, 24).contains("Fork?"), "{}", b.screen(80, 24));
    b.type_text("F");
    assert!(matches!(b.told()[..], [Command::Stop(StopReason::Restart)]), "the key that asks also answers");
    let effects = b.event(Event::Ended(Outcome::Stopped(StopReason::Restart)));
    let [Effect::Start(config)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((config.optim.lr, config.probe.train), (1e-3, 500));
    assert!(config.start.checkpoint.ends_with("step-00000300.safetensors"));

    // A finished run is left without a question.
    let mut b = checkpoints();
    b.publish(|s| s.phase = Phase::Finished);
    b.type_text("F");
    assert!(matches!(b.told()[..], [Command::Stop(StopReason::Restart)]));
}

#[test]
fn what_cannot_fit_or_cannot_be_read_is_said_before_the_present_run_ends() {
    let mut b = checkpoints();
    b.app.next_run.insert("encoder.width".into(), 64.into());
    b.type_text("F");
    let screen = b.screen(120, 40);
    assert!(screen.contains("its encoder.width is 32, that of the present settings 64"), "{screen}");
    let mut torn = saved(300, &[]);
    torn.config = Err("step-00000300.safetensors: not a whole checkpoint".into());
    b.send(Message::Found(Found::Checkpoints { run: path(2), rows: vec![torn] }));
    b.key(KeyCode::Enter);
    assert!(b.screen(120, 40).contains("not a whole checkpoint"));
    assert!(b.told().is_empty() && b.app.leaving.is_none());
}

#[test]
fn a_restart_begins_untrained_even_in_a_fork() {
    let mut b = training();
    b.publish(|s| s.config = Arc::new(s.config.with(&[("start.checkpoint".into(), "a/start.safetensors".into())]).unwrap()));
    b.type_text("Ry");
    let effects = b.event(Event::Ended(Outcome::Stopped(StopReason::Restart)));
    let [Effect::Start(config)] = &effects[..] else { panic!("{effects:?}") };
    assert!(config.start.checkpoint.as_os_str().is_empty());
}

#[test]
fn where_a_run_began_is_no_difference_from_the_config_file() {
    let mut b = training();
    let content = (*b.app.live.config).clone();
    b.app.file = Some(WatchedFile { path: "my.toml".into(), content, broken: None });
    let edits = [("start.checkpoint".into(), "a/start.safetensors".into()), ("optim.lr".into(), 0.25.into())];
    b.publish(|s| s.config = Arc::new(s.config.with(&edits).unwrap()));
    assert_eq!(b.app.differs.iter().collect::<Vec<_>>(), ["optim.lr"]);
}

/// The run that this one was forked from comes onto its charts by itself: bright up to the fork, dimmed beyond it.
#[test]
fn a_forks_parent_lies_over_its_charts_dimmed_beyond_the_fork() {
    let mut b = listed();
    mark(&mut b, 1, curves(1..=250, 2.0, "jsd"));
    let (session, link) = Session::pair(&b.app.live.config);
    let (snapshot, history) = (session.snapshot.load_full(), session.history.clone());
    b.send(Message::Done(Done::Started { snapshot, history, lesson: None }));
    (b.session, b.link) = (session, link);
    for step in 201..=300 {
        b.link.history.push_step(&recorder_rows::step_row(step, 1.0));
    }
    let checkpoint = path(2).join("checkpoints/step-00000200.safetensors");
    let effects = b.event(Event::Journal(fork_row(200, &checkpoint)));
    let [Effect::Read(Ask::Parent { run, step: 200 })] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*run, path(2));
    let parent = curves(1..=200, 3.0, "jsd");
    (201..=400).for_each(|step| parent.history.push_step(&recorder_rows::step_row(step, 4.0)));
    b.send(Message::Found(Found::Parent { run: path(2), step: 200, curves: Ok(parent) }));
    b.publish(|s| {
        s.facts = Arc::new(Facts { run_dir: "/runs/2026-11-25-090000-shapes".into(), ..Facts::default() });
        (s.step, s.phase) = (300, Phase::Training);
    });
    b.type_text("z");
    let buf = draw_to_buffer(&b.app, 120, 40);
    let screen = text(&buf);
    assert!(screen.contains("△ 22-101500 4.000") && screen.contains("◇ 23-101500 2.000"), "{screen}");
    assert_eq!(b.app.x_range(), (1.0, 400.0));
    // What of it is in which columns.
    let colour = b.app.theme.curve(6).style.fg.unwrap();
    let dots = |app: &App| {
        let buf = draw_to_buffer(app, 120, 40);
        let cells: Vec<(u16, bool)> = (0..120)
            .filter_map(|x| {
                let cell = (3..38).map(|y| &buf[(x, y)]).find(|c| braille(c.symbol()) && c.fg == colour)?;
                Some((x, cell.modifier.contains(ratatui::style::Modifier::DIM)))
            })
            .collect();
        cells
    };
    let cells = dots(&b.app);
    let (bright, dim): (Vec<_>, Vec<_>) = cells.into_iter().partition(|(_, dim)| !dim);
    assert!(bright.len() > 20 && dim.len() > 20, "{bright:?} {dim:?}\n{screen}");
    // Half of the 400 steps lie before the fork: 8 columns of labels, 111 of plot.
    let (last, first) = (bright.last().unwrap().0, dim[0].0);
    assert!(last <= first && (60..=66).contains(&first), "{last} {first}\n{screen}");
    // The legend reads the parent where the crosshair is, before and beyond.
    for (step, value) in [(150.0, "3.000"), (350.0, "4.000")] {
        b.app.cursor = Some(Cursor { x: step, pinned: true });
        assert!(b.screen(120, 40).contains(&format!("△ 22-101500 {value}")), "{}", b.screen(120, 40));
    }
    // A crosshair out of sight reads nothing: the legend has the newest values.
    b.app.cursor = Some(Cursor { x: 0.0, pinned: true });
    assert!(b.screen(120, 40).contains("△ 22-101500 4.000"), "{}", b.screen(120, 40));
    // Leaving it for another run, its parent is left behind; what was marked by hand stays.
    let (session, _link) = Session::pair(&b.app.live.config);
    let (snapshot, history) = (session.snapshot.load_full(), session.history.clone());
    b.send(Message::Done(Done::Started { snapshot, history, lesson: None }));
    assert_eq!(b.app.runs.overlays.iter().map(|o| o.path.clone()).collect::<Vec<_>>(), [path(3)]);
}

#[test]
fn a_resumed_fork_is_asked_for_its_parent_and_others_are_not() {
    let mut b = training();
    let effects = b.event(Event::Journal(journal_row(40, JournalKind::Resumed)));
    assert!(matches!(&effects[..], [Effect::Read(Ask::ParentOf(run))] if *run == b.app.live.facts.run_dir));
    assert!(b.event(Event::Journal(journal_row(0, JournalKind::Start))).is_empty());
    let gone = Found::Parent { run: path(1), step: 3, curves: Err("cannot read config.toml".into()) };
    b.send(Message::Found(gone));
    assert!(b.app.runs.overlays.is_empty() && b.screen(120, 40).contains("is not on the charts"));
}
