//! The mouse on charts, on their legends and on the list of runs.

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEventKind};

use super::{
    Bench,
    charts::{SIZES, area, run_of_600, with_terms},
    runs::{listed, path, saved},
};
use crate::{
    train::history::Series,
    tui::{
        app::{ChartId, Mode, Panel},
        message::{Effect, Message},
        runs::{Ask, Found},
        sight::{Entry, Range},
        view::{self, chart::plot_area, charts},
    },
};

#[test]
fn the_wheel_zooms_at_the_pointer_and_dragging_moves_what_was_taken_hold_of() {
    let mut b = run_of_600();
    let plot = plot_area(area(&b, ChartId::Loss));
    let at = (plot.x + plot.width / 4, plot.y + 2);
    let under = |b: &Bench, column| charts::place_at(&b.app, area(b, ChartId::Loss), column);
    let before = under(&b, at.0);
    for _ in 0..4 {
        b.wheel(true, at);
    }
    let (from, to) = b.app.x_range();
    assert!(to - from < 260.0 && from > 1.0 && to < 600.0, "{from} {to}");
    assert!((under(&b, at.0) - before).abs() <= 2.0, "the step under the pointer stays there");
    assert!(b.app.cursor.is_some_and(|c| !c.pinned), "and is read");
    b.click(at);
    let held = b.app.cursor.unwrap().x;
    b.mouse(MouseEventKind::Drag(MouseButton::Left), (at.0 + 10, at.1), KeyModifiers::NONE);
    assert!((under(&b, at.0 + 10) - held).abs() <= 1.0 && b.app.x_range().0 < from, "it went along");
    assert_eq!(b.app.cursor.unwrap().x, held);
    let now = b.app.x_range();
    b.mouse(MouseEventKind::ScrollDown, at, KeyModifiers::SHIFT);
    assert!(b.app.x_range().0 > now.0, "Shift-wheel moves it");
    b.mouse(MouseEventKind::ScrollLeft, at, KeyModifiers::NONE);
    assert_eq!(b.app.x_range().0.round(), now.0.round(), "a wheel that goes sideways, too");
    for _ in 0..40 {
        b.wheel(false, at);
    }
    assert_eq!(b.app.sight.range, Range::All);
    // Of the whole there is nothing to move: the crosshair goes.
    b.mouse(MouseEventKind::Drag(MouseButton::Left), (at.0 + 20, at.1), KeyModifiers::NONE);
    assert_eq!((b.app.sight.range, b.app.cursor.unwrap().x), (Range::All, under(&b, at.0 + 20)));
}

#[test]
fn a_click_on_a_legend_entry_hides_it_there_and_nowhere_else() {
    let mut b = with_terms();
    let screen = b.screen(120, 40);
    let at = |screen: &str, name: &str| {
        let y = screen.lines().position(|l| l.contains(name)).unwrap();
        (screen.lines().nth(y).unwrap().split(name).next().unwrap().chars().count() as u16, y as u16)
    };
    let place = at(&screen, "chance ");
    b.click(place);
    assert_eq!((b.app.focus, b.app.cursor), (Panel::Chart(ChartId::Accuracy), None), "no crosshair with it");
    let hidden = b.screen(120, 40);
    assert!(hidden.contains("· (chance)") && !hidden.contains("┄┄┄┄"), "{hidden}");
    let place = at(&hidden, "(chance)");
    b.click(place);
    assert!(b.screen(120, 40).contains("┄┄┄┄"));
    let place = at(&screen, "total ");
    b.click(place);
    assert_eq!(b.app.sight.hidden, [(ChartId::Loss, Entry::Curve(Series::Loss))].into());
}

