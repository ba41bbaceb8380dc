//! The bottom line says what is so: under a view only keys that do there what they say.

use crossterm::event::KeyCode;

use super::Bench;
use crate::{
    train::Command,
    tui::app::{ChartId, Mode, Panel},
};

const SIZES: [(u16, u16); 4] = [(60, 20), (80, 24), (120, 40), (200, 60)];

fn foot(b: &Bench, width: u16, height: u16) -> String {
    b.screen(width, height).lines().last().unwrap().to_owned() + " "
}

/// With everything that a hint can be offered for.
fn bench() -> Bench {
    let mut b = Bench::new();
    b.publish(|s| (s.step, s.steps) = (50, 3000));
    b
}

#[test]
fn under_a_view_the_foot_has_no_key_of_the_panels() {
    for view in ["v", "r", "a", "o", "D", "g", "oo", "i", "vi"] {
        for focus in [Panel::Controls, Panel::Chart(ChartId::Loss), Panel::Log] {
            let mut b = bench();
            b.app.focus = focus;
            b.type_text(view);
            let (covered, explained) = (!matches!(b.app.mode, Mode::Normal), view.ends_with('i'));
            for (width, height) in SIZES {
                let foot = foot(&b, width, height);
                for hint in [" Tab panel ", " ↑↓ select ", " ←→ change ", " Enter type ", " d default ", " End newest "] {
                    assert!(!covered || !foot.contains(hint), "'{view}' at {width}: {foot}");
                }
                assert_eq!(foot.contains(" Esc back "), covered, "'{view}' at {width}: {foot}");
                // An explanation is closed by q, and the program goes on.
                assert_eq!(foot.contains(" q quit "), !explained, "'{view}' at {width}: {foot}");
                assert!(foot.contains(" ? help ") && foot.contains(" : find "), "'{view}' at {width}: {foot}");
            }
            let wide = foot(&b, 340, 60);
            for (key, hint) in [("v", "estimators"), ("r", "representation"), ("o", "runs"), ("D", "data")] {
                let open = !explained && view == key || view == "vi" && key == "v";
                assert_eq!(wide.contains(&format!(" {key} {hint} ")), !open, "'{view}': {wide}");
            }
            // What is offered is done.
            b.told();
            let pauses = wide.contains(" Space pause ");
            b.type_text(" ");
            assert_eq!(b.told().iter().any(|command| matches!(command, Command::Pause)), pauses, "'{view}': {wide}");
            assert_eq!(pauses, view != "o", "'{view}': {wide}");
        }
    }
}

#[test]
fn cards_and_lines_of_words_have_their_own_keys_at_the_foot() {
    let of = |keys: &str| {
        let mut b = bench();
        b.type_text(keys);
        SIZES.map(|(width, height)| foot(&b, width, height).trim().to_owned())
    };
    // On a small screen the help covers the line, and has its keys at its edge.
    assert_eq!(of("?")[3], "↑↓ scroll  / filter  Esc back");
    assert_eq!(of("?/lr")[3], "Enter keep  Esc show all");
    for keys in ["g/lr", "o/lr"] {
        for foot in of(keys) {
            assert_eq!(foot, "Enter keep  Esc show all", "{keys}");
        }
    }
    for foot in of("q") {
        assert_eq!(foot, "y yes  n no  Esc back");
    }
    // Esc shows all before it closes, and says so.
    for view in ["g", "o"] {
        let mut b = bench();
        b.type_text(&format!("{view}/lr"));
        b.key(KeyCode::Enter);
        assert!(foot(&b, 120, 40).contains(" Esc show all "), "{}", foot(&b, 120, 40));
        b.key(KeyCode::Esc);
        assert!(foot(&b, 120, 40).contains(" Esc back "), "{}", foot(&b, 120, 40));
    }
    let mut b = bench();
    crate::tui::tour::show(&mut b.app, 0);
    assert_eq!(foot(&b, 120, 40).trim(), "Enter next  ← back  Esc away");
    // The last one points at the line as it will be.
    crate::tui::tour::show(&mut b.app, 5);
    assert!(foot(&b, 120, 40).contains("Space pause") && foot(&b, 120, 40).contains("Tab panel"));
}
