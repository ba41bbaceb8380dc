//! The tour: cards that point at the parts of the screen and never lie over them.

use crossterm::event::KeyCode;

use super::Bench;
use crate::{
    config::Config,
    train::Phase,
    tui::{
        app::{App, ChartId, Mode, Panel},
        draw_to_buffer,
        layout::layout,
        message::Message,
        theme::Theme,
        tour::{Spot, cards},
        view::tour::{place, target},
    },
};

const SIZES: [(u16, u16); 4] = [(200, 60), (120, 40), (80, 24), (60, 20)];

/// On the card of this number, at this size.
fn at(width: u16, height: u16, card: usize) -> Bench {
    let mut b = Bench::new();
    b.send(Message::Resize(width, height));
    b.command("tour");
    for _ in 0..card {
        b.key(KeyCode::Enter);
    }
    b
}

#[test]
fn every_card_is_whole_and_beside_what_it_explains_at_every_size() {
    let all = cards(&Config::default());
    assert!((4..=6).contains(&all.len()));
    for (width, height) in SIZES {
        for (i, card) in all.iter().enumerate() {
            let b = at(width, height, i);
            let spots = layout(&b.app).unwrap();
            let target = target(card.at, &spots);
            if let Spot::Chart(id) = card.at {
                assert!(spots.charts.iter().any(|(shown, _)| *shown == id), "{id:?} is in sight at {width}×{height}");
                assert_eq!(b.app.focus, Panel::Chart(id), "and has the focus");
            }
            let (area, sign) = place(card, &b.app.ui.keys.said(card.text), target, b.app.area)
                .unwrap_or_else(|| panic!("no place for {} at {width}×{height}", card.title));
            assert!(!area.intersects(target), "{} lies over what it explains at {width}×{height}", card.title);
            assert!(area.right() <= width && area.bottom() <= height);
            let screen = b.screen(width, height);
            let title = format!("{sign} {} of {} · {}", i + 1, all.len(), card.title);
            assert!(screen.contains(&title), "no '{title}' in\n{screen}");
            // Every word of it is there, none of them cut.
            let shown: String = (area.y + 1..area.bottom() - 1)
                .map(|y| {
                    screen
                        .lines()
                        .nth(y.into())
                        .unwrap()
                        .chars()
                        .skip(usize::from(area.x) + 1)
                        .take(usize::from(area.width) - 2)
                        .collect::<String>()
                })
                .collect::<Vec<_>>()
                .join(" ");
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&shown), words(&b.app.ui.keys.said(card.text)), "at {width}×{height} in\n{screen}");
        }
    }
}

#[test]
fn keys_turn_the_cards_and_training_goes_on_behind() {
    let mut b = at(120, 40, 0);
    assert!(b.told().is_empty(), "the trainer hears nothing of it");
    b.key(KeyCode::Right);
    assert!(matches!(b.app.mode, Mode::Tour(1)));
    b.key(KeyCode::Left);
    b.key(KeyCode::Left);
    assert!(matches!(b.app.mode, Mode::Tour(0)), "before the first there is none");
    b.publish(|s| (s.step, s.phase) = (777, Phase::Training));
    assert!(b.screen(120, 40).contains("step 777"));
    b.type_text(" e");
    assert!(b.told().is_empty() && matches!(b.app.mode, Mode::Tour(0)), "a stray key changes nothing");
    b.key(KeyCode::Esc);
    assert!(matches!(b.app.mode, Mode::Normal) && b.app.focus == Panel::Controls);
    // The last card is followed by the screen as it was.
    let mut b = at(120, 40, 5);
    assert!(b.screen(120, 40).contains("Enter done"));
    b.key(KeyCode::Enter);
    assert!(matches!(b.app.mode, Mode::Normal));
}

#[test]
fn it_says_plainly_why_accuracy_falls_on_shapes_and_shows_other_cards_in_the_arena() {
    let find = |config: &Config| cards(config).iter().map(|c| c.text).collect::<Vec<_>>().join(" ");
    assert!(find(&Config::default()).contains("On these shapes it falls"));
    let cifar = Config::default().with(&[("data.name".into(), "cifar10".into())]).unwrap();
    assert!(!find(&cifar).contains("shapes"));
    let arena = Config::default().with(&[("data.name".into(), "gaussian".into())]).unwrap();
    let mut b = Bench::with(arena.clone());
    b.command("tour");
    for (i, card) in cards(&arena).iter().enumerate() {
        assert!(!matches!(card.at, Spot::Chart(_)));
        assert!(b.screen(80, 24).contains(&format!("{} of 3", i + 1)), "{}", b.screen(80, 24));
        b.key(KeyCode::Enter);
    }
    assert!(matches!(b.app.mode, Mode::Normal));
}

#[test]
fn it_leaves_full_screen_and_needs_no_colour() {
    let mut b = Bench::new();
    b.app.zoom = Some(ChartId::Loss);
    b.command("tour");
    assert_eq!(b.app.zoom, None);
    b.key(KeyCode::Enter);
    let mono = draw_to_buffer(&App { theme: Theme::mono(), ..b.app.clone() }, 80, 24);
    let screen = super::text(&mono);
    assert!(screen.contains("2 of 6 · Loss") && screen.contains("Enter next"), "{screen}");
}
