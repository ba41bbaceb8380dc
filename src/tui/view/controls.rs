//! The settings: values in force, values requested, values that wait for a new run.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::{Block, Borders, Widget},
};
use toml::{Table, Value};

use super::{
    settings_foot,
    text::{cut, put, put_line, title, width},
};
use crate::{
    config,
    tui::{
        app::{App, Panel},
        controls::{CONTROLS, Control, explained, lookup, mode_key, shown},
        layout::{Row, foot_area, list_area, visible_rows},
    },
};

/// Columns of mark and label.
fn label_width(list: u16) -> usize {
    if list < 34 { 15 } else { 18 }
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    if area.width < 6 || area.height < 4 {
        return;
    }
    let t = &app.theme;
    let focused = app.focus == Panel::Controls;
    let border = if focused { t.accent } else { t.border };
    let mut block = Block::new()
        .borders(Borders::TOP | Borders::LEFT)
        .border_style(border)
        .title(Line::from(vec![Span::styled("─", border), Span::styled(heading(app), title(t, focused))]));
    let table = app.live.config.to_table();
    if let Some(name) = preset_name(&table).filter(|_| app.filter.is_empty()) {
        block =
            block.title(Line::from(vec![Span::styled(format!(" {name} "), t.dim), Span::styled("─", border)]).right_aligned());
    }
    block.render(area, buf);
    let list = list_area(area);
    for (i, row) in visible_rows(app, list).iter().enumerate() {
        let row_area = Rect { y: list.y + i as u16, height: 1, ..list };
        match row {
            Row::Control(index) => draw_control(app, *index, &table, row_area, buf),
            Row::Restart => put(buf, row_area, 0, &restart_rule(usize::from(list.width)), t.dim),
        }
    }
    settings_foot::draw(app, foot_area(area), buf);
}

/// The name of the panel, and how much of it the filter shows.
fn heading(app: &App) -> String {
    if app.filter.is_empty() {
        return " Settings ".into();
    }
    format!(" Settings {}/{}: {} ", app.listed().len(), app.controls().len(), cut(app.filter.words(), 10))
}

fn restart_rule(columns: usize) -> String {
    let text = "── with a new run ";
    format!("{text}{}", "─".repeat(columns.saturating_sub(width(text))))
}

/// The preset that the objective in force is.
fn preset_name(table: &Table) -> Option<&'static str> {
    let in_force = |(key, value): &(String, Value)| lookup(table, key) == Some(value);
    config::presets().iter().find(|p| p.edits.iter().all(in_force)).map(|p| p.name)
}

fn draw_control(app: &App, index: usize, table: &Table, area: Rect, buf: &mut Buffer) {
    let control = &CONTROLS[index];
    let t = &app.theme;
    let selected = index == app.selected;
    // Among those that a filter leaves, the term above may be missing.
    let whole = app.filter.is_empty();
    let mark = match (selected, control.inner && whole) {
        (true, false) => "▸ ",
        (true, true) => " ▸ ",
        (false, true) => "   ",
        (false, false) => "  ",
    };
    let columns = label_width(area.width);
    let label = cut(&format!("{mark}{}", if whole { control.label.to_owned() } else { control.alone() }), columns - 1);
    let padded = format!("{label}{}", " ".repeat(columns.saturating_sub(width(&label))));
    let idle = mode_key(control.key).and_then(|m| lookup(table, m)).and_then(Value::as_str) == Some("off");
    let label_style = if idle { t.dim } else { t.text };
    let flags = flags(app, control);
    let room = usize::from(area.width).saturating_sub(columns + flags.len() * 2);
    let (text, style) = value(app, control, table, idle, room);
    let mut spans = vec![
        Span::styled(padded, label_style),
        Span::styled(format!("{text}{}", " ".repeat(room.saturating_sub(width(&text)))), style),
    ];
    for (flag, style) in flags {
        spans.push(Span::styled(format!(" {flag}"), style));
    }
    put_line(buf, area, 0, &Line::from(spans));
    if selected {
        let style = if app.focus == Panel::Controls { t.selected } else { Style::new().add_modifier(Modifier::BOLD) };
        buf.set_style(area, style);
    }
}

/// The value in force, and where it is going.
fn value(app: &App, control: &Control, table: &Table, idle: bool, room: usize) -> (String, Style) {
    let t = &app.theme;
    let Some(now) = lookup(table, control.key) else { return ("–".into(), t.dim) };
    let requested = app.requests.wanted(control.key).filter(|v| *v != now);
    let later = app.next_run.get(control.key);
    let Some(next) = requested.or(later) else {
        let style = if idle { t.dim } else { t.text };
        return (cut(&explained(control.key, now, &app.live.config), room), style);
    };
    let end = if requested.is_some() { " …" } else { "" };
    let both = format!("{} → {}{end}", shown(now), shown(next));
    let text = if width(&both) <= room { both } else { format!("→ {}{end}", shown(next)) };
    (cut(&text, room), t.requested)
}

/// `R`: needs a restart. `✗`: refused. `≠`: the file says something else.
fn flags(app: &App, control: &Control) -> Vec<(&'static str, Style)> {
    let t = &app.theme;
    let mut flags = Vec::new();
    if app.next_run.contains_key(control.key) {
        flags.push(("R", t.warn));
    }
    if app.refused.contains_key(control.key) {
        flags.push(("✗", t.error));
    }
    if app.differs.contains(control.key) {
        flags.push(("≠", t.accent));
    }
    flags
}
