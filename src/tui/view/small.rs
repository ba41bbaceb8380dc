//! The message on a screen that is too small.

use ratatui::{buffer::Buffer, layout::Rect};

use super::text::wrap;
use crate::tui::{app::App, layout::SMALLEST};

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let text = format!(
        "dim-tui needs {} × {} characters, and this window has {} × {}. Please make it larger; training goes on meanwhile. q quits.",
        SMALLEST.0, SMALLEST.1, app.area.width, app.area.height
    );
    let lines = wrap(&text, usize::from(area.width));
    let top = usize::from(area.height).saturating_sub(lines.len()) / 2;
    for (i, line) in lines.iter().enumerate() {
        let Ok(row) = u16::try_from(top + i) else { break };
        super::text::put(buf, area, row, line, app.theme.text);
    }
}
