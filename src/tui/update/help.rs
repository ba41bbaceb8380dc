//! The keys of the help: it scrolls, is filtered, and any other key closes it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{act, cancels, views};
use crate::tui::{
    app::{App, Mode},
    filter::Lookup,
    keys::{self, Action},
    message::Effect,
    prompt::Prompt,
    view::help,
};

/// All of it, from the top.
pub fn open(app: &mut App) {
    app.help = Lookup::default();
    app.mode = Mode::Help { scroll: 0 };
}

pub fn on_key(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    if app.help.typing && type_words(app, key) {
        return Vec::new();
    }
    let action = keys::action(&key);
    match (action, action.and_then(views::step_of)) {
        (_, Some(by)) => scroll(app, by),
        (Some(Action::Quit), _) if key.modifiers == KeyModifiers::CONTROL => {
            app.mode = Mode::Normal;
            return act::act(app, Action::Quit);
        }
        (Some(Action::Filter), _) => {
            app.help.filter.prompt.fresh = !app.help.filter.is_empty();
            app.help.typing = true;
        }
        (Some(Action::Escape), _) if !app.help.filter.is_empty() => filtered(app, Prompt::default()),
        _ => app.mode = Mode::Normal,
    }
    Vec::new()
}

/// Into the line of words. False for a key that is none of its own: the arrows leave it and scroll.
fn type_words(app: &mut App, key: KeyEvent) -> bool {
    match key.code {
        _ if cancels(&key) => {
            app.help.typing = false;
            filtered(app, Prompt::default());
        }
        KeyCode::Enter => app.help.typing = false,
        KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown => {
            app.help.typing = false;
            return false;
        }
        _ => {
            let mut prompt = app.help.filter.prompt.clone();
            prompt.edit(key);
            filtered(app, prompt);
        }
    }
    true
}

pub fn paste(app: &mut App, text: &str) {
    let mut prompt = app.help.filter.prompt.clone();
    prompt.paste(text);
    filtered(app, prompt);
}

/// Other words; what is left is shown from its top.
fn filtered(app: &mut App, words: Prompt) {
    app.help.filter.prompt = words;
    app.mode = Mode::Help { scroll: 0 };
}

fn scroll(app: &mut App, by: isize) {
    let last = help::last_scroll(app);
    if let Mode::Help { scroll } = &mut app.mode {
        *scroll = views::scrolled(*scroll, by, last);
    }
}
