//! The keys while words are typed that the settings, or the lines of the log, must have.

use crossterm::event::{KeyCode, KeyEvent};

use super::{act, cancels, runs};
use crate::tui::{
    app::{App, Mode, Panel},
    message::Effect,
    prompt::Prompt,
};

/// What `/` filters: what has the focus; from a chart the settings beside it.
pub fn open(app: &mut App) -> Vec<Effect> {
    match (&app.mode, app.focus) {
        (Mode::Log { .. }, _) | (Mode::Normal, Panel::Log) => app.mode = Mode::Log { typing: true },
        (Mode::Runs(_), _) => return runs::open_filter(app),
        (Mode::Normal, _) if app.zoom.is_some() => app.say("the settings are not in sight: {zoom} shows them beside the charts"),
        // The charts have no words to look for: it is the settings beside them.
        (Mode::Normal, Panel::Controls | Panel::Chart(_)) => {
            app.focus = Panel::Controls;
            app.filter.prompt.fresh = !app.filter.is_empty();
            app.mode = Mode::Filter;
        }
        _ => app.say("nothing to filter here: {filter} is for the settings, the log ({log}) and other runs ({runs})"),
    }
    Vec::new()
}

/// Of the settings. Enter leaves the words in force, Esc takes them away.
pub fn settings_key(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        _ if cancels(&key) => {
            app.mode = Mode::Normal;
            clear(app);
        }
        KeyCode::Enter => app.mode = Mode::Normal,
        KeyCode::Backspace if app.filter.prompt.text().is_empty() => app.mode = Mode::Normal,
        KeyCode::Up => act::select(app, -1),
        KeyCode::Down => act::select(app, 1),
        _ => {
            app.filter.prompt.edit(key);
            reselect(app);
        }
    }
    Vec::new()
}

/// All settings again. True if some had been left out.
pub fn clear(app: &mut App) -> bool {
    let was = !app.filter.is_empty();
    app.filter.prompt = Prompt::default();
    was
}

/// A setting that is not listed cannot be the selected one, as long as any is.
pub fn reselect(app: &mut App) {
    let listed = app.listed();
    if let Some(first) = listed.first().filter(|_| !listed.contains(&app.selected)) {
        app.selected = *first;
    }
}

/// Of the log.
pub fn log_key(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        _ if cancels(&key) => {
            app.log.filtered(Prompt::default());
            app.mode = Mode::Log { typing: false };
        }
        KeyCode::Enter | KeyCode::Up | KeyCode::Down => app.mode = Mode::Log { typing: false },
        _ => {
            let mut prompt = app.log.filter.prompt.clone();
            prompt.edit(key);
            app.log.filtered(prompt);
        }
    }
    Vec::new()
}
