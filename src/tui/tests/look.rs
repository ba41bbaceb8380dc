//! Themes on the whole screen, the user's own keys, and what is said outside of the screen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Color;

use super::{Bench, row};
use crate::{
    train::{Command, Event, Outcome, Phase},
    tui::{
        app::Mode,
        draw_to_buffer,
        keymap::{Keymap, chord},
        keys::Action,
        lesson::Lesson,
        message::{Effect, Message},
        runs::Page,
        theme::{Theme, names, themed},
        ui::{self, Given, Notify, Progress, UiEvent},
        view::{chart::Marker, estimators::Term, probes::Looking},
    },
};

fn modes() -> Vec<Mode> {
    vec![
        Mode::Normal,
        Mode::Help { scroll: 0 },
        Mode::Estimators(Term::Local),
        Mode::Representation { picked: 0 },
        Mode::Probes(Looking::default()),
        Mode::Runs(Page::List),
        Mode::Log { typing: true },
        Mode::Filter,
        Mode::Quit,
        Mode::Command(Default::default()),
    ]
}

#[test]
fn a_theme_with_a_ground_of_its_own_leaves_no_hole_in_it() {
    let mut b = super::runs::training();
    for name in ["dark", "light"] {
        b.app.theme = themed(name).unwrap();
        for mode in modes() {
            b.app.mode = mode.clone();
            for (width, height) in [(30, 8), (60, 20), (120, 40)] {
                for cell in draw_to_buffer(&b.app, width, height).content() {
                    assert!(cell.fg != Color::Reset && cell.bg != Color::Reset, "{name} {mode:?}: {cell:?}");
                }
            }
        }
    }
}

#[test]
fn every_theme_says_the_same() {
    let mut b = super::runs::training();
    for mode in modes() {
        b.app.mode = mode;
        let said: Vec<String> = names()
            .iter()
            .map(|name| {
                b.app.theme = themed(name).unwrap();
                b.screen(120, 40)
            })
            .collect();
        let open = |(at, _): (usize, &str)| said[0][at + 1..].starts_with(|c: char| c.is_ascii_lowercase());
        assert!(!said[0].match_indices('{').any(open), "a key without a name\n{}", said[0]);
        // Pictures are drawn in densities where there is no colour; there are none here.
        assert!(said.iter().all(|screen| *screen == said[0]));
    }
}

#[test]
fn without_colour_no_theme_brings_any() {
    let mut b = Bench::new();
    b.app.theme = themed("mono").unwrap();
    b.app.ui.colourless = true;
    b.command("theme dark");
    assert!(b.screen(120, 40).contains("the theme stays mono"));
    b.key(KeyCode::Esc);
    b.type_text(":dark");
    assert!(draw_to_buffer(&b.app, 120, 40).content().iter().all(|c| c.fg == Color::Reset && c.bg == Color::Reset));
}

fn own_keys() -> Bench {
    let mut b = Bench::new();
    let own =
        [(Action::Pause, "ctrl-p"), (Action::Estimators, "F5"), (Action::Quit, "Q"), (Action::Right, "M"), (Action::Up, "U")];
    b.app.ui.keys = Keymap::new(own.map(|(action, key)| (action, vec![chord(key).unwrap()])).into()).unwrap();
    b
}

fn press(b: &mut Bench, key: &str) -> Vec<Effect> {
    let key = chord(key).unwrap();
    b.send(Message::Key(KeyEvent::new(key.0, key.1)))
}

#[test]
fn own_keys_work_everywhere_and_the_old_ones_nowhere() {
    let mut b = own_keys();
    b.type_text(" ");
    assert!(b.told().is_empty(), "Space does nothing any more");
    press(&mut b, "ctrl-p");
    assert!(matches!(b.told()[..], [Command::Pause]));
    press(&mut b, "F5");
    assert!(matches!(b.app.mode, Mode::Estimators(Term::Local)));
    b.told();
    press(&mut b, "M");
    assert!(matches!(b.app.mode, Mode::Estimators(Term::Global)), "in the views too");
    press(&mut b, "F5");
    assert!(matches!(b.app.mode, Mode::Normal));
    // In a dialog the key that opened it; Ctrl-C is what it always is.
    press(&mut b, "Q");
    assert!(matches!(b.app.mode, Mode::Quit));
    press(&mut b, "n");
    press(&mut b, "ctrl-c");
    assert!(matches!(b.app.mode, Mode::Quit));
    press(&mut b, "n");
    // Where text is typed a key is what it is.
    b.type_text(":Q+");
    assert!(b.screen(120, 40).lines().last().unwrap().contains(":Q+"));
}

