//! What the `:` line finds, from the key to the trainer.

use crossterm::event::KeyCode;
use ratatui::style::Modifier;
use toml::Value;

use super::{Bench, row, text};
use crate::{
    config::Source,
    train::Command,
    tui::{
        app::{Mode, Panel},
        draw_to_buffer,
        message::Message,
        theme::{Theme, themed},
    },
};

#[test]
fn nce_finds_the_estimator_and_enter_makes_it() {
    let mut b = Bench::new();
    b.type_text(":nce");
    for (width, height) in [(60, 20), (80, 24), (120, 40), (200, 60)] {
        let screen = b.screen(width, height);
        assert!(row(&screen, "▸ estimator → infonce").contains("objective.estimator"), "{width}×{height}\n{screen}");
        assert!(screen.lines().last().unwrap().starts_with(" :nce"), "{screen}");
    }
    // What was typed is told by more than colour.
    b.app.theme = Theme::mono();
    let buf = draw_to_buffer(&b.app, 120, 40);
    let screen = text(&buf);
    let y = screen.lines().position(|l| l.contains("▸ estimator → infonce")).unwrap();
    let marked: String = (0..30)
        .map(|x| &buf[(x, y as u16)])
        .filter(|cell| cell.modifier.contains(Modifier::UNDERLINED | Modifier::BOLD))
        .map(|cell| cell.symbol())
        .collect();
    assert_eq!(marked, "nce");
    b.key(KeyCode::Enter);
    let (_, changes) = b.request();
    assert_eq!((changes[0].key.as_str(), &changes[0].to), ("objective.estimator", &Value::from("infonce")));
    assert_eq!(changes[0].source, Source::Command);
    assert!(matches!(b.app.mode, Mode::Normal));
    // It is in the history as what it was.
    b.type_text(":");
    b.key(KeyCode::Up);
    assert!(b.screen(120, 40).contains(":set objective.estimator=infonce"));
}

#[test]
fn the_arrows_choose_and_tab_takes_it_into_the_line() {
    let mut b = Bench::new();
    b.type_text(":local dot");
    let first = b.screen(120, 40);
    let pointed = |screen: &str| screen.lines().rev().find(|l| l.starts_with(" ▸ ")).unwrap().trim().to_owned();
    b.key(KeyCode::Down);
    let second = b.screen(120, 40);
    assert_ne!(pointed(&first), pointed(&second));
    b.key(KeyCode::Up);
    assert_eq!(pointed(&b.screen(120, 40)), pointed(&first));
    b.key(KeyCode::Tab);
    assert!(b.screen(120, 40).contains(":set objective.local.critic=dot"), "{}", b.screen(120, 40));
    assert!(b.told().is_empty(), "nothing has been asked for yet");
}

#[test]
fn an_action_is_found_by_its_help_and_its_key_stands_beside_it() {
    let mut b = Bench::new();
    b.type_text(":freeze");
    let screen = b.screen(80, 24);
    assert!(row(&screen, "▸ freeze the view").trim_end().ends_with(" f"), "{screen}");
    b.key(KeyCode::Enter);
    assert!(b.app.frozen.is_some());
    // The command 'pause' is a command, whatever else is found.
    b.command("pause");
    assert!(matches!(b.told()[..], [Command::Pause]));
}

#[test]
fn a_number_after_a_setting_is_its_value() {
    let mut b = Bench::new();
    b.type_text(":learn 0.02");
    assert!(b.screen(80, 24).contains("▸ learn rate → 0.02"), "{}", b.screen(80, 24));
    b.key(KeyCode::Enter);
    assert_eq!(b.request().1[0].to, Value::Float(0.02));
    // A setting alone opens the line in which its value is typed.
    b.type_text(":learn rate");
    b.key(KeyCode::Enter);
    assert!(b.screen(80, 24).contains("optim.lr = "), "{}", b.screen(80, 24));
}

#[test]
fn commands_are_as_they_were() {
    let mut b = Bench::new();
    // An error of a command is told, not guessed round.
    b.command("set optim.batch=1");
    assert!(b.told().is_empty() && b.screen(120, 40).contains("optim.batch"));
    b.key(KeyCode::Esc);
    b.command("preset nonsense");
    assert!(b.screen(120, 40).contains("the presets are"));
    b.key(KeyCode::Esc);
    // A command that wants more goes into the line.
    b.type_text(":save the settings");
    b.key(KeyCode::Enter);
    assert!(b.screen(120, 40).lines().last().unwrap().contains(":w "), "{}", b.screen(120, 40));
}

#[test]
fn a_theme_is_seen_while_it_is_chosen_and_gone_with_escape() {
    let mut b = Bench::new();
    let ground = |b: &Bench| draw_to_buffer(&b.app, 120, 40)[(3, 20)].bg;
    let light = themed("light").unwrap().text.bg.unwrap();
    let before = ground(&b);
    b.type_text(":light");
    assert_eq!(ground(&b), light, "{}", b.screen(120, 40));
    assert_eq!(b.app.theme, Theme::colour(), "it is only looked at");
    b.key(KeyCode::Esc);
    assert_eq!(ground(&b), before);
    b.type_text(":light");
    b.key(KeyCode::Enter);
    assert_eq!(ground(&b), light);
    assert!(b.told().is_empty(), "it is no change of the run");
    b.app.focus = Panel::Controls;
    b.command("theme nonsense");
    assert!(b.screen(120, 40).contains("the themes are colour-blind, dark, light, mono"));
}

/// Where on the screen a text begins.
fn place(b: &Bench, part: &str) -> (u16, u16) {
    let screen = b.screen(b.app.area.width, b.app.area.height);
    let y = screen.lines().position(|l| l.contains(part)).unwrap_or_else(|| panic!("no '{part}' in\n{screen}"));
    (screen.lines().nth(y).unwrap().split(part).next().unwrap().chars().count() as u16, y as u16)
}

#[test]
fn a_click_on_a_line_chooses_it_and_the_wheel_goes_from_one_to_the_next() {
    for (width, height) in [(60, 20), (80, 24), (120, 40), (200, 60)] {
        let mut b = Bench::new();
        b.send(Message::Resize(width, height));
        b.type_text(":local critic");
        let at = place(&b, "local critic → concat");
        b.click(at);
        let (_, changes) = b.request();
        assert_eq!((changes[0].key.as_str(), &changes[0].to), ("objective.local.critic", &Value::from("concat")));
        assert!(matches!(b.app.mode, Mode::Normal), "as after Enter");
        assert_eq!(b.app.typed, ["set objective.local.critic=concat"]);
    }
    let mut b = Bench::new();
    b.type_text(":local dot");
    let pointed = |b: &Bench| b.screen(80, 24).lines().rev().find(|l| l.starts_with(" ▸ ")).unwrap().to_owned();
    let first = pointed(&b);
    b.wheel(false, (5, 5));
    assert_ne!(pointed(&b), first);
    b.wheel(true, (5, 5));
    assert_eq!(pointed(&b), first);
    // A click on the line that is typed, or on the rule, chooses nothing and closes nothing.
    for at in [(5, 23), place(&b, "↑↓ choose")] {
        b.click(at);
        assert!(matches!(b.app.mode, Mode::Command(_)) && b.told().is_empty(), "{at:?}");
    }
    // A command that wants more goes into the line, by a click too.
    b.key(KeyCode::Esc);
    b.type_text(":preset");
    b.click(place(&b, ":preset dim(g)"));
    assert!(b.screen(80, 24).lines().last().unwrap().contains(":preset "), "{}", b.screen(80, 24));
}
