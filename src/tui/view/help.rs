//! The help overlay: the key table, grouped, in as many columns as fit.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
    widgets::{Block, Borders, Clear, Widget},
};

use super::text::{cut, put_line, width};
use crate::tui::{
    app::App,
    keys::{BINDINGS, Group},
};

/// Width of one column of the help.
const COLUMN: u16 = 66;
const KEYS: usize = 12;

pub fn draw(app: &App, scroll: usize, screen: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    let lines = lines(app, usize::from(COLUMN.min(screen.width.saturating_sub(4))));
    let (per_column, area) = place(lines.len(), screen);
    Clear.render(area, buf);
    buf.set_style(area, t.text);
    let inside = usize::from(area.height.saturating_sub(2));
    let first = scroll.min(per_column.saturating_sub(inside));
    let foot = if per_column > inside { " ↑↓ scroll · any other key closes " } else { " any key closes " };
    let block = Block::new()
        .borders(Borders::ALL)
        .border_style(t.accent)
        .title(Span::styled(" Keys ", t.title.add_modifier(Modifier::BOLD)))
        .title_bottom(Line::styled(foot, t.dim).right_aligned());
    let inner = block.inner(area);
    block.render(area, buf);
    for (c, column) in lines.chunks(per_column.max(1)).enumerate() {
        let x = inner.x + 1 + COLUMN * c as u16;
        let part = Rect { x: x.min(inner.right()), width: COLUMN.min(inner.right().saturating_sub(x)), ..inner };
        for (row, line) in column.iter().skip(first).take(inside).enumerate() {
            put_line(buf, part, row as u16, line);
        }
    }
}

/// Where it is.
pub fn area(app: &App, screen: Rect) -> Rect {
    place(lines(app, usize::from(COLUMN)).len(), screen).1
}

/// The lines of a column, and the place of the frame.
fn place(lines: usize, screen: Rect) -> (usize, Rect) {
    let columns = columns(screen);
    let per_column = lines.div_ceil(columns);
    // A frame that leaves slivers of the panels at its sides is worse than none.
    let wide = if screen.width < COLUMN + 24 { screen.width } else { COLUMN * columns as u16 + 4 };
    (per_column, centered(screen, wide.min(screen.width), rows(per_column, screen)))
}

fn columns(screen: Rect) -> usize {
    if screen.width >= 2 * COLUMN + 6 { 2 } else { 1 }
}

/// Rows of the frame, its rules included.
fn rows(per_column: usize, screen: Rect) -> u16 {
    u16::try_from(per_column).unwrap_or(u16::MAX).saturating_add(2).min(screen.height)
}

/// The furthest that scrolling goes.
pub fn last_scroll(app: &App) -> usize {
    let per_column = lines(app, usize::from(COLUMN)).len().div_ceil(columns(app.area));
    per_column.saturating_sub(usize::from(rows(per_column, app.area).saturating_sub(2)))
}

fn lines(app: &App, columns: usize) -> Vec<Line<'static>> {
    let t = &app.theme;
    let mut lines = Vec::new();
    for group in Group::ALL {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(group.title(), t.accent.add_modifier(Modifier::BOLD)));
        for binding in BINDINGS.iter().filter(|b| b.group == group) {
            let names = app.ui.keys.names(binding);
            let pad = " ".repeat(KEYS.saturating_sub(width(&names)));
            let help = cut(binding.help, columns.saturating_sub(KEYS.max(width(&names)) + 2));
            lines.push(Line::from(vec![Span::styled(format!("{names}{pad}"), t.key), Span::styled(format!(" {help}"), t.text)]));
        }
    }
    for (heading, table) in [("Mouse on a chart", MOUSE), ("Signs", SIGNS)] {
        lines.push(Line::default());
        lines.push(Line::styled(heading, t.accent.add_modifier(Modifier::BOLD)));
        let told = |(sign, meaning): &(&str, &str)| {
            let meaning = app.ui.keys.said(meaning);
            Line::from(vec![Span::styled(format!("{sign:<KEYS$}"), t.key), Span::styled(format!(" {meaning}"), t.text)])
        };
        lines.extend(table.iter().map(told));
    }
    lines
}

const MOUSE: &[(&str, &str)] = &[
    ("click", "pins the crosshair; on a legend entry: hides or shows it"),
    ("wheel", "zooms at the pointer; with Shift, or sideways: moves"),
    ("drag", "moves a zoomed chart, of a whole one the crosshair"),
];

const SIGNS: &[(&str, &str)] = &[
    ("a → b …", "requested: not in force until the trainer says so"),
    ("R", "takes a new run: press {restart}"),
    ("≠", "the config file says something else"),
    ("✗", "refused; select it to read why"),
    ("● ○ ┴", "slider: in force, requested, default; a click sets"),
];

/// A rectangle of this size in the middle.
pub fn centered(screen: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(screen.width), height.min(screen.height));
    Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + (screen.height - height) / 2, width, height }
}
