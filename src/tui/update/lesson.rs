//! The keys of a lesson: turn the card, make its change, see the answer.

use toml::Value;

use super::{intent::ask, views};
use crate::{
    config::{LESSONS, Source},
    tui::{app::App, keys::Action, lesson::Lesson, log::Kind, message::Effect, view},
};

/// Carries out one of the lesson's actions.
pub fn act(app: &mut App, action: Action) -> Vec<Effect> {
    let live = app.live.clone();
    let Some(lesson) = app.lesson.as_mut() else {
        app.say(none());
        return Vec::new();
    };
    lesson.hidden = false;
    match action {
        Action::LessonNext => {
            if let Err(waiting) = lesson.next(&live) {
                app.say(waiting.words(&live.phase));
            }
        }
        Action::LessonBack if !lesson.back(&live) => app.say("this is the first card"),
        Action::LessonBack => {}
        Action::LessonAnswer => answer(app),
        _ => return make_change(app),
    }
    Vec::new()
}

fn answer(app: &mut App) {
    let Some(lesson) = app.lesson.as_mut() else { return };
    if lesson.step().is_none_or(|step| step.answer.is_empty()) {
        return app.say("this card asks nothing");
    }
    (lesson.answered, lesson.scroll) = (!lesson.answered, 0);
}

/// Asks the trainer for what the card sets.
fn make_change(app: &mut App) -> Vec<Effect> {
    let Some(lesson) = app.lesson.as_ref() else { return Vec::new() };
    let edits: Vec<(String, Value)> = lesson.step().map(|step| step.set.clone().into_iter().collect()).unwrap_or_default();
    if edits.is_empty() {
        app.say("this card changes nothing");
    } else if !app.alive() {
        app.complain("the trainer has ended: {restart} starts a new run");
    } else if lesson.in_force(&app.live.config) {
        app.say("the change of this card is in force already");
    } else {
        return ask(app, edits, Source::Key);
    }
    Vec::new()
}

/// `:lesson`: the log in its place, and back.
pub fn toggle(app: &mut App) -> Result<(), String> {
    let Some(lesson) = app.lesson.as_mut() else { return Err(none()) };
    lesson.hidden = !lesson.hidden;
    Ok(())
}

/// Scrolls the card, or the log if that is in its place: negative is up.
pub fn scroll(app: &mut App, by: isize) {
    let last = view::lesson::last_scroll(app);
    match app.lesson.as_mut().filter(|lesson| !lesson.hidden) {
        Some(lesson) => lesson.scroll = views::scrolled(lesson.scroll, by, last),
        None => app.log.scroll(by.saturating_neg()),
    }
}

/// What the run's directory does not know yet of the lesson.
pub fn kept(app: &mut App) -> Option<Effect> {
    let (lesson, run) = (app.lesson.as_mut()?, &app.live.facts.run_dir);
    if run.as_os_str().is_empty() {
        return None;
    }
    lesson.to_keep(run).map(|(path, text)| Effect::KeepLesson { path, text })
}

/// The lesson that was taken beside the run which goes on, if there was one and none is open.
pub fn take_up(app: &mut App, found: Option<Result<Lesson, String>>) {
    match found {
        Some(Ok(lesson)) if app.lesson.is_none() => app.lesson = Some(lesson),
        Some(Err(why)) => app.note(Kind::Warning, why),
        _ => {}
    }
}

fn none() -> String {
    let names: Vec<&str> = LESSONS.iter().map(|lesson| lesson.name).collect();
    format!("no lesson is open: begin one with dim-tui --lesson NAME, as {}", names.join(", "))
}
