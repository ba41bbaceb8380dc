//! A lesson beside the charts.

use std::{path::Path, sync::Arc};

use crossterm::event::{KeyCode, KeyModifiers, MouseEvent, MouseEventKind};

use super::{Bench, probe_row, row};
use crate::{
    config::{Config, LESSONS, LessonWait},
    train::{Event, Phase, Snapshot},
    tui::{
        app::{App, ChartId, Panel},
        draw_to_buffer,
        layout::layout,
        lesson::Lesson,
        message::{Done, Effect, Message},
        theme::Theme,
        update::take_up,
        view,
    },
};

const SIZES: [(u16, u16); 4] = [(200, 60), (120, 40), (80, 24), (60, 20)];

fn begun(name: &str) -> Bench {
    let mut config: Config = LESSONS.iter().find(|l| l.name == name).unwrap().config().unwrap();
    let lesson = config.lesson.take().map(Lesson::new);
    let mut b = Bench::with(config);
    b.app.lesson = lesson;
    b.publish(|_| ());
    b
}

/// As if so many steps had been taken, with a probe after the last.
fn train(b: &mut Bench, to: u64) {
    b.publish(|s| (s.step, s.probe) = (to, Some(Arc::new(probe_row(to)))));
}

#[test]
fn it_is_taken_card_by_card_and_its_changes_are_the_readers() {
    let mut b = begun("negatives");
    let screen = b.screen(120, 40);
    assert!(
        screen.contains("Lesson · Why JSD forgives few negatives · introduction") && screen.contains("next in 300 steps"),
        "{screen}"
    );
    b.type_text("n");
    assert!(b.screen(120, 40).contains("after 300 more steps"));
    train(&mut b, 300);
    assert!(b.screen(120, 40).contains("n next"));
    b.type_text("n");
    let screen = b.screen(120, 40);
    assert!(screen.contains("1 of 4") && screen.contains("▸ t  objective.local.negatives 63 → 1"), "{screen}");
    assert!(b.told().is_empty(), "nothing changes by itself");
    b.type_text("n");
    assert!(b.screen(120, 40).contains("first the change of this card: t makes it"));
    b.type_text("t");
    let (id, changes) = b.request();
    assert_eq!((changes[0].key.as_str(), &changes[0].to), ("objective.local.negatives", &toml::Value::Integer(1)));
    b.accept(id, &changes);
    let screen = b.screen(120, 40);
    assert!(screen.contains("✓ t  objective.local.negatives = 1") && screen.contains("next in 199 steps"), "{screen}");
    b.type_text("t");
    assert!(b.told().is_empty() && b.screen(120, 40).contains("in force already"));
    // The answer, and back.
    assert!(!screen.contains("hardly"));
    b.type_text("T");
    assert!(b.screen(120, 40).contains("hardly"));
    b.type_text("T");
    assert!(!b.screen(120, 40).contains("hardly"));
    let since = b.app.live.step;
    b.publish(|s| s.step = since + 200);
    assert!(b.screen(120, 40).contains("next with the next probe"));
    train(&mut b, since + 200);
    b.type_text("nNN");
    assert!(b.screen(120, 40).contains("· introduction"), "back to the first");
    b.type_text("Nt");
    assert!(b.screen(120, 40).contains("changes nothing") && b.told().is_empty());
    b.type_text("nn");
    assert!(b.screen(120, 40).contains("2 of 4"), "what was read once waits for nothing");
}

#[test]
fn lesson_and_charts_are_in_sight_at_every_size_and_the_log_comes_back() {
    for lesson in &LESSONS {
        let mut b = begun(lesson.name);
        let title = b.app.lesson.as_ref().unwrap().title().to_owned();
        for (width, height) in SIZES {
            b.send(Message::Resize(width, height));
            let spots = layout(&b.app).unwrap();
            assert!(!spots.charts.is_empty() && spots.charts.iter().all(|(_, area)| area.height >= 6), "{width}×{height}");
            assert!(spots.charts.iter().all(|(_, area)| !area.intersects(spots.log)));
            assert!(b.screen(width, height).contains(title.split(' ').next().unwrap()));
            assert!(width < 80 || b.screen(width, height).contains("t try"), "the keys are offered at {width}×{height}");
        }
    }
    let mut b = begun("prior");
    b.event(crate::train::Event::Warning("the disk is full".into()));
    assert!(!b.screen(120, 40).contains("disk is full"));
    b.command("lesson");
    assert!(b.screen(120, 40).contains("disk is full") && !b.screen(120, 40).contains("Lesson"));
    b.type_text("n");
    assert!(b.screen(120, 40).contains("Lesson"), "its keys bring it back");
    let mono = draw_to_buffer(&App { theme: Theme::mono(), ..b.app.clone() }, 80, 24);
    assert!(super::text(&mono).contains("What the prior does"));
}

