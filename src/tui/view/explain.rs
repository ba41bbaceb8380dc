//! The explanation of what has the focus: over the charts where that leaves the rest in sight, else over everything.
//!
//! ```text
//! ┌ Mutual information ─────────────────────────────────────────┐
//! │ local held-out (L val)                                      │
//! │   The same estimate on images that training never saw ...   │
//! │   unit     nats                                             │
//! │   mind     It can be negative: ...                          │
//! └──────────────── ↑↓ scroll · ←→ another · i closes ──────────┘
//! ```

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
};

use super::{
    frame::{frame, inside, place},
    text::{put_line, wrap},
};
use crate::tui::{
    app::App,
    explain::{Explaining, Part},
    layout::{Layout, layout},
};

/// Columns of a label.
const LABEL: usize = 9;

pub fn draw(app: &App, open: &Explaining, layout: &Layout, buf: &mut Buffer) {
    let title = format!(" {} ", open.topic.title(app));
    let inside = frame(app, layout, &title, &app.ui.keys.said(" ↑↓ scroll · ←→ another · {explain} closes "), buf);
    let lines = lines(app, open, usize::from(inside.width));
    let first = open.scroll.min(lines.len().saturating_sub(usize::from(inside.height)));
    for (row, line) in lines.iter().skip(first).take(usize::from(inside.height)).enumerate() {
        put_line(buf, inside, row as u16, line);
    }
    let below = lines.len().saturating_sub(first + usize::from(inside.height));
    if below > 0 {
        let text = format!(" {below} more lines below ");
        let row = Rect { y: inside.bottom(), height: 1, ..inside };
        buf.set_stringn(row.x, row.y, text, usize::from(row.width), app.theme.dim);
    }
}

/// The furthest that scrolling goes.
pub fn last_scroll(app: &App, open: &Explaining) -> usize {
    let Some(layout) = layout(app) else { return 0 };
    let inside = inside(place(app, &layout));
    lines(app, open, inside.width.into()).len().saturating_sub(inside.height.into())
}

/// Everything there is to say, as wide as this.
fn lines(app: &App, open: &Explaining, columns: usize) -> Vec<Line<'static>> {
    let mut all = Vec::new();
    for part in open.topic.parts(app) {
        if !all.is_empty() {
            all.push(Line::default());
        }
        one(app, &part, columns, &mut all);
    }
    all
}

fn one(app: &App, part: &Part, columns: usize, all: &mut Vec<Line<'static>>) {
    let t = &app.theme;
    let heading = wrap(&part.heading, columns).into_iter();
    all.extend(heading.map(|line| Line::styled(line, t.accent.add_modifier(Modifier::BOLD))));
    all.extend(
        wrap(&app.ui.keys.said(&part.text), columns.saturating_sub(2))
            .into_iter()
            .map(|line| Line::styled(format!("  {line}"), t.text)),
    );
    for (label, text) in &part.lines {
        for (i, line) in wrap(&app.ui.keys.said(text), columns.saturating_sub(LABEL + 2)).into_iter().enumerate() {
            let head = if i == 0 { *label } else { "" };
            all.push(Line::from(vec![Span::styled(format!("  {head:<LABEL$}"), t.dim), Span::styled(line, t.text)]));
        }
    }
}
