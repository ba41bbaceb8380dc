//! The mouse on charts, on their legends and on the list of runs.

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::{
    Bench,
    charts::{SIZES, area, run_of_600, with_terms},
    runs::{listed, path, saved},
};
use crate::{
    train::history::Series,
    tui::{
        app::{ChartId, Panel},
        message::{Effect, Message},
        runs::{Ask, Found},
        sight::{Entry, Range},
        view::{chart::plot_area, charts},
    },
};

fn mouse(b: &mut Bench, kind: MouseEventKind, (column, row): (u16, u16), modifiers: KeyModifiers) -> Vec<Effect> {
    b.send(Message::Mouse(MouseEvent { kind, column, row, modifiers }))
}

#[test]
fn the_wheel_zooms_at_the_pointer_and_dragging_moves_what_was_taken_hold_of() {
    let mut b = run_of_600();
    let plot = plot_area(area(&b, ChartId::Loss));
    let at = (plot.x + plot.width / 4, plot.y + 2);
    let under = |b: &Bench, column| charts::place_at(&b.app, area(b, ChartId::Loss), column);
    let before = under(&b, at.0);
    for _ in 0..4 {
        mouse(&mut b, MouseEventKind::ScrollUp, at, KeyModifiers::NONE);
    }
    let (from, to) = b.app.x_range();
    assert!(to - from < 260.0 && from > 1.0 && to < 600.0, "{from} {to}");
    assert!((under(&b, at.0) - before).abs() <= 2.0, "the step under the pointer stays there");
    assert!(b.app.cursor.is_some_and(|c| !c.pinned), "and is read");
    mouse(&mut b, MouseEventKind::Down(MouseButton::Left), at, KeyModifiers::NONE);
    let held = b.app.cursor.unwrap().x;
    mouse(&mut b, MouseEventKind::Drag(MouseButton::Left), (at.0 + 10, at.1), KeyModifiers::NONE);
    assert!((under(&b, at.0 + 10) - held).abs() <= 1.0 && b.app.x_range().0 < from, "it went along");
    assert_eq!(b.app.cursor.unwrap().x, held);
    let now = b.app.x_range();
    mouse(&mut b, MouseEventKind::ScrollDown, at, KeyModifiers::SHIFT);
    assert!(b.app.x_range().0 > now.0, "Shift-wheel moves it");
    mouse(&mut b, MouseEventKind::ScrollLeft, at, KeyModifiers::NONE);
    assert_eq!(b.app.x_range().0.round(), now.0.round(), "a wheel that goes sideways, too");
    for _ in 0..40 {
        mouse(&mut b, MouseEventKind::ScrollDown, at, KeyModifiers::NONE);
    }
    assert_eq!(b.app.sight.range, Range::All);
    // Of the whole there is nothing to move: the crosshair goes.
    mouse(&mut b, MouseEventKind::Drag(MouseButton::Left), (at.0 + 20, at.1), KeyModifiers::NONE);
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
    mouse(&mut b, MouseEventKind::Down(MouseButton::Left), place, KeyModifiers::NONE);
    assert_eq!((b.app.focus, b.app.cursor), (Panel::Chart(ChartId::Accuracy), None), "no crosshair with it");
    let hidden = b.screen(120, 40);
    assert!(hidden.contains("· (chance)") && !hidden.contains("┄┄┄┄"), "{hidden}");
    let place = at(&hidden, "(chance)");
    mouse(&mut b, MouseEventKind::Down(MouseButton::Left), place, KeyModifiers::NONE);
    assert!(b.screen(120, 40).contains("┄┄┄┄"));
    let place = at(&screen, "total ");
    mouse(&mut b, MouseEventKind::Down(MouseButton::Left), place, KeyModifiers::NONE);
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
    mouse(&mut b, MouseEventKind::Down(MouseButton::Left), (x + 8, y), KeyModifiers::NONE);
    assert_eq!(b.app.runs.picked().unwrap().path, path(2));
    let effects = mouse(&mut b, MouseEventKind::Down(MouseButton::Left), (x + 8, y), KeyModifiers::NONE);
    assert!(matches!(&effects[..], [Effect::Read(Ask::Checkpoints(run))] if *run == path(2)), "{effects:?}");
    let saved = [400, 200].map(|step| saved(step, &[])).to_vec();
    b.send(Message::Found(Found::Checkpoints { run: path(2), rows: saved }));
    let place = at(&b, "step-00000400").0;
    let y = b.screen(100, 30).lines().position(|l| l.trim_start_matches(['│', ' ']).starts_with("200 ")).unwrap() as u16;
    mouse(&mut b, MouseEventKind::Down(MouseButton::Left), (place + 8, y), KeyModifiers::NONE);
    assert_eq!(b.app.runs.opened.as_ref().unwrap().selected, 1);
    b.key(KeyCode::Esc);
    let (x, y) = at(&b, "403/3,000");
    let effects = mouse(&mut b, MouseEventKind::Down(MouseButton::Left), (x, y), KeyModifiers::NONE);
    assert!(matches!(&effects[..], [Effect::Read(Ask::Curves(run))] if *run == path(3)), "its sign lays it over: {effects:?}");
    mouse(&mut b, MouseEventKind::ScrollUp, (x, y), KeyModifiers::NONE);
    assert!(b.app.runs.picked().is_none(), "the present run is above it");
    assert!(mouse(&mut b, MouseEventKind::Down(MouseButton::Left), (x, 29), KeyModifiers::NONE).is_empty());
}

#[test]
fn a_long_run_is_not_cut_in_the_list() {
    let mut b = listed();
    b.publish(|s| (s.step, s.steps) = (100_000, 1_000_000));
    for (width, height) in SIZES {
        assert!(b.screen(width, height).contains("100,000/1,000,000"), "{}", b.screen(width, height));
    }
}
