//! The mouse: a click selects or sets the crosshair, the wheel changes or scrolls, hovering reads the charts.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::{act, intent::ask};
use crate::{
    config::Source,
    tui::{
        app::{App, Cursor, Mode, Panel},
        controls::CONTROLS,
        keys::Action,
        layout::{Target, foot_area, layout, target},
        message::Effect,
        slider::Slider,
        tabs, tour,
        view::charts,
    },
};

pub fn on_mouse(app: &mut App, event: MouseEvent) -> Vec<Effect> {
    // The tabs are above every view.
    if let (MouseEventKind::Down(MouseButton::Left), Target::Tab(action)) = (event.kind, target(app, event.column, event.row))
        && !matches!(app.mode, Mode::Help { .. } | Mode::Quit | Mode::Restart | Mode::Travel(_))
    {
        return to_tab(app, action);
    }
    if let Mode::Log { typing: false } = app.mode {
        match event.kind {
            MouseEventKind::ScrollUp => app.log.scroll_filtered(3),
            MouseEventKind::ScrollDown => app.log.scroll_filtered(-3),
            _ => {}
        }
        return Vec::new();
    }
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
        MouseEventKind::Down(MouseButton::Left) => {
            if let Target::Slider(column) = at {
                return slide(app, column);
            }
            click(app, at, event.column);
        }
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
        Target::Slider(_) | Target::Tab(_) | Target::Nothing => {}
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
        Target::Slider(_) => return act::change(app, CONTROLS[app.selected].key, up),
        Target::Controls | Target::Tab(_) | Target::Nothing => {}
    }
    Vec::new()
}