#[test]
fn every_card_of_the_shipped_lessons_fits_or_scrolls() {
    for lesson in &LESSONS {
        let config = lesson.config().unwrap();
        let mut b = begun(lesson.name);
        let cards = config.lesson.unwrap().steps.len();
        for card in 0..=cards {
            for answered in [false, true] {
                let open = b.app.lesson.as_mut().unwrap();
                open.answered = answered && open.step().is_some_and(|step| !step.answer.is_empty());
                for (width, height) in [(120, 40), (80, 24)] {
                    b.send(Message::Resize(width, height));
                    let log = layout(&b.app).unwrap().log;
                    let lines = view::lesson::lines(&b.app, b.app.lesson.as_ref().unwrap(), log.width).len();
                    assert!(lines < usize::from(log.height), "{} card {card}: {lines} lines at {width}×{height}", lesson.name);
                }
            }
            // On to the next: its change made, its steps taken.
            let open = b.app.lesson.as_ref().unwrap();
            let set: Vec<_> = open.step().map(|s| s.set.clone().into_iter().collect()).unwrap_or_default();
            let step = b.app.live.step + 1000;
            b.publish(|s| s.config = Arc::new(s.config.with(&set).unwrap()));
            train(&mut b, step);
            b.type_text("n");
            assert_eq!(b.app.lesson.as_ref().unwrap().place().0, (card + 1).min(cards), "{}", lesson.name);
        }
    }
    let mut b = begun("negatives");
    b.send(Message::Resize(60, 20));
    train(&mut b, 300);
    b.type_text("n");
    b.app.focus = Panel::Log;
    let screen = b.screen(60, 20);
    if screen.contains("more below") {
        b.key(KeyCode::End);
        b.key(KeyCode::PageDown);
        assert!(b.screen(60, 20).contains("answer)"), "{}", b.screen(60, 20));
    }
}

#[test]
fn without_a_lesson_its_keys_say_how_to_begin_one() {
    let mut b = Bench::new();
    for key in ["n", "N", "t", "T"] {
        b.type_text(key);
        assert!(row(&b.screen(120, 40), "no lesson").contains("dim-tui --lesson NAME, as negatives"));
    }
    b.command("lesson");
    assert!(b.screen(120, 40).contains("no lesson is open"));
}

#[test]
fn a_new_run_starts_the_clock_anew() {
    let mut b = begun("local-global");
    train(&mut b, 600);
    assert!(b.screen(120, 40).contains("n next"));
    let fresh = Arc::new(crate::train::Snapshot::starting(b.app.live.config.clone()));
    let history = Arc::new(crate::train::History::default());
    b.send(Message::Done(Done::Started { snapshot: fresh, history, lesson: None }));
    assert!(b.screen(120, 40).contains("next in 600 steps"));
    b.app.focus = Panel::Chart(ChartId::Loss);
    b.type_text("i");
    assert!(b.screen(120, 40).contains("next in 600 steps"), "an explanation lies over the charts, not over the lesson");
}

/// The cards that ask for what a probe shows wait for one.
#[test]
fn shipped_lessons_wait_for_what_they_ask_for() {
    for lesson in &LESSONS {
        let read = lesson.config().unwrap().lesson.unwrap();
        assert!(read.steps.iter().any(|step| step.wait == Some(LessonWait::Probe)));
        for step in read.steps.iter().filter(|step| !step.question.is_empty()) {
            assert!(!step.answer.is_empty() && !step.look.is_empty(), "{}: {}", lesson.name, step.text);
            assert!(!step.answer.contains('@'), "{}", step.answer);
        }
    }
}

#[test]
fn every_key_and_the_wheel_move_the_card_that_is_in_sight_and_not_the_log_behind_it() {
    let mut b = begun("negatives");
    let long = crate::config::Lesson { introduction: "one word after another ".repeat(60), ..Default::default() };
    b.app.lesson = Some(Lesson::new(long));
    b.send(Message::Resize(60, 20));
    for i in 0..40 {
        b.event(crate::train::Event::Warning(format!("line {i}")));
    }
    b.app.focus = Panel::Log;
    let at = |b: &Bench| b.app.lesson.as_ref().unwrap().scroll;
    let last = view::lesson::last_scroll(&b.app);
    assert!(last > 0, "the card is longer than its place");
    for _ in 0..50 {
        b.key(KeyCode::Down);
    }
    assert_eq!(at(&b), last, "it ends where there is nothing more");
    b.key(KeyCode::Up);
    assert_eq!(at(&b), last - 1);
    b.key(KeyCode::Home);
    assert_eq!(at(&b), 0);
    b.key(KeyCode::End);
    assert_eq!(at(&b), last);
    let log = layout(&b.app).unwrap().log;
    let wheel = |kind| Message::Mouse(MouseEvent { kind, column: 3, row: log.y + 1, modifiers: KeyModifiers::NONE });
    b.send(wheel(MouseEventKind::ScrollUp));
    assert_eq!(at(&b), last - 1);
    b.send(wheel(MouseEventKind::ScrollDown));
    b.key(KeyCode::Left);
    b.key(KeyCode::Enter);
    assert_eq!((at(&b), b.app.log.back), (last, 0));
}

