//! The mouse: a click selects, sets the crosshair or hides a legend entry, and closes a card that it is beside; the wheel changes, scrolls
//! or zooms; dragging moves a zoomed chart; hovering reads the charts.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::{act, command, intent::ask, lesson, look, runs, views};
use crate::{
    config::Source,
    train::Wanted,
    tui::{
        app::{App, Cursor, Mode, Panel},
        controls::CONTROLS,
        keys::Action,
        layout::{Target, foot_area, layout, target},
        message::Effect,
        runs::Page,
        sight::Range,
        slider::Slider,
        tabs, tour,
        view::{self, charts},
    },
};

/// By which share of its width a turn of the wheel moves a chart.
const TURN: f64 = 0.05;

pub fn on_mouse(app: &mut App, event: MouseEvent) -> Vec<Effect> {
    // The tabs are above every view; a card may lie over them.
    if let (MouseEventKind::Down(MouseButton::Left), Target::Tab(action)) = (event.kind, target(app, event.column, event.row))
        && view::on_card(app, (event.column, event.row)) != Some(true)
        && !matches!(app.mode, Mode::Help { .. } | Mode::Quit | Mode::Restart | Mode::Travel(_))
    {
        return to_tab(app, action);
    }
    if !matches!(app.mode, Mode::Normal) {
        return over_view(app, event);
    }
    let at = target(app, event.column, event.row);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            if let Target::Slider(column) = at {
                return slide(app, column);
            }
            click(app, at, (event.column, event.row));
        }
        MouseEventKind::Drag(MouseButton::Left) => drag(app, at, event.column),
        MouseEventKind::Moved => hover(app, at, event.column),
        MouseEventKind::ScrollUp => return wheel(app, at, &event, true),
        MouseEventKind::ScrollDown => return wheel(app, at, &event, false),
        MouseEventKind::ScrollLeft => sideways(app, at, event.column, -TURN),
        MouseEventKind::ScrollRight => sideways(app, at, event.column, TURN),
        _ => {}
    }
    Vec::new()
}

/// In what lies over the panels.
fn over_view(app: &mut App, event: MouseEvent) -> Vec<Effect> {
    let (down, at) = (matches!(event.kind, MouseEventKind::Down(_)), (event.column, event.row));
    if down && view::on_card(app, at) == Some(false) {
        close_card(app);
        return Vec::new();
    }
    match (&app.mode, event.kind) {
        (Mode::Runs(page), _) => return over_runs(app, *page, event),
        (Mode::Data(wanted), _) => over_data(app, *wanted, event),
        (Mode::Command(_), _) => return over_palette(app, event),
        (Mode::Log { typing: false }, MouseEventKind::ScrollUp) => app.log.scroll_filtered(3),
        (Mode::Log { typing: false }, MouseEventKind::ScrollDown) => app.log.scroll_filtered(-3),
        // The last card stays: only a click beside it closes it.
        (Mode::Tour(card), _) if down && card + 1 < tour::cards(&app.live.config).len() => tour::show(app, card + 1),
        _ => {}
    }
    Vec::new()
}

/// What Esc does to a card.
fn close_card(app: &mut App) {
    match std::mem::replace(&mut app.mode, Mode::Normal) {
        Mode::Explain(open) => app.mode = open.over,
        Mode::Tour(_) => tour::end(app),
        _ => {}
    }
}

/// A click looks into a picture, the wheel turns the page.
fn over_data(app: &mut App, wanted: Wanted, event: MouseEvent) {
    match event.kind {
        MouseEventKind::ScrollUp => views::turn_page(app, wanted, false),
        MouseEventKind::ScrollDown => views::turn_page(app, wanted, true),
        MouseEventKind::Down(MouseButton::Left) => {
            // Those of the other half may still be on the screen.
            let asked = app.shown().gallery.as_ref().is_some_and(|g| g.split == wanted.split);
            let found = layout(app).and_then(|layout| view::data::image_at(app, &layout, (event.column, event.row)));
            if let Some(image) = found.filter(|_| asked) {
                views::pick_image(app, wanted, image);
            }
        }
        _ => {}
    }
}

/// A click on a line of the palette is Enter on it, the wheel goes from one to the next.
fn over_palette(app: &mut App, event: MouseEvent) -> Vec<Effect> {
    let Some(line) = layout(app).map(|layout| layout.bottom) else { return Vec::new() };
    let Mode::Command(prompt) = &mut app.mode else { return Vec::new() };
    let listed = !view::palette::list_area(prompt, line).is_empty();
    match (event.kind, view::palette::row_at(prompt, line, (event.column, event.row))) {
        (MouseEventKind::ScrollUp, _) if listed => command::go(prompt, true),
        (MouseEventKind::ScrollDown, _) if listed => command::go(prompt, false),
        (MouseEventKind::Down(MouseButton::Left), Some(row)) => return command::choose_at(app, row),
        _ => {}
    }
    Vec::new()
}