#[test]
fn the_list_of_runs_takes_clicks_and_the_wheel() {
    let mut b = listed();
    b.send(Message::Resize(100, 30));
    let at = |b: &Bench, part: &str| {
        let screen = b.screen(100, 30);
        let y = screen.lines().position(|l| l.contains(part)).unwrap();
        let x = screen.lines().nth(y).unwrap().chars().position(|c| c == '│').unwrap();
        (x as u16 + 2, y as u16)
    };
    let (x, y) = at(&b, "402/3,000");
    b.click((x + 8, y));
    assert_eq!(b.app.runs.picked().unwrap().path, path(2));
    let effects = b.click((x + 8, y));
    assert!(matches!(&effects[..], [Effect::Read(Ask::Checkpoints(run))] if *run == path(2)), "{effects:?}");
    let saved = [400, 200].map(|step| saved(step, &[])).to_vec();
    b.send(Message::Found(Found::Checkpoints { run: path(2), rows: saved }));
    let place = at(&b, "step-00000400").0;
    let y = b.screen(100, 30).lines().position(|l| l.trim_start_matches(['│', ' ']).starts_with("200 ")).unwrap() as u16;
    b.click((place + 8, y));
    assert_eq!(b.app.runs.opened.as_ref().unwrap().selected, 1);
    b.key(KeyCode::Esc);
    let (x, y) = at(&b, "403/3,000");
    let effects = b.click((x, y));
    assert!(matches!(&effects[..], [Effect::Read(Ask::Curves(run))] if *run == path(3)), "its sign lays it over: {effects:?}");
    b.wheel(true, (x, y));
    assert!(b.app.runs.picked().is_none(), "the present run is above it");
    assert!(b.click((x, 29)).is_empty());
}

#[test]
fn a_long_run_is_not_cut_in_the_list() {
    let mut b = listed();
    b.publish(|s| (s.step, s.steps) = (100_000, 1_000_000));
    for (width, height) in SIZES {
        assert!(b.screen(width, height).contains("100,000/1,000,000"), "{}", b.screen(width, height));
    }
}

/// A cell of the screen.
type Cell = (u16, u16);

/// The cells at which a card begins and ends for a click, and one beside it; `None` where it covers all but the header.
fn edges(b: &Bench) -> (Vec<Cell>, Option<Cell>) {
    let all = b.app.area;
    let cells = || all.positions().map(|p| (p.x, p.y));
    let inside: Vec<_> = cells().filter(|at| view::on_card(&b.app, *at) == Some(true)).collect();
    let beside = cells().find(|at| view::on_card(&b.app, *at) == Some(false));
    (vec![inside[0], inside[inside.len() / 2]], beside)
}

#[test]
fn a_click_beside_a_card_closes_it_and_one_on_it_does_not() {
    type Is = fn(&Mode) -> bool;
    let cards: [(&str, Is); 4] = [
        ("?", |m| matches!(m, Mode::Help { .. })),
        ("i", |m| matches!(m, Mode::Explain(_))),
        (":learn", |m| matches!(m, Mode::Command(_))),
        (":tour", |m| matches!(m, Mode::Tour(_))),
    ];
    for (width, height) in SIZES {
        for (keys, is) in cards {
            let mut b = Bench::new();
            b.send(Message::Resize(width, height));
            b.type_text(keys);
            if keys == ":tour" {
                b.key(KeyCode::Enter);
            }
            assert!(is(&b.app.mode), "{keys}");
            let (inside, _) = edges(&b);
            // The corner of a card is drawn where a click on it begins to count.
            if keys == "?" || keys == "i" || keys == ":tour" {
                let screen = b.screen(width, height);
                let (x, y) = inside[0];
                assert_eq!(screen.lines().nth(y.into()).unwrap().chars().nth(x.into()), Some('┌'), "{keys}\n{screen}");
            }
            // A click on a line of the palette chooses it, and one on a card of the tour turns to the next.
            for i in (0..inside.len()).filter(|_| keys != ":learn") {
                let at = edges(&b).0[i];
                b.click(at);
                assert!(is(&b.app.mode), "{keys} at {at:?} of {width}×{height}");
            }
            let Some(beside) = edges(&b).1 else {
                assert_eq!(keys, "?", "only the keys may take all of the screen");
                continue;
            };
            b.click(beside);
            assert!(matches!(b.app.mode, Mode::Normal), "{keys} beside, {beside:?} of {width}×{height}");
            assert!(b.told().is_empty() && b.app.cursor.is_none(), "and does nothing else");
        }
    }
}

#[test]
fn an_explanation_that_a_click_closes_leaves_the_view_under_it() {
    let mut b = Bench::new();
    b.send(Message::Resize(120, 40));
    b.type_text("ai");
    assert!(matches!(b.app.mode, Mode::Explain(_)));
    b.click((3, 39));
    assert!(matches!(b.app.mode, Mode::Probes(_)));
    // The card of the tour turns with a click, and the last one stays for one beside it.
    b.command("tour");
    for card in [1, 2, 3, 4, 5, 5] {
        let inside = edges(&b).0[0];
        b.click(inside);
        assert!(matches!(b.app.mode, Mode::Tour(shown) if shown == card), "{card}: {:?}", b.app.mode);
    }
}
