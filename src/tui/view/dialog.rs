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
    text::{grouped, put, width, wrap},
};
use crate::{
    train::Phase,
    tui::app::{App, Travel},
};

/// Title, what happens, the answers.
#[derive(Debug, Clone)]
pub struct Question {
    title: &'static str,
    text: String,
    answers: &'static str,
}

pub fn quit(app: &App) -> Question {
    let text = format!("{} A checkpoint will be saved.", state(app));
    Question { title: " Quit? ", text, answers: "y quit    n stay" }
}

/// What quitting would cut short.
fn state(app: &App) -> String {
    let at = || format!("at step {} of {}", grouped(app.live.step), grouped(app.live.steps));
    match &app.live.phase {
        Phase::Starting(_) => "The run is about to begin.".into(),
        Phase::Paused(_) => format!("Training is paused {}.", at()),
        Phase::Finished => "All steps are done.".into(),
        Phase::Stopping | Phase::Ended | Phase::Failed(_) => "The run is ending.".into(),
        Phase::Training | Phase::WaitingForProbe => "Training is under way.".into(),
    }
}

pub fn restart() -> Question {
    let text = "This run ends with a checkpoint, and a new one begins.".into();
    Question { title: " Restart? ", text, answers: "y restart    n go on" }
}

pub fn travel(travel: &Travel) -> Question {
    let step = grouped(travel.step);
    let settings = if travel.fork { "the present settings" } else { "the settings in force there" };
    let text = format!("This run ends with a checkpoint. A new one begins at step {step} of {}, with {settings}.", travel.run);
    let (title, answers) = if travel.fork { (" Fork? ", "y fork    n go on") } else { (" Go back? ", "y go back    n go on") };
    Question { title, text, answers }
}

/// Longer questions go on two lines and more.
const LINE: usize = 54;

pub fn draw(app: &App, question: &Question, screen: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    let lines = wrap(&question.text, LINE);
    let longest = lines.iter().map(|line| width(line)).max().unwrap_or(0);
    let wide = longest.max(width(question.answers)) as u16 + 6;
    let area = centered(screen, wide, 5 + lines.len() as u16);
    Clear.render(area, buf);
    buf.set_style(area, t.text);
    let block = Block::new()
        .borders(Borders::ALL)
        .border_style(t.warn)
        .title(Span::styled(question.title, t.warn.add_modifier(Modifier::BOLD)));
    let inner = block.inner(area);
    block.render(area, buf);
    let part = Rect { x: inner.x + 2.min(inner.width), width: inner.width.saturating_sub(2), ..inner };
    for (i, line) in lines.iter().enumerate() {
        put(buf, part, 1 + i as u16, line, t.text);
    }
    put(buf, part, 1 + lines.len() as u16, question.answers, t.key);
}
