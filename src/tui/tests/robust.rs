//! Nothing a user, a file or the trainer does makes the workbench panic, and no key of the table is dead.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::{prelude::*, sample::select};

use super::Bench;
use crate::{
    config::{Config, FileEvent, LESSONS, Source, diff},
    record::{JournalKind, JournalRow, PerTerm, StepRow, TermLosses},
    train::{Event, Outcome, Phase, StopReason},
    tui::{
        app::{ChartId, Panel, WatchedFile},
        draw_to_buffer,
        keys::{Action, BINDINGS, When},
        layout::{Target, target},
        lesson::Lesson,
        message::Message,
        ui::{self, UiEvent},
    },
};

/// A bench in which every key has something to act on.
fn busy(action: Action, focus: Panel) -> Bench {
    let mut b = Bench::new();
    let content = b.app.live.config.with(&[("optim.lr".into(), toml::Value::Float(0.5))]).unwrap();
    b.app.file = Some(WatchedFile { path: "my.toml".into(), content, broken: None });
    b.publish(|s| {
        s.step = 50;
        // In the middle of every ladder.
        let edits = [("objective.local.negatives".into(), 8.into()), ("objective.global.negatives".into(), 8.into())];
        s.config = Arc::new(s.config.with(&edits).unwrap());
    });
    b.app.compare_with_file();
    b.app.focus = focus;
    b.app.selected = 14;
    for i in 0..30 {
        b.event(Event::Warning(format!("line {i}")));
    }
    b.app.log.back = 5;
    if let Panel::Chart(_) = focus {
        b.app.cursor = Some(crate::tui::app::Cursor { x: 20.0, pinned: true });
        b.app.focus = Panel::Chart(ChartId::Information);
    }
    if let Action::Default = action {
        b.publish(|s| s.config = Arc::new(s.config.with(&[("optim.batch".into(), 32.into())]).unwrap()));
    }
    b
}

#[test]
fn every_key_of_the_table_does_something_that_can_be_seen() {
    for binding in BINDINGS {
        for chord in binding.keys {
            let acts = |focus| {
                let mut b = busy(binding.action, focus);
                let before = draw_to_buffer(&b.app, 160, 48);
                let effects = b.send(Message::Key(KeyEvent::new(chord.0, chord.1)));
                !effects.is_empty() || !b.told().is_empty() || draw_to_buffer(&b.app, 160, 48) != before
            };
            let panels = [Panel::Controls, Panel::Chart(ChartId::Information), Panel::Log];
            assert!(panels.into_iter().any(acts), "{} does nothing", chord.name());
        }
    }
}

/// What a hint is offered for, made true.
fn bring_about(b: &mut Bench, when: When) {
    match when {
        When::Charts => b.app.focus = Panel::Chart(ChartId::Information),
        When::Log => b.app.focus = Panel::Log,
        When::Controls => b.app.focus = Panel::Controls,
        When::Paused => b.publish(|s| s.phase = Phase::Paused(None)),
        When::NeedsRestart => drop(b.command("set encoder.width=48")),
        When::Finding => {
            b.publish(|s| {
                let edits = [("objective.estimator".into(), "infonce".into()), ("objective.local.negatives".into(), 15.into())];
                s.config = Arc::new(s.config.with(&edits).unwrap());
            });
            super::doctor::at_ceiling(b, 70, 0.97);
        }
        When::Changed => {
            b.type_text(">");
            let (id, changes) = b.request();
            b.accept(id, &changes);
        }
        When::Overlaid => super::runs::something_read(b, 6),
        When::Mouse => drop(b.type_text("m")),
        When::Lesson => b.app.lesson = LESSONS[0].config().unwrap().lesson.map(Lesson::new),
        When::Zoomed | When::Picked | When::Hidden => {
            b.app.focus = Panel::Chart(ChartId::Loss);
            for step in 1..=50 {
                b.app.history.push_step(&row(step, 1.0 / step as f64));
            }
            b.type_text(match when {
                When::Zoomed => "+",
                When::Picked => "b",
                _ => "bB",
            });
        }
        When::Covered => drop(b.type_text("v")),
        // True of the bench as it is.
        When::Always | When::Alive | When::Running | When::FileDiffers | When::Never => {}
    }
    b.told();
    b.app.notice = None;
}

