//! The event log, newest at the bottom.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
    widgets::{Block, Borders, Widget},
};

use super::text::{grouped, put_line, title, wrap};
use crate::tui::{
    app::{App, Panel},
    log::{Entry, Kind},
};

/// Columns of the step.
const STEP: usize = 9;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let t = &app.theme;
    let focused = app.focus == Panel::Log;
    let style = if focused { t.accent } else { t.border };
    let mut block = Block::new()
        .borders(Borders::TOP)
        .border_style(style)
        .title(Line::from(vec![Span::styled("─", style), Span::styled(" Log ", title(t, focused))]));
    if app.log.back > 0 {
        block = block.title(Line::styled(format!(" {} newer below ", app.log.back), t.dim).right_aligned());
    }
    let inner = block.inner(area);
    block.render(area, buf);
    let mut row = inner.height;
    let entries = app.log.entries();
    let last = entries.len().saturating_sub(app.log.back);
    for entry in entries[..last].iter().rev() {
        let lines = lines(app, entry, usize::from(inner.width));
        for line in lines.iter().rev() {
            if row == 0 {
                return;
            }
            row -= 1;
            put_line(buf, inner, row, line);
        }
    }
}

pub(super) fn lines(app: &App, entry: &Entry, columns: usize) -> Vec<Line<'static>> {
    let t = &app.theme;
    let style = match entry.kind {
        Kind::Requested => t.requested,
        Kind::Accepted => t.ok,
        Kind::Refused | Kind::Error => t.error,
        Kind::Warning => t.warn,
        Kind::File => t.accent,
        Kind::Checkpoint | Kind::Probe | Kind::Note => t.dim,
    };
    let body = match entry.kind {
        Kind::Refused | Kind::Error | Kind::Requested => style,
        _ => t.text,
    };
    let indent = STEP + 3;
    wrap(&entry.text, columns.saturating_sub(indent + 1))
        .into_iter()
        .enumerate()
        .map(|(i, text)| {
            if i > 0 {
                return Line::from(vec![Span::raw(" ".repeat(indent)), Span::styled(text, body)]);
            }
            let step = if entry.step == 0 { "–".into() } else { grouped(entry.step) };
            Line::from(vec![
                Span::styled(format!("{step:>STEP$} "), t.dim),
                Span::styled(format!("{} ", entry.kind.sign()), style),
                Span::styled(text, body),
            ])
        })
        .collect()
}
