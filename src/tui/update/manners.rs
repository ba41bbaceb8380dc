//! What is the user's affair and no run's: the theme, the mouse, what tells that a run has ended.

use crate::{
    train::{Outcome, Phase},
    tui::{
        app::App,
        message::Effect,
        theme::{self, Theme},
        ui::{self, Notify},
    },
};

/// Another theme, with pictures as they are. Without colour there is only one.
pub fn theme(app: &mut App, name: &str) -> Result<Vec<Effect>, String> {
    let (Some(known), Some(theme)) = (theme::known(name), theme::themed(name)) else {
        return Err(format!("the themes are {}", theme::names().join(", ")));
    };
    if app.ui.colourless {
        return Err("there is no colour (NO_COLOR, or --color never): the theme stays mono".into());
    }
    app.theme = Theme { images: app.theme.images, ..theme };
    app.ui.theme = Some(known);
    app.say(format!("theme {known}; theme = \"{known}\" in ui.toml keeps it (README)"));
    Ok(Vec::new())
}

/// What happens when a run has ended.
pub fn notify(app: &mut App, name: &str) -> Result<Vec<Effect>, String> {
    let notify =
        ui::named(&Notify::NAMES, name).ok_or_else(|| format!("notify takes {}", Notify::NAMES.map(|n| n.0).join(", ")))?;
    app.ui.notify = notify;
    app.say(match notify {
        Notify::Off => "nothing tells that a run has ended, but the screen",
        Notify::Bell => "the bell tells that a run has ended",
        Notify::Osc9 => "a notification of the terminal tells that a run has ended",
    });
    Ok(Vec::new())
}

/// The mouse to the terminal, or back to us.
pub fn mouse(app: &mut App) -> Vec<Effect> {
    let effect = give_mouse(app, !app.ui.mouse);
    app.say(match app.ui.mouse {
        true => "the mouse works here again; {mouse} gives it to the terminal",
        false => "the mouse is the terminal's: text can be selected; {mouse} takes it back",
    });
    vec![effect]
}

/// The mouse is ours, or the terminal's.
pub fn give_mouse(app: &mut App, ours: bool) -> Effect {
    app.ui.mouse = ours;
    app.cursor = app.cursor.filter(|c| ours || c.pinned);
    Effect::Mouse(ours)
}

/// How far the run is from being waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    NotYet,
    Done,
    Failed,
}

pub fn end(app: &App) -> End {
    match (&app.ended, &app.live.phase) {
        (Some(Outcome::Failed(_) | Outcome::Nonfinite(_)), _) | (None, Phase::Failed(_)) => End::Failed,
        (None, Phase::Finished) => End::Done,
        _ => End::NotYet,
    }
}

/// What is to be told now that it has come from `before` to where it is.
pub fn told(app: &App, before: End) -> Option<Effect> {
    let now = end(app);
    if now == before || now == End::NotYet || app.ui.notify == Notify::Off || app.leaving.is_some() {
        return None;
    }
    let what = if now == End::Done { "finished" } else { "failed" };
    Some(Effect::Notify(app.ui.notify, format!("dim-tui: {} has {what} at step {}", app.live.config.data.name, app.live.step)))
}