#[test]
fn every_hint_is_offered_where_its_key_does_something() {
    for binding in BINDINGS.iter().filter(|b| b.when != When::Never) {
        let mut b = busy(binding.action, Panel::Controls);
        bring_about(&mut b, binding.when);
        let before = draw_to_buffer(&b.app, 340, 48);
        let hints = super::text(&before).lines().last().unwrap().to_owned();
        assert!(hints.contains(&format!(" {} ", binding.hint)), "{:?}: no '{}' in {hints}", binding.action, binding.hint);
        let chord = binding.keys[0];
        let effects = b.send(Message::Key(KeyEvent::new(chord.0, chord.1)));
        let seen = draw_to_buffer(&b.app, 340, 48) != before;
        assert!(!effects.is_empty() || !b.told().is_empty() || seen, "{} does nothing", chord.name());
    }
}

#[test]
fn a_release_is_not_a_press() {
    let mut b = Bench::new();
    let mut key = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
    key.kind = crossterm::event::KeyEventKind::Release;
    b.send(Message::Key(key));
    assert!(!b.screen(80, 24).contains("Quit?"));
}

#[test]
fn a_click_selects_what_is_drawn_there_and_the_wheel_changes_it() {
    let mut b = Bench::new();
    b.send(Message::Resize(100, 30));
    let screen = b.screen(100, 30);
    let y = screen.lines().position(|l| l.contains("weight β")).unwrap() as u16;
    let mouse = |kind| Message::Mouse(MouseEvent { kind, column: 90, row: y, modifiers: KeyModifiers::NONE });
    b.send(mouse(MouseEventKind::Down(MouseButton::Left)));
    assert_eq!(crate::tui::controls::CONTROLS[b.app.selected].key, "objective.local.weight");
    b.send(mouse(MouseEventKind::ScrollUp));
    assert_eq!(b.request().1[0].to, toml::Value::Float(2.0));
}

#[test]
fn a_click_on_a_chart_sets_the_crosshair_of_all_and_hovering_ends_with_the_mouse() {
    let mut b = Bench::new();
    b.send(Message::Resize(100, 40));
    b.publish(|s| s.step = 1000);
    let at = |b: &Bench| (0..40).find(|y| matches!(target(&b.app, 40, *y), Target::Chart(ChartId::Loss, _))).unwrap();
    let row = at(&b) + 4;
    let mouse = |kind, column| Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    b.send(mouse(MouseEventKind::Moved, 40));
    assert!(b.app.cursor.is_some_and(|c| !c.pinned && c.x > 1.0 && c.x < 1000.0));
    b.send(mouse(MouseEventKind::Moved, 98));
    assert_eq!(b.app.cursor, None);
    b.send(mouse(MouseEventKind::Down(MouseButton::Left), 40));
    b.send(mouse(MouseEventKind::Moved, 98));
    assert!(b.app.cursor.is_some_and(|c| c.pinned));
}

pub(super) fn row(step: u64, value: f64) -> StepRow {
    StepRow {
        step,
        seconds: value,
        epoch: Some(value),
        examples_per_second: value,
        loss: value,
        terms: TermLosses { global: Some(value), local: Some(-value), prior: None, discriminator: Some(value) },
        mi: PerTerm { global: Some(value), local: None },
        ceiling: PerTerm { global: Some(value), local: Some(value) },
        estimator: PerTerm::default(),
        negatives: PerTerm::default(),
        lr: value,
        grad_norm: value,
        arena: None,
    }
}

fn a_number() -> impl Strategy<Value = f64> {
    prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(0.0), Just(1e300), Just(-1e-300), -5.0..5.0]
}

