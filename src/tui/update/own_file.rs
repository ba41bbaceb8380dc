//! The user's own file (`ui.toml`) while it is edited: what a save says differently is in force at once; a faulty one changes nothing.
//!
//! As with the config file, only what changed *in the file* is taken: a theme that was chosen on the `:` line stays when another line is
//! saved. What the command line of the program said comes before the file.

use super::manners;
use crate::tui::{
    app::App,
    log::Kind,
    message::Effect,
    theme::Theme,
    ui::{Ui, UiEvent},
};

pub fn on_event(app: &mut App, event: UiEvent) -> Vec<Effect> {
    match event {
        UiEvent::Changed { from, to } => changed(app, &from, *to),
        UiEvent::Broken(error) => {
            let text = format!("ui.toml cannot be used, nothing changed: {error}");
            app.note(Kind::File, text.clone());
            app.complain(text);
            Vec::new()
        }
        UiEvent::Mended => {
            app.note(Kind::File, "ui.toml mended");
            app.say("ui.toml mended");
            Vec::new()
        }
    }
}

fn changed(app: &mut App, from: &Ui, to: Ui) -> Vec<Effect> {
    let (mut said, mut effects): (Vec<String>, Vec<Effect>) = (Vec::new(), Vec::new());
    if from.theme != to.theme {
        said.push(theme(app, to.theme));
    }
    if from.marker != to.marker {
        said.push(marker(app, &to));
    }
    if from.notify != to.notify {
        app.ui.notify = to.notify;
        said.push(format!("notify {}", to.notify.name()));
    }
    if from.progress != to.progress {
        app.ui.progress = to.progress;
        effects.push(Effect::Progress(to.progress));
        said.push(format!("progress {}", to.progress.name()));
    }
    if from.mouse != to.mouse {
        effects.extend((app.ui.mouse != to.mouse).then(|| manners::give_mouse(app, to.mouse)));
        said.push(if to.mouse { "the mouse works here" } else { "the mouse is the terminal's" }.into());
    }
    if from.keys != to.keys {
        app.ui.keys = to.keys;
        said.push("other keys".into());
    }
    let text = format!("ui.toml saved, in force: {}", said.join(", "));
    app.note(Kind::File, text.clone());
    app.say(text);
    effects
}

/// The theme that the file names now, with pictures as they are; in words.
fn theme(app: &mut App, name: Option<&'static str>) -> String {
    if app.ui.given.theme {
        return "theme as the command line said (--theme)".into();
    }
    app.ui.theme = name;
    let theme = app.ui.look();
    app.theme = Theme { images: app.theme.images, ..theme };
    match name {
        _ if app.ui.colourless => "theme mono, for there is no colour (NO_COLOR, or --color never)".into(),
        Some(name) => format!("theme {name}"),
        None => "the theme that suits the terminal".into(),
    }
}

fn marker(app: &mut App, to: &Ui) -> String {
    if app.ui.given.marker {
        return "marker as the command line said (--marker)".into();
    }
    app.ui.marker = to.marker;
    format!("marker {}", to.marker.name())
}