#[test]
fn what_is_shown_are_the_keys_in_force() {
    let mut b = own_keys();
    let screen = b.screen(160, 45);
    let hints = screen.lines().last().unwrap();
    assert!(hints.contains("Ctrl-P pause") && hints.contains("Q quit") && !hints.contains("Space"), "{hints}");
    assert!(row(&screen, "▸ Train").contains("F5 Estimators"), "{screen}");
    b.app.mode = Mode::Help { scroll: 0 };
    let help = b.screen(160, 48);
    assert!(row(&help, "pause or resume training").contains("Ctrl-P"), "{help}");
    assert!(row(&help, "quit (asks").contains("Q Ctrl-C"), "{help}");
    b.app.mode = Mode::Normal;
    b.type_text(":pause or");
    let screen = b.screen(160, 45);
    assert!(row(&screen, "▸ pause or resume").contains("Ctrl-P"), "{screen}");
}

#[test]
fn the_mouse_is_given_away_with_a_word_and_a_hint_how_to_get_it_back() {
    let mut b = Bench::new();
    let hints = b.screen(240, 45);
    assert!(hints.contains("m select text") && !hints.contains("mouse on"), "{hints}");
    assert!(matches!(b.type_text("m")[..], [Effect::Mouse(false)]));
    assert!(b.screen(160, 45).contains("text can be selected; m takes it back"));
    b.key(KeyCode::Down);
    assert!(b.screen(80, 24).lines().last().unwrap().contains("m mouse on"));
    assert!(matches!(b.type_text("m")[..], [Effect::Mouse(true)]));
}

#[test]
fn the_end_of_a_run_is_told_once_if_that_is_wished() {
    let finished = |b: &mut Bench| -> Vec<Effect> {
        let mut next = (*b.app.live).clone();
        (next.phase, next.step) = (Phase::Finished, 3000);
        b.send(Message::Snapshot(std::sync::Arc::new(next)))
    };
    let mut b = Bench::new();
    assert!(finished(&mut b).is_empty(), "not unless it is wished");
    let mut b = Bench::new();
    b.command("notify osc9");
    let effects = finished(&mut b);
    let [Effect::Notify(Notify::Osc9, text)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(text, "dim-tui: shapes has finished at step 3000");
    assert!(finished(&mut b).is_empty(), "once");
    let mut b = Bench::new();
    b.command("notify bell");
    let effects = b.event(Event::Ended(Outcome::Failed("disk full".into())));
    assert!(matches!(&effects[..], [Effect::Notify(Notify::Bell, text)] if text.contains("has failed")), "{effects:?}");
    // Who leaves need not be told.
    let mut b = Bench::new();
    b.command("notify bell");
    b.type_text("qy");
    assert!(!finished(&mut b).iter().any(|e| matches!(e, Effect::Notify(..))));
    b.send(Message::Key(KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL)));
}

#[test]
fn sentences_cards_and_empty_charts_name_the_keys_in_force() {
    let mut b = Bench::new();
    let own = [
        (Action::Probe, "F6"),
        (Action::Smooth, "F7"),
        (Action::Explain, "F8"),
        (Action::Undo, "F9"),
        (Action::Estimator { up: true }, "F10"),
        (Action::LessonNext, "F2"),
        (Action::LessonTry, "F3"),
    ];
    b.app.ui.keys = Keymap::new(own.map(|(action, key)| (action, vec![chord(key).unwrap()])).into()).unwrap();
    b.publish(|s| s.config = std::sync::Arc::new(s.config.with(&[("probe.every".into(), 0.into())]).unwrap()));
    assert!(b.screen(120, 40).contains("F6 takes a probe now"));
    press(&mut b, "F7");
    assert!(b.screen(120, 40).lines().last().unwrap().contains("F7 shows the curves as they are"));

    let mut cards = String::new();
    for card in 0..6 {
        b.app.mode = Mode::Tour(card);
        cards += &b.screen(120, 40);
    }
    for words in ["F10 swaps", " F9 ", " F8 explains"] {
        assert!(cards.contains(words), "no '{words}'");
    }
    b.app.mode = Mode::Normal;
    press(&mut b, "F8");
    assert!(b.screen(120, 40).contains("F8 closes"));

    b.app.mode = Mode::Normal;
    b.app.lesson =
        crate::config::LESSONS.iter().find(|l| l.name == "negatives").unwrap().config().unwrap().lesson.map(Lesson::new);
    assert!(b.screen(120, 40).contains("F2 turns to the next card"), "{}", b.screen(120, 40));
    b.publish(|_| ());
    b.publish(|s| (s.step, s.probe) = (5000, Some(std::sync::Arc::new(super::probe_row(5000)))));
    press(&mut b, "F2");
    assert!(b.screen(120, 40).contains("▸ F3 objective.local.negatives"), "{}", b.screen(120, 40));
}