fn a_phase() -> impl Strategy<Value = Phase> {
    prop_oneof![
        Just(Phase::Training),
        Just(Phase::Paused(Some("a non-finite loss".into()))),
        Just(Phase::Finished),
        Just(Phase::Stopping),
        Just(Phase::Starting("reading".into())),
        Just(Phase::Failed("no memory\nleft αβγ".into())),
    ]
}

/// What can happen, as data: a message needs the bench to make it.
#[derive(Debug, Clone)]
enum Happening {
    Key(KeyEvent),
    Mouse(MouseEventKind, u16, u16, KeyModifiers),
    Paste(String),
    Resize(u16, u16),
    Publish(Phase, u64, f64),
    Push(u64, f64),
    Answer(u64, bool),
    Gallery(usize, usize),
    Lesson(usize),
    Journal(JournalKind),
    File(f64),
    Broken,
    End(Outcome),
    Signal,
    Memory(u64),
    /// Something of other runs.
    Read(usize),
    /// The user's own file is saved.
    OwnFile(usize),
}

fn a_key() -> impl Strategy<Value = Happening> {
    let code = prop_oneof![
        4 => select(BINDINGS.iter().flat_map(|b| b.keys.iter().map(|k| k.0)).collect::<Vec<_>>()),
        2 => any::<char>().prop_map(KeyCode::Char),
        1 => select(vec![KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::Backspace, KeyCode::Char('y'), KeyCode::Char(':')]),
    ];
    (code, select(vec![KeyModifiers::NONE, KeyModifiers::SHIFT, KeyModifiers::CONTROL]))
        .prop_map(|(code, modifiers)| Happening::Key(KeyEvent::new(code, modifiers)))
}

fn happening() -> impl Strategy<Value = Happening> {
    let mouse = select(vec![
        MouseEventKind::Moved,
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
        MouseEventKind::ScrollLeft,
        MouseEventKind::ScrollRight,
    ]);
    let kinds = vec![JournalKind::Change, JournalKind::Refused, JournalKind::Nonfinite, JournalKind::End];
    let outcomes = vec![
        Outcome::Done,
        Outcome::Failed("x".into()),
        Outcome::Nonfinite("loss is NaN".into()),
        Outcome::Refused("no data".into()),
        Outcome::Stopped(StopReason::Restart),
    ];
    prop_oneof![
        12 => a_key(),
        4 => (mouse, 0..210_u16, 0..70_u16, select(vec![KeyModifiers::NONE, KeyModifiers::SHIFT]))
            .prop_map(|(kind, x, y, modifiers)| Happening::Mouse(kind, x, y, modifiers)),
        1 => ".*".prop_map(Happening::Paste),
        2 => (0..200_u16, 0..60_u16).prop_map(|(w, h)| Happening::Resize(w, h)),
        3 => (a_phase(), any::<u64>(), a_number()).prop_map(|(p, s, v)| Happening::Publish(p, s, v)),
        3 => (0..3_u64, a_number()).prop_map(|(gap, v)| Happening::Push(gap, v)),
        3 => (0..6_u64, any::<bool>()).prop_map(|(id, ok)| Happening::Answer(id, ok)),
        2 => (0..9000_usize, 0..9000_usize).prop_map(|(first, picked)| Happening::Gallery(first, picked)),
        1 => (0..LESSONS.len()).prop_map(Happening::Lesson),
        1 => select(kinds).prop_map(Happening::Journal),
        1 => (0.001..9.0).prop_map(Happening::File),
        1 => Just(Happening::Broken),
        1 => select(outcomes).prop_map(Happening::End),
        1 => Just(Happening::Signal),
        1 => any::<u64>().prop_map(Happening::Memory),
        6 => (0..8_usize).prop_map(Happening::Read),
        2 => (0..OWN_FILES.len()).prop_map(Happening::OwnFile),
    ]
}

