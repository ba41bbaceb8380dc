//! The keys of the tour and of the explanations.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{act, views};
use crate::tui::{
    app::{App, Mode},
    explain::{Explaining, Topic},
    keys::{self, Action},
    message::Effect,
    tour,
    view::explain::last_scroll,
};

/// Explains what has the focus.
pub fn explain(app: &mut App) {
    let topic = Topic::of(app);
    let over = std::mem::replace(&mut app.mode, Mode::Normal);
    app.mode = Mode::Explain(Box::new(Explaining { topic, scroll: 0, over }));
}

pub fn explain_key(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    let Mode::Explain(open) = &app.mode else { return Vec::new() };
    let (mut open, last) = (open.clone(), last_scroll(app, open));
    let Some(binding) = keys::binding(&key) else { return Vec::new() };
    if let Some(by) = views::step_of(binding.action) {
        open.scroll = views::scrolled(open.scroll, by, last);
        app.mode = Mode::Explain(open);
        return Vec::new();
    }
    match binding.action {
        Action::Left | Action::Right | Action::NextPanel | Action::PreviousPanel => {
            let by = if matches!(binding.action, Action::Right | Action::NextPanel) { 1 } else { -1 };
            (open.topic, open.scroll) = (open.topic.turned(app, by), 0);
        }
        Action::Explain | Action::Escape | Action::Enter => {
            app.mode = open.over;
            return Vec::new();
        }
        // What else a key does, it does to the screen behind.
        action => {
            app.mode = open.over;
            return if action == Action::Quit && key.modifiers != KeyModifiers::CONTROL {
                Vec::new()
            } else {
                super::on_key(app, key)
            };
        }
    }
    app.mode = Mode::Explain(open);
    Vec::new()
}

pub fn tour_key(app: &mut App, card: usize, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        KeyCode::Char('c') if key.modifiers == KeyModifiers::CONTROL => {
            tour::end(app);
            return act::act(app, Action::Quit);
        }
        KeyCode::Enter | KeyCode::Right | KeyCode::Tab | KeyCode::Char('l') => tour::show(app, card + 1),
        KeyCode::Left | KeyCode::BackTab | KeyCode::Char('h') => tour::show(app, card.saturating_sub(1)),
        KeyCode::Esc | KeyCode::Char('q') => tour::end(app),
        _ => {}
    }
    Vec::new()
}
