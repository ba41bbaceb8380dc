//! The doctor's line: what is off, and the key that helps. It takes the place of the facts at the top, which do not change
//! during a run, so that nothing on the screen moves when it comes and goes.

use ratatui::{
    style::Modifier,
    text::{Line, Span},
};

use super::text::{cut, width};
use crate::tui::{app::App, keys::Action};

/// The line on a screen this wide; `None` if nothing is off.
pub fn line(app: &App, columns: usize) -> Option<Line<'static>> {
    let t = &app.theme;
    let finding = app.finding()?;
    let more = match app.doctor.findings().len() - 1 {
        0 => String::new(),
        n => format!(" (+{n})"),
    };
    let words = &finding.remedy_words;
    let mut remedy = if finding.remedy.is_empty() {
        format!(" · {words}")
    } else {
        format!(" · {}: {words}", app.ui.keys.name(Action::Remedy))
    };
    if columns >= 120 {
        remedy += &format!(" · {}: dismiss", app.ui.keys.name(Action::Dismiss));
    }
    let title = " doctor: ";
    // The remedy stays whole; the log has the whole sentence.
    let room = columns.saturating_sub(width(title) + width(&more) + width(&remedy) + 1);
    Some(Line::from(vec![
        Span::styled(title, t.warn.add_modifier(Modifier::BOLD)),
        Span::styled(cut(&finding.text, room) + more.as_str(), t.warn),
        Span::styled(remedy, t.key),
    ]))
}
