//! The help overlay: the key table, grouped, in as many columns as fit.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
    widgets::{Block, Borders, Clear, Widget},
};

use super::{
    command::filter_line,
    text::{cut, put, put_line, width},
};
use crate::tui::{
    app::App,
    filter::Filter,
    keys::{BINDINGS, Group},
};

/// Width of one column of the help.
const COLUMN: u16 = 66;
const KEYS: usize = 12;

pub fn draw(app: &App, scroll: usize, screen: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    let Page { area, inside, per_column, lines } = page(app, screen);
    Clear.render(area, buf);
    buf.set_style(area, t.text);
    let last = per_column.saturating_sub(inside);
    let block = Block::new()
        .borders(Borders::ALL)
        .border_style(t.accent)
        .title(Span::styled(" Keys ", t.title.add_modifier(Modifier::BOLD)))
        .title_bottom(Line::styled(app.ui.keys.said(foot(app, last > 0)), t.dim).right_aligned());
    let inner = block.inner(area);
    block.render(area, buf);
    let text = Rect { x: inner.x + 1, width: inner.width.saturating_sub(1), ..inner };
    if lines.is_empty() {
        put(buf, text, 0, "no line has these words: Esc shows all", t.dim);
    }
    for (c, column) in lines.chunks(per_column.max(1)).enumerate() {
        let x = text.x + COLUMN * c as u16;
        let part = Rect { x: x.min(text.right()), width: COLUMN.min(text.right().saturating_sub(x)), ..text };
        for (row, line) in column.iter().skip(scroll.min(last)).take(inside).enumerate() {
            put_line(buf, part, row as u16, line);
        }
    }
    if app.help.is_open() {
        filter_line(app, &app.help.filter, app.help.typing, (text, inner.height.saturating_sub(1)), buf);
    }
}

/// What the lower edge says.
fn foot(app: &App, scrolls: bool) -> &'static str {
    match (app.help.typing, app.help.filter.is_empty(), scrolls) {
        (true, ..) => " Enter keeps · Esc shows all ",
        (_, false, _) => " {filter} filter · Esc shows all · any other key closes ",
        (_, _, true) => " ↑↓ scroll · {filter} filter · any other key closes ",
        (_, _, false) => " {filter} filter · any other key closes ",
    }
}

/// What is shown, and where.
struct Page {
    area: Rect,
    /// Rows for lines.
    inside: usize,
    per_column: usize,
    lines: Vec<Line<'static>>,
}

/// The frame is as large as all lines need, so that it stands still while words are typed.
fn page(app: &App, screen: Rect) -> Page {
    let (columns, wide) = (columns(screen), usize::from(COLUMN.min(screen.width.saturating_sub(4))));
    let all = lines(app, &Filter::default(), wide);
    let rows = rows(all.len().div_ceil(columns), screen);
    // A frame that leaves slivers of the panels at its sides is worse than none.
    let width = if screen.width < COLUMN + 24 { screen.width } else { COLUMN * columns as u16 + 4 };
    let inside = usize::from(rows.saturating_sub(2 + u16::from(app.help.is_open())));
    let (lines, least) = match app.help.filter.is_empty() {
        true => (all, 0),
        // What fits into one column is not parted.
        false => (lines(app, &app.help.filter, wide), inside),
    };
    let per_column = lines.len().div_ceil(columns).max(least);
    Page { area: centered(screen, width.min(screen.width), rows), inside, per_column, lines }
}

/// Where it is.
pub fn area(app: &App, screen: Rect) -> Rect {
    page(app, screen).area
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
    let page = page(app, app.area);
    page.per_column.saturating_sub(page.inside)
}

/// The lines that the filter lets through, under their headings.
fn lines(app: &App, filter: &Filter, columns: usize) -> Vec<Line<'static>> {
    let t = &app.theme;
    let mut lines = Vec::new();
    let mut part = |heading: &'static str, told: Vec<(String, String)>| {
        if told.is_empty() {
            return;
        }
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(heading, t.accent.add_modifier(Modifier::BOLD)));
        lines.extend(told.into_iter().map(|(sign, meaning)| {
            let pad = " ".repeat(KEYS.saturating_sub(width(&sign)));
            let meaning = cut(&meaning, columns.saturating_sub(KEYS.max(width(&sign)) + 2));
            Line::from(vec![Span::styled(format!("{sign}{pad}"), t.key), Span::styled(format!(" {meaning}"), t.text)])
        }));
    };
    let lets = |heading: &str, (sign, meaning): &(String, String)| filter.lets(&format!("{heading} {sign} {meaning}"));
    for group in Group::ALL {
        let of_group = BINDINGS.iter().filter(|b| b.group == group);
        let told = of_group.map(|b| (app.ui.keys.names(b), b.help.to_owned()));
        part(group.title(), told.filter(|line| lets(group.title(), line)).collect());
    }
    for (heading, table) in [("Mouse on a chart", MOUSE), ("Signs", SIGNS)] {
        let told = table.iter().map(|(sign, meaning)| ((*sign).to_owned(), app.ui.keys.said(meaning)));
        part(heading, told.filter(|line| lets(heading, line)).collect());
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