/// A click on the tab that is open leads back to the charts.
fn to_tab(app: &mut App, action: Action) -> Vec<Effect> {
    app.notice = None;
    let there = tabs::present(app) == action;
    if there && action == Action::Train {
        app.mode = Mode::Normal;
        return Vec::new();
    }
    act::act(app, if there { Action::Train } else { action })
}

/// The selected setting to the value that its slider has there.
fn slide(app: &mut App, column: u16) -> Vec<Effect> {
    app.focus = Panel::Controls;
    let Some(slider) = Slider::of(app) else { return Vec::new() };
    let track = layout(app).and_then(|l| slider.track(foot_area(l.controls)));
    let value = track.and_then(|track| slider.value(column, track.width));
    value.map_or_else(Vec::new, |value| ask(app, vec![(slider.key.to_owned(), value)], Source::Key))
}

fn click(app: &mut App, at: Target, place: (u16, u16)) {
    match at {
        Target::Control(i) => {
            app.selected = i;
            app.focus = Panel::Controls;
        }
        Target::Controls => app.focus = Panel::Controls,
        Target::Chart(id, area) => {
            app.focus = Panel::Chart(id);
            match charts::entry_at(app, id, area, place) {
                Some(entry) => look::toggle(app, id, entry),
                None => pin(app, area, place.0),
            }
        }
        Target::Log => app.focus = Panel::Log,
        Target::Slider(_) | Target::Tab(_) | Target::Nothing => {}
    }
}

fn pin(app: &mut App, area: Rect, column: u16) {
    app.cursor = Some(Cursor { x: charts::place_at(app, area, column), pinned: true });
}

/// What was taken hold of, which is where the crosshair is, goes along; of a chart that shows all, the crosshair alone.
fn drag(app: &mut App, at: Target, column: u16) {
    let Target::Chart(_, area) = at else { return };
    match app.cursor.filter(|c| c.pinned && app.sight.range != Range::All) {
        Some(held) => look::pan_by(app, held.x - charts::place_at(app, area, column)),
        None => pin(app, area, column),
    }
}

fn hover(app: &mut App, at: Target, column: u16) {
    if app.cursor.is_some_and(|c| c.pinned) {
        return;
    }
    app.cursor = match at {
        Target::Chart(_, area) => Some(Cursor { x: charts::place_at(app, area, column), pinned: false }),
        _ => None,
    };
}

fn wheel(app: &mut App, at: Target, event: &MouseEvent, up: bool) -> Vec<Effect> {
    match at {
        Target::Control(i) => {
            app.selected = i;
            app.focus = Panel::Controls;
            return act::change(app, CONTROLS[i].key, up);
        }
        Target::Log => lesson::scroll(app, if up { -1 } else { 1 }),
        Target::Chart(..) if event.modifiers.contains(KeyModifiers::SHIFT) => {
            sideways(app, at, event.column, if up { -TURN } else { TURN });
        }
        Target::Chart(_, area) => {
            let about = charts::edge_or_place_at(app, area, event.column);
            look::zoom_at(app, about, if up { look::WHEEL } else { 1.0 / look::WHEEL });
            hover(app, at, event.column);
        }
        Target::Slider(_) => return act::change(app, CONTROLS[app.selected].key, up),
        Target::Controls | Target::Tab(_) | Target::Nothing => {}
    }
    Vec::new()
}

fn sideways(app: &mut App, at: Target, column: u16, share: f64) {
    if let Target::Chart(..) = at {
        look::pan(app, share);
        hover(app, at, column);
    }
}

/// A click picks a line, on its sign it lays the run over the charts or takes it off, on the picked line it is Enter.
fn over_runs(app: &mut App, page: Page, event: MouseEvent) -> Vec<Effect> {
    let found = layout(app).and_then(|layout| view::runs::line_at(app, page, &layout, (event.column, event.row)));
    match (event.kind, found) {
        (MouseEventKind::ScrollUp, _) => runs::go(app, page, -1),
        (MouseEventKind::ScrollDown, _) => runs::go(app, page, 1),
        (MouseEventKind::Down(MouseButton::Left), Some((line, on_sign))) => return runs::click(app, page, line, on_sign),
        _ => {}
    }
    Vec::new()
}
