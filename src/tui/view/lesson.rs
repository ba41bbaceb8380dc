//! A card of the lesson, in the place of the log: what to do, what to look for, and the answer.
//!
//! ```text
//! ── Lesson · Why JSD forgives few negatives · 2 of 4 ───────────── next in 120 steps ──
//!  Now give every positive one negative instead of 63.
//!  … t  objective.local.negatives 63 → 1
//!  look: the dashed line "L min" on the chart of mutual information
//!  ?    How far does it fall?   ({lesson-answer}: the answer)
//! ```

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::{Block, Borders, Widget},
};

use super::text::{cut, put_line, title, width, wrap};
use crate::tui::{
    app::{App, Panel},
    controls::shown,
    layout::layout,
    lesson::Lesson,
};

/// Columns of the word before a part.
const LABEL: usize = 6;

/// Rows that the panel takes of a body of so many: the charts keep the larger part.
pub fn rows(body: u16) -> u16 {
    (body * 2 / 5).clamp(8, 13).min(body)
}

pub fn draw(app: &App, lesson: &Lesson, area: Rect, buf: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let t = &app.theme;
    let focused = app.focus == Panel::Log;
    let style = if focused { t.accent } else { t.border };
    let (inner, lines) = (Rect { y: area.y + 1, height: area.height - 1, ..area }, lines(app, lesson, area.width));
    let hidden = lines.len().saturating_sub(usize::from(inner.height));
    let first = lesson.scroll.min(hidden);
    let outlook =
        if hidden > first { format!("{} more below", hidden - first) } else { app.ui.keys.said(&lesson.outlook(&app.live)) };
    let (card, cards) = lesson.place();
    let place = if card == 0 { "introduction".to_owned() } else { format!("{card} of {cards}") };
    let room = usize::from(area.width).saturating_sub(width(&outlook) + width(&place) + 18);
    let name = format!(" Lesson · {} · {place} ", cut(lesson.title(), room));
    Block::new()
        .borders(Borders::TOP)
        .border_style(style)
        .title(Line::from(vec![Span::styled("─", style), Span::styled(name, title(t, focused))]))
        .title(Line::from(vec![Span::styled(format!(" {outlook} "), t.accent), Span::styled("─", style)]).right_aligned())
        .render(area, buf);
    for (row, line) in lines.iter().skip(first).take(usize::from(inner.height)).enumerate() {
        put_line(buf, inner, row as u16, line);
    }
}

/// The furthest that scrolling the card goes; 0 without one.
pub fn last_scroll(app: &App) -> usize {
    let Some((lesson, layout)) = app.lesson.as_ref().zip(layout(app)) else { return 0 };
    lines(app, lesson, layout.log.width).len().saturating_sub(usize::from(layout.log.height.saturating_sub(1)))
}

/// The whole card, however long.
pub fn lines(app: &App, lesson: &Lesson, columns: u16) -> Vec<Line<'static>> {
    let t = &app.theme;
    let part = |label: &str, text: &str, styles| part(&app.ui.keys.said(label), &app.ui.keys.said(text), styles, columns);
    let Some(step) = lesson.step() else { return part("", lesson.introduction(), (t.dim, t.text)) };
    let strong = t.accent.add_modifier(Modifier::BOLD);
    if lesson.answered {
        let mut all = part("?", &step.question, (strong, t.text));
        all.extend(part("→", &step.answer, (t.ok.add_modifier(Modifier::BOLD), t.text)));
        return all;
    }
    let mut all = part("", &step.text, (t.dim, t.text));
    if !step.set.is_empty() {
        let (sign, style) =
            if lesson.in_force(&app.live.config) { ("✓ {lesson-try}", t.ok) } else { ("▸ {lesson-try}", strong) };
        let change = |(key, to): (&String, &toml::Value)| match app.live.config.get(key) {
            Some(now) if now != *to => format!("{key} {} → {}", shown(&now), shown(to)),
            _ => format!("{key} = {}", shown(to)),
        };
        let changes: Vec<String> = step.set.iter().map(change).collect();
        all.extend(part(sign, &changes.join(", "), (style, style)));
    }
    if !step.look.is_empty() {
        all.extend(part("look", &step.look, (t.dim, t.text)));
    }
    if !step.question.is_empty() {
        let hint = if step.answer.is_empty() { "" } else { " ({lesson-answer}: the answer)" };
        all.extend(part("?", &format!("{}{hint}", step.question), (strong, t.text)));
    }
    all
}

/// A label, and a text beside it on as many lines as it takes.
fn part(label: &str, text: &str, (mark, body): (Style, Style), columns: u16) -> Vec<Line<'static>> {
    // A key of the user's own may be longer than ours.
    let indent = if label.is_empty() { 1 } else { LABEL.max(width(label) + 2) };
    let lines = wrap(text, usize::from(columns).saturating_sub(indent + 1)).into_iter().enumerate();
    let pad = " ".repeat(indent.saturating_sub(width(label) + 1));
    let head = |i: usize| if i == 0 { format!(" {label}{pad}") } else { " ".repeat(indent) };
    lines.map(|(i, text)| Line::from(vec![Span::styled(head(i), mark), Span::styled(text, body)])).collect()
}
