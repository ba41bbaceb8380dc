//! The frame of what lies over the panels: where it is, and the place inside it.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
    widgets::{Block, Borders, Clear, Widget},
};

use crate::tui::{app::App, layout::Layout};

/// Over the charts on wide screens, so that controls and log stay in sight; else over all but header and bottom line.
pub fn place(app: &App, layout: &Layout) -> Rect {
    let charts = layout.charts.iter().map(|(_, r)| *r).reduce(|a, b| a.union(b)).unwrap_or_default();
    if charts.width >= 76 && charts.height >= 20 { charts } else { whole(app, layout) }
}

/// Over all but header, tabs and bottom line.
pub fn whole(app: &App, layout: &Layout) -> Rect {
    let top = layout.tabs.bottom();
    Rect { y: top, height: layout.bottom.y.saturating_sub(top), ..app.area }
}

/// What a frame over this place has room for: within its rules, and a blank column at the sides.
pub fn inside(area: Rect) -> Rect {
    Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(4), height: area.height.saturating_sub(2) }
}

/// Draws the frame of a view; the place inside it.
pub fn frame(app: &App, layout: &Layout, title: &str, keys: &str, buf: &mut Buffer) -> Rect {
    frame_in(app, place(app, layout), title, keys, buf)
}

/// The same over a place of one's own.
pub fn frame_in(app: &App, area: Rect, title: &str, keys: &str, buf: &mut Buffer) -> Rect {
    let t = &app.theme;
    Clear.render(area, buf);
    buf.set_style(area, t.text);
    Block::new()
        .borders(Borders::ALL)
        .border_style(t.accent)
        .title(Span::styled(title, t.title.add_modifier(Modifier::BOLD)))
        .title_bottom(Line::styled(keys, t.dim).right_aligned())
        .render(area, buf);
    inside(area)
}
