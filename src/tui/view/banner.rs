//! What must not be overlooked, between header and charts: a failed trainer, a broken config file or script.

use std::collections::BTreeSet;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    widgets::{Block, Borders, Widget},
};

use super::text::{put, wrap};
use crate::{train::Outcome, tui::app::App};

/// Longest failure shown here, in lines; the log has the rest.
const LINES: usize = 4;

/// Rows the banner takes on a screen this wide.
pub fn height(app: &App, columns: u16) -> u16 {
    let failure = if app.failure().is_some() { failure_lines(app, columns).len() + 2 } else { 0 };
    (failure + file_lines(app, columns).len()) as u16
}

fn failure_lines(app: &App, columns: u16) -> Vec<String> {
    let Some(message) = app.failure() else { return Vec::new() };
    let mut lines = wrap(message, usize::from(columns.saturating_sub(4)));
    if lines.len() > LINES {
        lines.truncate(LINES);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    lines
}

fn title(app: &App) -> &'static str {
    match app.ended {
        Some(Outcome::Refused(_)) => " This run cannot start ",
        Some(Outcome::Nonfinite(_)) => " Stopped by a non-finite loss ",
        _ => " The trainer has failed ",
    }
}

/// Files that cannot be used as they are now.
fn file_lines(app: &App, columns: u16) -> Vec<String> {
    let config = app.file.as_ref().and_then(|f| f.broken.as_ref());
    let config = config.map(|reason| format!("≡ config file not usable, nothing changed: {reason}"));
    // One text may be in force under two keys.
    let scripts: BTreeSet<_> = app.broken_scripts.values().collect();
    let scripts = scripts.into_iter().map(|reason| format!("≡ script not usable, the last good one stays in force: {reason}"));
    let lines = |text: String| wrap(&text, usize::from(columns.saturating_sub(2))).into_iter().take(2);
    config.into_iter().chain(scripts).flat_map(lines).collect()
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    let mut rest = area;
    let failure = failure_lines(app, area.width);
    if !failure.is_empty() && rest.height > 2 {
        let panel = Rect { height: (failure.len() as u16 + 2).min(rest.height), ..rest };
        let block = Block::new()
            .borders(Borders::ALL)
            .border_style(t.error)
            .title(title(app))
            .title_bottom(app.ui.keys.said(" {restart} new run · {quit} quit "));
        let inner = block.inner(panel);
        block.render(panel, buf);
        for (i, line) in failure.iter().enumerate() {
            put(buf, Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }, i as u16, line, t.error);
        }
        rest.y += panel.height;
        rest.height -= panel.height;
    }
    for (i, line) in file_lines(app, area.width).iter().enumerate() {
        let style: Style = t.error.add_modifier(Modifier::BOLD);
        put(buf, Rect { x: rest.x + 1, width: rest.width.saturating_sub(2), ..rest }, i as u16, line, style);
    }
}
