//! The view of runs: the list, the checkpoints of one, and where the settings of the marked ones differ.
//!
//! ```text
//! ┌ Runs · 12 beside this one · 2 marked ────────────────────────────────┐
//! │   run           estimator        steps  state      conv   fc    Y   nats │
//! │ ━ this run      jsd          200/3,000  this run   46.7  47.2  33.9  1.52│
//! │ ◇ 041200-dv     dv         3,000/3,000  done       ...               │
//! │ where the picked one is, and what else is known of it                │
//! ```

mod checkpoints;
mod differences;
mod list;

use ratatui::{buffer::Buffer, layout::Rect, style::Modifier, text::Line};

use super::{
    frame::{self, frame, place},
    text::{cut, put, put_line, width},
};
use crate::tui::{app::App, layout::Layout, runs::Page};

pub fn draw(app: &App, page: Page, layout: &Layout, buf: &mut Buffer) {
    match page {
        Page::List => list::draw(app, layout, buf),
        Page::Checkpoints => checkpoints::draw(app, layout, buf),
        Page::Differences { scroll } => differences::draw(app, scroll, layout, buf),
    }
}

/// The line of the list, or of the checkpoints, at a cell of the screen, and whether it is at the line's sign.
pub fn line_at(app: &App, page: Page, layout: &Layout, (x, y): (u16, u16)) -> Option<(usize, bool)> {
    let inside = frame::inside(place(app, layout));
    let (list, picked, lines) = match page {
        Page::List => (list::area(app, inside), app.runs.selected, app.runs.shown().len() + 1),
        Page::Checkpoints => {
            let opened = app.runs.opened.as_ref()?;
            (checkpoints::area(inside), opened.selected, opened.rows.as_ref()?.len())
        }
        Page::Differences { .. } => return None,
    };
    // The first row is the heading.
    let rows = Rect { y: list.y + 1, height: list.height.saturating_sub(1), ..list };
    let line = first_line(picked, lines, rows.height.into()) + usize::from(y.checked_sub(rows.y)?);
    (rows.contains((x, y).into()) && line < lines).then_some((line, x < list.x + 2))
}

/// The frame with as many of the keys as fit into its lower edge; the first ones matter most.
fn framed(app: &App, layout: &Layout, title: &str, keys: &[&str], buf: &mut Buffer) -> Rect {
    let room = usize::from(place(app, layout).width).saturating_sub(4);
    let mut text = String::new();
    for key in keys {
        let key = app.ui.keys.said(key);
        let longer = if text.is_empty() { format!(" {key} ") } else { format!("{text}· {key} ") };
        if width(&longer) > room {
            break;
        }
        text = longer;
    }
    frame(app, layout, title, &text, buf)
}

/// A column of a table: heading, width, whether it stands at the right, and how long it stays when there is little room (0: always).
#[derive(Debug, Clone, Copy)]
struct Column {
    head: &'static str,
    width: usize,
    right: bool,
    rank: u8,
}

const fn column(head: &'static str, width: usize, right: bool, rank: u8) -> Column {
    Column { head, width, right, rank }
}

/// Which of the columns fit beside a first one of `first` characters.
fn fitting(columns: &[Column], first: usize, room: usize) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let cost = |shown: &[usize]| first + shown.iter().map(|i| columns[*i].width + 2).sum::<usize>();
    while cost(&shown) > room {
        let Some(at) = (0..shown.len()).rev().max_by_key(|i| columns[shown[*i]].rank) else { break };
        if columns[shown[at]].rank == 0 {
            break;
        }
        shown.remove(at);
    }
    shown
}

/// The cells of a row in their columns, each after two blanks.
fn cells(columns: &[Column], shown: &[usize], text: impl Fn(usize) -> String) -> String {
    let cell = |i: &usize| {
        let c = columns[*i];
        let value = cut(&text(*i), c.width);
        let pad = " ".repeat(c.width - width(&value));
        if c.right { format!("  {pad}{value}") } else { format!("  {value}{pad}") }
    };
    shown.iter().map(cell).collect()
}

/// A list with its picked line in sight: the first line shown.
fn first_line(picked: usize, lines: usize, height: usize) -> usize {
    (picked + 2).min(lines).saturating_sub(height.max(1)).min(picked)
}

/// A row of a list, the picked one from edge to edge.
fn put_row(app: &App, area: Rect, at: u16, line: Line<'static>, picked: bool, buf: &mut Buffer) {
    if at >= area.height {
        return;
    }
    put_line(buf, area, at, &line);
    if picked {
        buf.set_style(Rect { y: area.y + at, height: 1, ..area }, app.theme.selected);
    }
}

fn heading(app: &App, area: Rect, text: &str, buf: &mut Buffer) {
    put(buf, area, 0, &cut(text, area.width.into()), app.theme.dim.remove_modifier(Modifier::BOLD));
}

/// `46.7`, a share in percent.
fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1}", 100.0 * share) } else { "–".into() }
}

/// `2026-11-24T03:54:21Z` as `11-24 03:54`.
fn when(time: &str) -> String {
    time.get(5..16).map_or_else(|| "–".into(), |t| t.replacen('T', " ", 1))
}
