//! The mouse: a click selects or sets the crosshair, the wheel changes or scrolls, hovering reads the charts.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::act;
use crate::tui::{
    app::{App, Cursor, Mode, Panel},
    controls::CONTROLS,
    layout::{Target, target},
    message::Effect,
    tour,
    view::charts,
};

pub fn on_mouse(app: &mut App, event: MouseEvent) -> Vec<Effect> {
    if !matches!(app.mode, Mode::Normal) {
        match (&app.mode, event.kind) {
            (Mode::Help { .. }, MouseEventKind::Down(_)) => app.mode = Mode::Normal,
            (Mode::Explain(open), MouseEventKind::Down(_)) => app.mode = open.over.clone(),
            (Mode::Tour(card), MouseEventKind::Down(_)) => tour::show(app, card + 1),
            _ => {}
        }
        return Vec::new();
    }
    let at = target(app, event.column, event.row);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => click(app, at, event.column),
        MouseEventKind::Drag(MouseButton::Left) => {
            if let Target::Chart(..) = at {
                click(app, at, event.column);
            }
        }
        MouseEventKind::Moved => hover(app, at, event.column),
        MouseEventKind::ScrollUp => return wheel(app, at, true),
        MouseEventKind::ScrollDown => return wheel(app, at, false),
        _ => {}
    }
    Vec::new()
}

fn click(app: &mut App, at: Target, column: u16) {
    match at {
        Target::Control(i) => {
            app.selected = i;
            app.focus = Panel::Controls;
        }
        Target::Controls => app.focus = Panel::Controls,
        Target::Chart(id, area) => {
            app.cursor = Some(Cursor { step: charts::step_at(app, area, column), pinned: true });
            app.focus = Panel::Chart(id);
        }
        Target::Log => app.focus = Panel::Log,
        Target::Nothing => {}
    }
}

fn hover(app: &mut App, at: Target, column: u16) {
    if app.cursor.is_some_and(|c| c.pinned) {
        return;
    }
    app.cursor = match at {
        Target::Chart(_, area) => Some(Cursor { step: charts::step_at(app, area, column), pinned: false }),
        _ => None,
    };
}

fn wheel(app: &mut App, at: Target, up: bool) -> Vec<Effect> {
    match at {
        Target::Control(i) => {
            app.selected = i;
            app.focus = Panel::Controls;
            return act::change(app, CONTROLS[i].key, up);
        }
        Target::Log => app.log.scroll(if up { 1 } else { -1 }),
        Target::Chart(..) => {
            let (from, to) = app.x_range();
            let now = app.cursor.map_or(to, |c| c.step);
            let by = ((to - from) * 0.01).round().max(1.0) * if up { -1.0 } else { 1.0 };
            app.cursor = Some(Cursor { step: (now + by).clamp(from, to), pinned: true });
        }
        Target::Controls | Target::Nothing => {}
    }
    Vec::new()
}
