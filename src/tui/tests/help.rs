//! The help shows what is looked for.

use crossterm::event::KeyCode;

use super::{Bench, row};
use crate::tui::{app::Mode, message::Message};

const SIZES: [(u16, u16); 4] = [(60, 20), (80, 24), (120, 40), (200, 60)];

#[test]
fn a_filter_leaves_the_lines_of_the_help_that_have_the_words() {
    let mut b = Bench::new();
    b.type_text("?");
    assert!(b.screen(80, 24).contains("/ filter · any other key closes"), "{}", b.screen(80, 24));
    b.type_text("/checkpoint");
    for (width, height) in SIZES {
        b.send(Message::Resize(width, height));
        let screen = b.screen(width, height);
        assert!(screen.contains("/ checkpoint▏") && row(&screen, "save a checkpoint now").contains(" c "), "{screen}");
        assert!(screen.contains("Training") && screen.contains("quit (asks"), "{screen}");
        assert!(!screen.contains("next estimator") && !screen.contains("Objective"), "{screen}");
    }
    // Letters are words here, not keys; Enter keeps them, the arrows scroll.
    assert!(b.told().is_empty());
    b.key(KeyCode::Enter);
    b.key(KeyCode::Down);
    assert!(b.screen(120, 40).contains("/ checkpoint ") && !b.screen(120, 40).contains('▏'), "{}", b.screen(120, 40));
    // Esc shows all, then closes.
    b.key(KeyCode::Esc);
    assert!(b.screen(200, 60).contains("next estimator") && matches!(b.app.mode, Mode::Help { .. }));
    b.key(KeyCode::Esc);
    assert!(matches!(b.app.mode, Mode::Normal));
    // It opens with all of it.
    b.type_text("?/zzz");
    assert!(b.screen(80, 24).contains("no line has these words"), "{}", b.screen(80, 24));
    b.key(KeyCode::Esc);
    b.type_text("x?");
    assert!(b.app.help.filter.is_empty() && !b.app.help.typing);
    // By a key, by a heading, by pasted text.
    b.type_text("/ctrl-s");
    assert!(b.screen(80, 24).contains("the screen as a picture"), "{}", b.screen(80, 24));
    b.key(KeyCode::Esc);
    b.type_text("/");
    b.send(Message::Paste("refused read".into()));
    assert!(b.screen(80, 24).contains("select it to read why"), "{}", b.screen(80, 24));
}

#[test]
fn the_frame_of_the_help_stands_still_while_words_are_typed() {
    let mut b = Bench::new();
    b.type_text("?");
    let edges = |b: &Bench| {
        let screen = b.screen(120, 40);
        let at = |sign: char| screen.lines().position(|l| l.contains(sign)).unwrap();
        (at('┌'), screen.lines().rev().position(|l| l.contains('└')).unwrap())
    };
    let before = edges(&b);
    b.type_text("/step");
    assert_eq!(edges(&b), before);
    // Scrolled to the end and back, all that is left can be seen.
    b.send(Message::Resize(60, 20));
    let mut seen = b.screen(60, 20);
    for _ in 0..20 {
        b.key(KeyCode::Down);
        seen += &b.screen(60, 20);
    }
    for part in ["one single step", "what is shown: all, last 1,000 steps", "axis: steps"] {
        assert!(seen.contains(part), "no '{part}' in\n{seen}");
    }
}
