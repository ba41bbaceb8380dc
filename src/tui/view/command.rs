//! The bottom line while something is typed: the text, and what is wrong with it or could follow.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};

use super::text::{cut, put, width};
use crate::{
    config,
    tui::{
        app::{App, Mode},
        filter::Filter,
        prompt::{COMMANDS, Prompt},
    },
};

/// The words of a filter, in this row of the area; typed in just now or in force.
pub fn filter_line(app: &App, filter: &Filter, typing: bool, (area, row): (Rect, u16), buf: &mut Buffer) {
    let (cursor, style) = if typing { ("▏", app.theme.accent) } else { ("", app.theme.dim) };
    put(buf, area, row, &format!("/ {}{cursor}", filter.prompt.text()), style);
}

pub fn draw(app: &App, before: &str, prompt: &Prompt, area: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    let columns = usize::from(area.width);
    let (text, style) = remark(app, prompt);
    // A remark that does not fit beside the text goes on the line above.
    let used = width(before) + width(prompt.text()) + 3;
    let beside = used + width(&text) + 2 <= columns;
    let input_width = if beside { used } else { columns };
    buf.set_style(area, Style::reset().patch(t.text));
    for x in area.left()..area.right() {
        buf[(x, area.y)].set_symbol(" ");
    }
    buf.set_stringn(area.x + 1, area.y, before, columns.saturating_sub(1), t.key);
    let left = (1 + width(before)).min(columns);
    let room = input_width.saturating_sub(left).max(1);
    let scroll = prompt.input.visual_scroll(room.saturating_sub(1));
    let visible = skip_columns(prompt.text(), scroll);
    if left < columns {
        buf.set_stringn(
            area.x + left as u16,
            area.y,
            visible,
            room.min(columns - left),
            if prompt.fresh { t.dim } else { t.text },
        );
        let cursor = (left + prompt.input.visual_cursor().saturating_sub(scroll)).min(columns - 1);
        buf[(area.x + cursor as u16, area.y)].set_style(Style::new().add_modifier(Modifier::REVERSED));
    }
    if text.is_empty() {
        return;
    }
    if beside {
        let x = area.right() - (width(&text) as u16) - 1;
        buf.set_stringn(x, area.y, &text, columns, style);
    } else if area.y > 0 {
        above(area, &text, style, buf);
    }
}

/// The remark, wrapped, on the rows above the line.
fn above(area: Rect, text: &str, style: Style, buf: &mut Buffer) {
    let lines = super::text::wrap(text, usize::from(area.width.saturating_sub(2)));
    let shown = lines.len().min(3).min(usize::from(area.y));
    for (i, line) in lines.iter().take(shown).enumerate() {
        let y = area.y - (shown - i) as u16;
        for x in area.left()..area.right() {
            buf[(x, y)].reset();
        }
        buf.set_stringn(area.x + 1, y, cut(line, usize::from(area.width)), usize::from(area.width) - 1, style);
    }
}

fn skip_columns(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (i, c) in text.char_indices() {
        if used >= columns {
            return &text[i..];
        }
        used += width(c.encode_utf8(&mut [0; 4]));
    }
    if used >= columns && columns > 0 { "" } else { text }
}

/// The error, the candidates of Tab, or what may be typed.
fn remark(app: &App, prompt: &Prompt) -> (String, Style) {
    let t = &app.theme;
    if let Some(error) = &prompt.error {
        return (error.clone(), t.error);
    }
    if !prompt.candidates.is_empty() {
        return (prompt.candidates.join("  "), t.dim);
    }
    match &app.mode {
        Mode::Edit { key, .. } => (config::key(key).map(|k| k.range.to_string()).unwrap_or_default(), t.dim),
        Mode::Filter => (format!("{} of {} settings · Enter keeps · Esc all", app.listed().len(), app.controls().len()), t.dim),
        _ => (usage(prompt.text()), t.dim),
    }
}

/// What follows the command being typed.
fn usage(text: &str) -> String {
    let name = text.split_whitespace().next().unwrap_or_default();
    match COMMANDS.iter().find(|c| c.0 == name) {
        Some((name, arguments, does)) => format!("{name} {arguments}: {does}"),
        None if name.is_empty() => "a few letters of any action, setting or value; or a command".into(),
        None => String::new(),
    }
}