/// As if the user's own file had said `before` and were saved with `after`.
fn saves(b: &mut Bench, before: &str, after: &str) -> Vec<Effect> {
    let [from, to] = [before, after].map(|text| Box::new(ui::parse(text, "ui.toml".as_ref()).unwrap()));
    b.send(Message::Ui(UiEvent::Changed { from, to }))
}

#[test]
fn a_save_of_the_users_own_file_is_in_force_at_once() {
    let mut b = Bench::new();
    b.send(Message::Resize(120, 40));
    let effects = saves(
        &mut b,
        "",
        "theme = \"light\"\nmarker = \"dot\"\nnotify = \"bell\"\nprogress = \"on\"\nmouse = false\n[keys]\nhelp = \"F1\"\n",
    );
    assert!(matches!(effects[..], [Effect::Progress(Progress::On), Effect::Mouse(false)]), "{effects:?}");
    assert!(b.told().is_empty(), "no run hears of it");
    assert_eq!((b.app.ui.marker, b.app.ui.notify, b.app.ui.mouse), (Marker::Dot, Notify::Bell, false));
    let said =
        "ui.toml saved, in force: theme light, marker dot, notify bell, progress on, the mouse is the terminal's, other keys";
    assert!(b.screen(200, 60).contains(said), "{}", b.screen(200, 60));
    let ground = themed("light").unwrap().text.bg.unwrap();
    assert_eq!(draw_to_buffer(&b.app, 120, 40)[(3, 20)].bg, ground);
    b.key(KeyCode::F(1));
    assert!(matches!(b.app.mode, Mode::Help { .. }), "the new key");
    assert!(b.screen(200, 80).contains("F1"));
    b.key(KeyCode::Esc);
    b.type_text("?");
    assert!(matches!(b.app.mode, Mode::Normal), "and the old one no more");
    // Only what changed in the file: a theme chosen on the ':' line stays when another line is saved.
    b.command("theme dark");
    saves(&mut b, "theme = \"light\"\n", "theme = \"light\"\nnotify = \"osc9\"\n");
    assert_eq!((b.app.ui.theme, b.app.ui.notify), (Some("dark"), Notify::Osc9));
    // A line that is taken out again: what there is without it.
    saves(&mut b, "theme = \"light\"\nmouse = false\n", "");
    assert!(b.app.theme == Theme::colour() && b.app.ui.mouse);
}

#[test]
fn the_command_line_comes_before_the_users_own_file_and_no_colour_before_both() {
    let mut b = Bench::new();
    b.app.ui.given = Given { theme: true, marker: true };
    (b.app.ui.theme, b.app.theme) = (Some("dark"), themed("dark").unwrap());
    saves(&mut b, "", "theme = \"light\"\nmarker = \"dot\"\nmouse = false\n");
    assert_eq!((b.app.theme.clone(), b.app.ui.marker, b.app.ui.mouse), (themed("dark").unwrap(), Marker::Braille, false));
    let screen = b.screen(200, 60);
    assert!(screen.contains("theme as the command line said (--theme), marker as the command line said (--marker)"), "{screen}");
    let mut b = Bench::new();
    (b.app.ui.colourless, b.app.theme) = (true, Theme::mono());
    saves(&mut b, "", "theme = \"light\"");
    assert_eq!(b.app.theme, Theme::mono());
    assert!(b.screen(200, 60).contains("theme mono, for there is no colour"));
}

#[test]
fn a_faulty_save_of_it_changes_nothing_and_says_where_it_is_wrong() {
    let mut b = Bench::new();
    saves(&mut b, "", "theme = \"light\"");
    let before = (b.app.theme.clone(), b.app.ui.clone());
    let error = ui::parse("theme = \"light\"\n[keys]\npaus = \"x\"", "ui.toml".as_ref()).unwrap_err();
    b.send(Message::Ui(UiEvent::Broken(error)));
    let told =
        "ui.toml cannot be used, nothing changed: ui.toml:3:1: there is no action 'paus' to give a key, did you mean 'pause'?";
    let screen = b.screen(200, 60);
    assert_eq!(screen.matches(told).count(), 2, "on the bottom line and in the log\n{screen}");
    assert_eq!((b.app.theme.clone(), b.app.ui.clone()), before);
    b.send(Message::Ui(UiEvent::Mended));
    assert!(b.screen(200, 60).lines().last().unwrap().contains("ui.toml mended"));
}