const OWN_FILES: [&str; 5] = [
    "",
    "theme = \"light\"\nmouse = false\nprogress = \"off\"",
    "marker = \"octant\"\nnotify = \"osc9\"\n[keys]\nhelp = \"F1\"\nquit = [\"Z\", \"alt-q\"]",
    "theme = \"none\"",
    "[keys]\npause = \"q\"",
];

fn own_file(b: &mut Bench, which: usize) {
    let read = |text: &str| ui::parse(text, "ui.toml".as_ref());
    let event = match (read(OWN_FILES[(which + 1) % 3]), read(OWN_FILES[which])) {
        (Ok(from), Ok(to)) => UiEvent::Changed { from: Box::new(from), to: Box::new(to) },
        (_, Err(error)) => UiEvent::Broken(error),
        _ => UiEvent::Mended,
    };
    b.send(Message::Ui(event));
}

fn happen(b: &mut Bench, what: Happening) {
    match what {
        Happening::Key(key) => drop(b.send(Message::Key(key))),
        Happening::Mouse(kind, column, row, modifiers) => {
            drop(b.send(Message::Mouse(MouseEvent { kind, column, row, modifiers })));
        }
        Happening::Paste(text) => drop(b.send(Message::Paste(text))),
        Happening::Resize(w, h) => drop(b.send(Message::Resize(w, h))),
        Happening::Publish(phase, step, value) => b.publish(|s| {
            s.phase = phase;
            s.step = step;
            s.steps_per_second = value;
            s.epoch = value;
        }),
        Happening::Push(gap, value) => {
            let last = b.app.history.span().map_or(0, |s| s.1);
            b.link.history.push_step(&row(last + gap, value));
        }
        Happening::Answer(id, ok) => {
            let outcome = if ok { Ok(()) } else { Err("no".into()) };
            drop(b.event(Event::Ack { id, step: 5, outcome }));
        }
        Happening::Gallery(first, picked) => b.publish(|s| s.gallery = Some(Arc::new(super::data::gallery_at(first, picked)))),
        Happening::Lesson(which) => b.app.lesson = LESSONS[which].config().unwrap().lesson.map(Lesson::new),
        Happening::Journal(kind) => {
            let row =
                JournalRow { step: 3, time: String::new(), kind, key: None, from: None, to: None, source: None, reason: None };
            drop(b.event(Event::Journal(row)));
        }
        Happening::File(lr) => {
            let old = b.app.file.as_ref().map_or_else(Config::default, |f| f.content.clone());
            let content = old.with(&[("optim.lr".into(), toml::Value::Float(lr))]).unwrap();
            let changes = diff(&old, &content, Source::File);
            drop(b.send(Message::File(FileEvent::Changed { changes, content })));
        }
        Happening::Broken => {
            let error = Config::default().with(&[("optim.lr".into(), toml::Value::from("fast"))]).unwrap_err();
            drop(b.send(Message::File(FileEvent::Broken(error))));
        }
        Happening::End(outcome) => drop(b.event(Event::Ended(outcome))),
        Happening::Memory(mib) => drop(b.send(Message::Memory(mib))),
        Happening::Signal => drop(b.send(Message::Signal(15))),
        Happening::Read(which) => super::runs::something_read(b, which),
        Happening::OwnFile(which) => own_file(b, which),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_every_size_draws(
        happenings in prop::collection::vec(happening(), 1..60),
        sizes in prop::collection::vec((0..200_u16, 0..60_u16), 3),
        watched in any::<bool>(),
    ) {
        let mut b = Bench::new();
        if watched {
            b.app.file = Some(WatchedFile { path: "my.toml".into(), content: Config::default(), broken: None });
        }
        for (i, what) in happenings.into_iter().enumerate() {
            happen(&mut b, what);
            if i % 8 == 0 {
                let area = b.app.area;
                draw_to_buffer(&b.app, area.width, area.height);
            }
        }
        for (w, h) in sizes {
            draw_to_buffer(&b.app, w, h);
        }
    }
}
