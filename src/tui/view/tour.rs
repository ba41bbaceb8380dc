//! A card of the tour, beside what it points at and never over it.
//!
//! ```text
//! ┌─▲ 1 of 6 · What is going on ──────────────┐
//! │ An encoder is learning from images, ...   │
//! └───────── Enter next · ← back · Esc away ──┘
//! ```

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
    widgets::{Block, Borders, Clear, Widget},
};

use super::text::{put, width, wrap};
use crate::tui::{
    app::App,
    layout::Layout,
    tour::{Card, Spot, cards},
};

/// A card is no wider than reads well, and no narrower than its foot.
const WIDEST: u16 = 56;
const NARROWEST: u16 = 26;

pub fn draw(app: &App, card: usize, layout: &Layout, buf: &mut Buffer) {
    let cards = cards(&app.live.config);
    let Some(shown) = cards.get(card) else { return };
    let target = target(shown.at, layout);
    let text = app.ui.keys.said(shown.text);
    let Some((area, sign)) = place(shown, &text, target, app.area) else { return };
    let t = &app.theme;
    Clear.render(area, buf);
    buf.set_style(area, t.text);
    let title = Line::from(vec![
        Span::styled(format!("{sign} "), t.accent),
        Span::styled(format!("{} of {} · {} ", card + 1, cards.len(), shown.title), t.title.add_modifier(Modifier::BOLD)),
    ]);
    let last = card + 1 == cards.len();
    let foot = match (last, area.width < 44) {
        (_, true) => " Enter ← Esc ",
        (true, _) => " Enter done · ← back · Esc away ",
        (false, _) => " Enter next · ← back · Esc away ",
    };
    let block = Block::new()
        .borders(Borders::ALL)
        .border_style(t.accent)
        .title(title)
        .title_bottom(Line::styled(foot, t.key).right_aligned());
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    for (row, line) in wrap(&text, usize::from(inner.width)).iter().enumerate() {
        put(buf, inner, row as u16, line, t.text);
    }
}

/// Where the card of this number is.
pub fn area(app: &App, card: usize, layout: &Layout) -> Option<Rect> {
    let cards = cards(&app.live.config);
    let shown = cards.get(card)?;
    place(shown, &app.ui.keys.said(shown.text), target(shown.at, layout), app.area).map(|(area, _)| area)
}

/// The part of the screen that a card is about.
pub fn target(at: Spot, layout: &Layout) -> Rect {
    match at {
        Spot::Header => layout.header,
        Spot::Chart(id) => layout.charts.iter().find(|(shown, _)| *shown == id).map_or(layout.header, |(_, area)| *area),
        Spot::Settings => layout.controls,
        Spot::Keys => layout.bottom,
    }
}

/// Where the card with this text goes, with the sign that points from there to the target: the first side on which the whole of it has room.
pub fn place(card: &Card, text: &str, target: Rect, screen: Rect) -> Option<(Rect, &'static str)> {
    let below = Rect { y: target.bottom(), height: screen.bottom().saturating_sub(target.bottom()), ..screen };
    let above = Rect { height: target.y.saturating_sub(screen.y), ..screen };
    let right = Rect { x: target.right(), width: screen.right().saturating_sub(target.right()), ..screen };
    let left = Rect { width: target.x.saturating_sub(screen.x), ..screen };
    let sides = match card.at {
        Spot::Settings => [(left, "▶"), (below, "▲"), (above, "▼"), (right, "◀")],
        _ => [(below, "▲"), (above, "▼"), (right, "◀"), (left, "▶")],
    };
    sides.into_iter().find_map(|(side, sign)| fit(card, text, target, side, sign).map(|area| (area, sign)))
}

/// The card in this part of the screen, as near to the target as it goes.
fn fit(card: &Card, text: &str, target: Rect, side: Rect, sign: &str) -> Option<Rect> {
    let wide = side.width.min(WIDEST);
    if wide < NARROWEST.max(width(card.title) as u16 + 14) {
        return None;
    }
    let rows = wrap(text, usize::from(wide - 4)).len() as u16 + 2;
    // The line of keys at the very bottom stays in sight.
    let bottom = if card.at == Spot::Keys { side.bottom() } else { side.bottom().saturating_sub(1) };
    let height = bottom.saturating_sub(side.y);
    if height < rows {
        return None;
    }
    let x = target.x.saturating_add(2).min(side.right() - wide).max(side.x);
    let y = target.y.saturating_add(2).min(bottom - rows).max(side.y);
    Some(match sign {
        "▲" => Rect::new(x, side.y, wide, rows),
        "▼" => Rect::new(x, bottom - rows, wide, rows),
        "◀" => Rect::new(side.x, y, wide, rows),
        _ => Rect::new(side.right() - wide, y, wide, rows),
    })
}
