//! Questions that take a yes or a no.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Modifier,
    text::Span,
    widgets::{Block, Borders, Clear, Widget},
};

use super::{
    help::centered,
    text::{put, width},
};
use crate::tui::app::App;

/// Title, what happens, the answers.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    title: &'static str,
    text: &'static str,
    answers: &'static str,
}

pub const QUIT: Question =
    Question { title: " Quit? ", text: "Training is under way. A checkpoint will be saved.", answers: "y quit    n stay" };
pub const RESTART: Question = Question {
    title: " Restart? ",
    text: "This run ends with a checkpoint, and a new one begins.",
    answers: "y restart    n go on",
};

pub fn draw(app: &App, question: Question, screen: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    let wide = width(question.text).max(width(question.answers)) as u16 + 6;
    let area = centered(screen, wide, 6);
    Clear.render(area, buf);
    buf.set_style(area, t.text);
    let block = Block::new()
        .borders(Borders::ALL)
        .border_style(t.warn)
        .title(Span::styled(question.title, t.warn.add_modifier(Modifier::BOLD)));
    let inner = block.inner(area);
    block.render(area, buf);
    let part = Rect { x: inner.x + 2.min(inner.width), width: inner.width.saturating_sub(2), ..inner };
    put(buf, part, 1, question.text, t.text);
    put(buf, part, 2, question.answers, t.key);
}
