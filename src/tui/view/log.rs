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
    let entries = app.log.entries();
    let last = entries.len().saturating_sub(app.log.back);
    let lines = newest(app, entries[..last].iter().rev(), inner);
    let above = inner.height - lines.len() as u16;
    for (row, line) in lines.iter().enumerate() {
        put_line(buf, inner, above + row as u16, line);
    }
}

/// As many lines of these entries, which come newest first, as the place has room for; in the order of the screen.
pub(super) fn newest<'a>(app: &App, entries: impl Iterator<Item = &'a Entry>, place: Rect) -> Vec<Line<'static>> {
    let backwards = entries.flat_map(|entry| lines(app, entry, place.width.into()).into_iter().rev());
    let mut found: Vec<_> = backwards.take(place.height.into()).collect();
    found.reverse();
    found
}

fn lines(app: &App, entry: &Entry, columns: usize) -> Vec<Line<'static>> {
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
