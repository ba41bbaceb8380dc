//! What the `:` line has found, above it: the best first, what was typed bold and underlined, keys at the right.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::{Clear, Widget},
};

use super::text::{cut, put, put_line, width};
use crate::tui::{
    app::{App, Mode},
    palette::{Candidate, Deed},
    prompt::Prompt,
    theme::{Theme, themed},
};

/// Columns of the list at most, and those from which on what it leaves beside it is more than a sliver.
const WIDEST: u16 = 100;
const ROOMY: u16 = 150;

/// The theme that Enter would choose.
pub fn preview(app: &App) -> Option<Theme> {
    let Mode::Command(prompt) = &app.mode else { return None };
    let Deed::Run(line) = &prompt.found.get(prompt.pointed()?)?.deed else { return None };
    let theme = themed(line.strip_prefix("theme ")?)?;
    (!app.ui.colourless).then_some(Theme { images: app.theme.images, ..theme })
}

/// The place of the list above the line that is typed; empty where there is none.
pub fn list_area(prompt: &Prompt, line: Rect) -> Rect {
    let shown = prompt.error.is_none() && prompt.candidates.is_empty();
    let rows = if shown { (prompt.found.len() as u16).min(line.y.saturating_sub(4)) } else { 0 };
    let columns = if line.width < ROOMY { line.width } else { WIDEST };
    Rect { y: line.y - rows, width: columns, height: rows, ..line }
}

/// Whether a cell of the screen is on it: on the list, the rule above or the line below.
pub fn holds(prompt: &Prompt, line: Rect, (x, y): (u16, u16)) -> bool {
    let list = list_area(prompt, line);
    let ruled = Rect { y: list.y.saturating_sub(1), height: list.height + 1, ..list };
    line.contains((x, y).into()) || (!list.is_empty() && ruled.contains((x, y).into()))
}

/// Which of those found is at a cell of the screen.
pub fn row_at(prompt: &Prompt, line: Rect, (x, y): (u16, u16)) -> Option<usize> {
    let list = list_area(prompt, line);
    list.contains((x, y).into()).then(|| usize::from(y - list.y))
}

pub fn draw(app: &App, prompt: &Prompt, line: Rect, buf: &mut Buffer) {
    let area = list_area(prompt, line);
    if area.is_empty() {
        return;
    }
    for (row, candidate) in prompt.found.iter().take(area.height.into()).enumerate() {
        let pointed = prompt.pointed() == Some(row);
        draw_row(app, candidate, pointed, Rect { y: area.y + row as u16, height: 1, ..area }, buf);
    }
    let rule = Rect { y: area.y - 1, height: 1, ..area };
    clear(app, rule, buf);
    put(buf, rule, 0, &"─".repeat(rule.width.into()), app.theme.accent);
    put(
        buf,
        Rect { x: rule.x + 1, ..rule },
        0,
        " ↑↓ choose · Tab takes it into the line · Enter ",
        app.theme.dim.remove_modifier(Modifier::BOLD),
    );
}

fn clear(app: &App, area: Rect, buf: &mut Buffer) {
    Clear.render(area, buf);
    buf.set_style(area, app.theme.text);
}

fn draw_row(app: &App, candidate: &Candidate, pointed: bool, area: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    clear(app, area, buf);
    let columns = usize::from(area.width).saturating_sub(4);
    let aside = cut(&candidate.aside, columns.saturating_sub(width(&candidate.text) + 2).max(columns / 4));
    let room = columns.saturating_sub(width(&aside) + usize::from(!aside.is_empty()) * 2);
    let mut spans = vec![Span::styled(if pointed { " ▸ " } else { "   " }, t.accent)];
    let text = cut(&candidate.text, room);
    for (i, c) in text.chars().enumerate() {
        let hit = candidate.hits.contains(&(i as u32));
        let style = if hit { t.accent.add_modifier(Modifier::BOLD | Modifier::UNDERLINED) } else { t.text };
        spans.push(Span::styled(c.to_string(), style));
    }
    put_line(buf, area, 0, &Line::from(spans));
    let style: Style = if matches!(candidate.deed, Deed::Act(_)) { t.key } else { t.dim };
    let x = area.right().saturating_sub(width(&aside) as u16 + 1);
    buf.set_stringn(x, area.y, &aside, columns, style);
    if pointed {
        buf.set_style(area, t.selected);
    }
}