/// What the run directory is asked to keep.
fn kept(effects: &[Effect]) -> Option<(&Path, &str)> {
    effects.iter().find_map(|effect| match effect {
        Effect::KeepLesson { path, text } => Some((path.as_path(), text.as_str())),
        _ => None,
    })
}

#[test]
fn a_resumed_run_goes_on_with_the_card_that_was_open() {
    let dir = tempfile::tempdir().unwrap();
    let mut b = begun("negatives");
    assert!(kept(&b.send(Message::Resize(120, 40))).is_none(), "there is no directory yet");
    b.publish(|s| {
        let facts = crate::train::Facts { run_dir: dir.path().into(), ..(*s.facts).clone() };
        (s.facts, s.step) = (Arc::new(facts), 300);
    });
    train(&mut b, 300);
    let effects = b.key(KeyCode::Char('n'));
    let (path, text) = kept(&effects).expect("the card is kept");
    assert_eq!(path, dir.path().join("lesson.toml"));
    std::fs::write(path, text).unwrap();
    assert!(kept(&b.key(KeyCode::Down)).is_none(), "nothing new");
    // Its change comes in force at step 301, which is kept too.
    b.type_text("t");
    let (id, changes) = b.request();
    let edits: Vec<_> = changes.iter().map(|c| (c.key.clone(), c.to.clone())).collect();
    let with = |s: &Snapshot| Snapshot { step: 301, config: Arc::new(s.config.with(&edits).unwrap()), ..s.clone() };
    let effects = b.send(Message::Snapshot(Arc::new(with(&b.app.live))));
    std::fs::write(path, kept(&effects).unwrap().1).unwrap();
    b.event(Event::Ack { id, step: 301, outcome: Ok(()) });

    let resumed = |change: bool, step: u64| {
        let mut r = Bench::new();
        take_up(&mut r.app, Lesson::of_run(dir.path()));
        r.publish(|s| (s.phase, s.step) = (Phase::Starting("reading".into()), 0));
        let config = if change { with(&b.app.live).config } else { begun("negatives").app.live.config.clone() };
        r.publish(|s| (s.phase, s.step, s.config) = (Phase::Training, step, config));
        r
    };
    let screen = resumed(true, 400).screen(120, 40);
    assert!(screen.contains("1 of 4") && screen.contains("✓ t  objective.local.negatives = 1"), "{screen}");
    assert!(screen.contains("next in 101 steps"), "counted from where it came in force\n{screen}");
    // Killed: the newest checkpoint is older than the change, which has to be made again.
    let screen = resumed(false, 250).screen(120, 40);
    assert!(screen.contains("▸ t  objective.local.negatives") && screen.contains("t makes the change"), "{screen}");
}

#[test]
fn a_run_without_a_note_has_no_lesson_and_a_damaged_one_is_told_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let mut b = Bench::new();
    take_up(&mut b.app, Lesson::of_run(dir.path()));
    assert!(b.app.lesson.is_none() && b.app.log.entries().is_empty());
    std::fs::write(dir.path().join("lesson.toml"), "[place]\ncard = 1\nreached = 1\n").unwrap();
    take_up(&mut b.app, Lesson::of_run(dir.path()));
    assert!(b.app.lesson.is_none());
    assert!(b.screen(200, 60).contains("no lesson is taken up: "), "{}", b.screen(200, 60));
    // A run that begins with a checkpoint of one with a lesson takes it up; one that is open stays.
    let found = |which: usize| Some(Ok(Box::new(LESSONS[which].config().unwrap().lesson.map(Lesson::new).unwrap())));
    for which in [0, 1] {
        let (snapshot, history) = (b.session.snapshot.load_full(), b.session.history.clone());
        b.send(Message::Done(Done::Started { snapshot, history, lesson: found(which) }));
        assert!(b.screen(120, 40).contains("Lesson · Why JSD forgives few negatives"), "{}", b.screen(120, 40));
    }
}
