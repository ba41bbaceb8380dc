//! The bottom line: a message if there is one, else the keys that matter now, from the key table.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::text::{cut, put_line, width};
use crate::{
    train::Phase,
    tui::{
        app::{App, Panel},
        keys::{Action, BINDINGS, Binding, When},
        reach,
        sight::Range,
        tabs,
    },
};

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    let columns = usize::from(area.width);
    if let Some(notice) = &app.notice {
        let style = if notice.error { t.error } else { t.accent };
        let sign = if notice.error { "✗ " } else { "" };
        let text = cut(&format!(" {sign}{}", notice.text), columns);
        return put_line(buf, area, 0, &Line::styled(text, style));
    }
    put_line(buf, area, 0, &Line::from(spans(app, columns)));
}

/// What does nothing where no encoder is trained; of the views the tabs know.
const ENCODERS_OWN: &[Action] = &[Action::LocalMode, Action::GlobalMode, Action::PriorMode, Action::Probe];

/// True if the hint is worth its place now.
fn matters(app: &App, when: When) -> bool {
    match when {
        When::Never => false,
        When::Always | When::Mouse => true,
        When::Controls => app.focus == Panel::Controls,
        When::Charts => matches!(app.focus, Panel::Chart(_)),
        When::Log => app.focus == Panel::Log,
        When::Alive => app.alive(),
        When::Running => app.is_training(),
        When::Paused => matches!(app.live.phase, Phase::Paused(_)),
        When::NeedsRestart => !app.next_run.is_empty() || !app.alive(),
        When::FileDiffers => !app.differs.is_empty(),
        When::Finding => app.finding().is_some(),
        When::Overlaid => !app.runs.overlays.is_empty(),
        When::Lesson => app.lesson.as_ref().is_some_and(|lesson| !lesson.hidden),
        When::Zoomed => app.sight.range != Range::All,
        When::Picked => app.sight.picked.is_some(),
        When::Hidden => !app.sight.hidden.is_empty(),
        When::Covered => reach::is_covered(app),
        When::Changed => !app.undo.is_empty() && app.alive(),
    }
}

/// How much a hint is worth when there is not room for all: the lower the longer it stays.
fn rank(app: &App, binding: &Binding) -> u8 {
    match binding.when {
        _ if binding.action == Action::Explain => 2,
        When::Mouse if app.ui.mouse => 3,
        When::Mouse => 1,
        When::Always | When::Covered => 0,
        When::Running | When::Lesson | When::NeedsRestart | When::FileDiffers | When::Finding => 1,
        When::Zoomed | When::Picked | When::Hidden => 1,
        When::Controls | When::Charts | When::Log => 2,
        When::Paused | When::Changed | When::Overlaid => 3,
        When::Alive | When::Never => 4,
    }
}

fn spans(app: &App, columns: usize) -> Vec<Span<'static>> {
    let t = &app.theme;
    let one = |key: String, word: &str| [Span::styled(format!(" {key} "), t.key), Span::styled(format!("{word} "), t.dim)];
    if let Some(own) = reach::own(app) {
        return own.into_iter().flat_map(|(key, word)| one(key, word)).collect();
    }
    let encodes = app.live.config.has_encoder();
    let heeded = |b: &&Binding| match b.action {
        action if tabs::opens(action) => tabs::all(app).any(|tab| tab.action == action),
        action => encodes || !ENCODERS_OWN.contains(&action),
    };
    let mut hints: Vec<&Binding> = BINDINGS
        .iter()
        .filter(|b| matters(app, b.when) && reach::reaches(app, b) && !key(app, b).is_empty())
        .filter(heeded)
        .collect();
    let cost = |b: &Binding| width(&key(app, b)) + width(hint(app, b)) + 3;
    while hints.iter().map(|b| cost(b)).sum::<usize>() > columns {
        // The last of the least worth goes first.
        let Some((at, _)) = hints.iter().enumerate().max_by_key(|(i, b)| (rank(app, b), *i)) else { break };
        hints.remove(at);
    }
    hints.into_iter().flat_map(|b| one(key(app, b), hint(app, b))).collect()
}

/// Some keys undo what they did.
fn hint(app: &App, binding: &Binding) -> &'static str {
    let paused = matches!(app.live.phase, Phase::Paused(_));
    match binding.action {
        Action::Pause if paused => "resume",
        Action::Mouse if app.ui.mouse => "select text",
        Action::Escape if reach::is_filtered(app) => "show all",
        _ => binding.hint,
    }
}

/// The arrows come in pairs.
fn key(app: &App, binding: &Binding) -> String {
    match app.ui.keys.chords(binding).first().map(|k| k.name()) {
        Some(name) if name == "↓" => "↑↓".into(),
        Some(name) if name == "→" => "←→".into(),
        Some(name) => name,
        None => String::new(),
    }
}
