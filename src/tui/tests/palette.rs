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
