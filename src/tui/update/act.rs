//! What each action of the key table does.

use toml::Value;

use super::{file, filter, heal, help, intent::ask, leave, lesson, look, manners, open_command, runs, teach, views};
use crate::{
    config::{self, Config, Source},
    train::{Command, Phase, history::Axis},
    tui::{
        adjust,
        app::{App, ChartId, Cursor, Frozen, Leaving, Mode, Panel},
        controls::{CONTROLS, shown},
        keys::Action,
        message::Effect,
        prompt::Prompt,
        tabs,
        view::{estimators::Term, probes::Looking},
    },
};

pub fn act(app: &mut App, action: Action) -> Vec<Effect> {
    match action {
        Action::Up => vertical(app, -1),
        Action::Down => vertical(app, 1),
        Action::PageUp => page(app, -1),
        Action::PageDown => page(app, 1),
        Action::First => edge(app, false),
        Action::Last => edge(app, true),
        Action::Left => return horizontal(app, false),
        Action::Right => return horizontal(app, true),
        Action::NextPanel => app.focus = turn(app, 1),
        Action::PreviousPanel => app.focus = turn(app, app.panels().len() - 1),
        Action::Enter => enter(app),
        Action::Escape => escape(app),
        Action::Zoom => zoom(app),
        Action::LogScale => log_scale(app),
        Action::Window => look::window(app),
        Action::Closer => look::zoom(app, true),
        Action::Wider => look::zoom(app, false),
        Action::Earlier => look::pan_by_key(app, false),
        Action::Later => look::pan_by_key(app, true),
        Action::Whole => look::show_whole(app),
        Action::Axis => look::next_axis(app),
        Action::PickEntry => look::pick(app),
        Action::HideEntry => look::toggle_picked(app),
        Action::ShowEntries => look::show_all_entries(app),
        Action::Freeze => freeze(app),
        Action::Command => open_command(app),
        Action::Representation if !app.live.config.has_encoder() => app.say("the arena trains no encoder: there are no codes"),
        Action::Representation => {
            let picked = app.live.portrait.as_ref().map_or(0, |p| p.picked);
            app.mode = Mode::Representation { picked };
        }
        Action::Probes if !app.live.config.has_encoder() => app.say("the arena trains no encoder: nothing is probed"),
        Action::Probes => app.mode = Mode::Probes(Looking::default()),
        Action::Data if !app.live.config.has_encoder() => app.say("the arena draws pairs of numbers: there are no images"),
        Action::Data => views::open_data(app),
        Action::Explain => teach::explain(app),
        Action::LessonNext | Action::LessonBack | Action::LessonTry | Action::LessonAnswer => return lesson::act(app, action),
        Action::Runs => return runs::open(app),
        Action::Filter => return filter::open(app),
        Action::Train => charts(app),
        Action::Log => app.mode = Mode::Log { typing: false },
        Action::Tab { next } => {
            let beside = tabs::beside(app, next);
            return act(app, beside);
        }
        Action::Mouse => return manners::mouse(app),
        Action::Overlays => runs::clear(app),
        Action::Fork => {
            let how = "a fork begins from a checkpoint: {runs}, Enter on a run, then {fork} on one of its checkpoints";
            app.say(how);
        }
        Action::Smooth => smooth(app),
        Action::Estimators => app.mode = Mode::Estimators(first_term(app)),
        Action::Help => help::open(app),
        Action::Default => return default(app),
        Action::Estimator { .. } if !app.live.config.has_encoder() => edit(app, "gaussian.estimators"),
        Action::Estimator { up } => return change(app, "objective.estimator", up),
        Action::LocalMode => return change(app, "objective.local.mode", true),
        Action::GlobalMode => return change(app, "objective.global.mode", true),
        Action::PriorMode => return change(app, "objective.prior.mode", true),
        Action::LocalNegatives { up } => return change(app, "objective.local.negatives", up),
        Action::GlobalNegatives { up } => return change(app, "objective.global.negatives", up),
        Action::LearningRate { up } => return change(app, "optim.lr", up),
        Action::Preset(n) => return preset(app, n, Source::Key),
        Action::Remedy => return heal::remedy(app),
        Action::Dismiss => heal::dismiss(app),
        Action::Undo => return heal::undo(app),
        Action::Pause | Action::Step | Action::Checkpoint | Action::Probe => return command(app, action),
        Action::Restart => return ask_restart(app),
        Action::WriteBack => return file::write_back(app),
        Action::Quit => return quit(app),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Picture => return vec![Effect::Picture],
    }
    Vec::new()
}

/// The local term, unless only the global one is on.
fn first_term(app: &App) -> Term {
    let objective = &app.live.config.objective;
    if objective.local.mode == config::Mode::Off && objective.global.mode != config::Mode::Off {
        Term::Global
    } else {
        Term::Local
    }
}

fn turn(app: &App, by: usize) -> Panel {
    let all = app.panels();
    let at = all.iter().position(|p| *p == app.focus).unwrap_or(0);
    all[(at + by) % all.len()]
}

fn vertical(app: &mut App, by: isize) {
    match app.focus {
        Panel::Controls => select(app, by),
        Panel::Chart(id) => {
            let all = app.charts();
            let at = all.iter().position(|c| *c == id).unwrap_or(0);
            show_chart(app, all[at.saturating_add_signed(by).min(all.len() - 1)]);
        }
        Panel::Log => lesson::scroll(app, by),
    }
}

/// Moves the selection by so many of the settings in the list.
pub fn select(app: &mut App, by: isize) {
    let all = app.listed();
    let at = all.partition_point(|i| *i < app.selected);
    if let Some(next) = all.get(at.saturating_add_signed(by).min(all.len().saturating_sub(1))) {
        app.selected = *next;
    }
}

/// The charts, side by side.
fn charts(app: &mut App) {
    let there = matches!(app.mode, Mode::Normal) && app.zoom.is_none();
    app.mode = Mode::Normal;
    app.zoom = None;
    if there {
        app.say("the charts are here already");
    }
}

/// The selected setting; if the filter hides it, nothing is selected.
fn selected(app: &mut App) -> Option<&'static str> {
    let key = app.picked().map(|i| CONTROLS[i].key);
    if key.is_none() {
        app.say("no setting has these words: {escape} shows all of them");
    }
    key
}

fn show_chart(app: &mut App, id: ChartId) {
    app.focus = Panel::Chart(id);
    if app.zoom.is_some() {
        app.zoom = Some(id);
    }
}

fn page(app: &mut App, by: isize) {
    match app.focus {
        Panel::Controls => vertical(app, by * 8),
        Panel::Log => lesson::scroll(app, by * 8),
        Panel::Chart(_) => move_cursor(app, by as f64 * 0.2),
    }
}

fn edge(app: &mut App, last: bool) {
    match app.focus {
        Panel::Controls => select(app, if last { isize::MAX } else { isize::MIN }),
        Panel::Log => lesson::scroll(app, if last { isize::MAX } else { isize::MIN }),
        Panel::Chart(_) => move_cursor(app, if last { 1.0 } else { -1.0 }),
    }
}

fn horizontal(app: &mut App, up: bool) -> Vec<Effect> {
    match app.focus {
        Panel::Controls => return selected(app).map_or_else(Vec::new, |key| change(app, key, up)),
        Panel::Chart(_) => move_cursor(app, if up { 0.01 } else { -0.01 }),
        Panel::Log => lesson::scroll(app, if up { 1 } else { -1 }),
    }
    Vec::new()
}

/// Moves the crosshair by a share of the width, on an axis of steps by a step at least.
fn move_cursor(app: &mut App, share: f64) {
    let (from, to) = app.x_range();
    let (now, by) = (app.cursor.map_or(to, |c| c.x), share * (to - from));
    let x = match app.sight.axis {
        Axis::Steps => (now + by.abs().round().max(1.0) * by.signum()).round(),
        _ => now + by,
    };
    app.cursor = Some(Cursor { x: x.clamp(from, to), pinned: true });
}

/// One step of a setting, from what is wanted now.
pub fn change(app: &mut App, key: &'static str, up: bool) -> Vec<Effect> {
    let Some(spec) = config::key(key) else { return Vec::new() };
    if !app.live.config.heeds(key) {
        app.say(format!("{key} does nothing with data.name = {}", app.live.config.data.name));
        return Vec::new();
    }
    let base: Config = if spec.live && app.alive() { app.wanted() } else { app.next_config() };
    match adjust::step(&base, spec, &app.scripts, up) {
        Some(value) => ask(app, vec![(key.to_owned(), value)], Source::Key),
        None if spec.range == config::Range::Text => {
            edit(app, key);
            Vec::new()
        }
        None => {
            let now = base.get(key).map(|v| shown(&v)).unwrap_or_default();
            app.say(format!("no further step from {key} = {now}"));
            Vec::new()
        }
    }
}

/// Opens the line in which a value is typed.
pub fn edit(app: &mut App, key: &'static str) {
    let now = app.next_run.get(key).cloned().or_else(|| app.wanted().get(key));
    let text = match &now {
        Some(Value::String(s)) => {
            app.live.scripts.iter().fold(s.clone(), |text, script| text.replace(&script.value, &script.asked))
        }
        Some(value) => shown(value),
        None => String::new(),
    };
    app.mode = Mode::Edit { key, prompt: Prompt::with(text) };
}

fn enter(app: &mut App) {
    match app.focus {
        Panel::Controls => {
            if let Some(key) = selected(app) {
                edit(app, key);
            }
        }
        Panel::Chart(_) => zoom(app),
        Panel::Log => lesson::scroll(app, isize::MAX),
    }
}

fn escape(app: &mut App) {
    if app.focus == Panel::Controls && filter::clear(app) {
        return;
    }
    if app.sight.picked.take().is_some() {
        return;
    }
    if app.zoom.take().is_none() && app.cursor.take().is_none() {
        app.refused.clear();
        app.log.back = 0;
        app.focus = Panel::Controls;
    }
}

fn zoom(app: &mut App) {
    let id = look::chart(app);
    app.zoom = if app.zoom.is_some() { None } else { Some(id) };
    app.focus = Panel::Chart(id);
}

fn log_scale(app: &mut App) {
    let id = look::chart(app);
    if !app.log_axis.remove(&id) {
        app.log_axis.insert(id);
    }
    app.say(if app.log_axis.contains(&id) { "logarithmic axis" } else { "linear axis" });
}

fn smooth(app: &mut App) {
    app.smooth = !app.smooth;
    app.say(match (app.smooth, app.live.config.has_encoder()) {
        (true, true) => "smoothed: a moving average over a fortieth of the steps shown; {smooth} shows the curves as they are",
        (false, true) => "curves as they are",
        (_, false) => "the arena's charts are means of 200 steps already",
    });
}

fn freeze(app: &mut App) {
    app.frozen = match app.frozen.take() {
        Some(_) => None,
        None => Some(Frozen { snapshot: app.live.clone(), until: app.live_until() }),
    };
}

fn default(app: &mut App) -> Vec<Effect> {
    if app.focus != Panel::Controls {
        app.say("{next-panel} to the controls first: this sets the selected one to its default");
        return Vec::new();
    }
    let Some(key) = selected(app) else { return Vec::new() };
    let Some(value) = Config::default().get(key) else { return Vec::new() };
    if app.wanted().get(key).as_ref() == Some(&value) {
        app.say(format!("{key} = {} is the default", shown(&value)));
        app.next_run.remove(key);
        return Vec::new();
    }
    ask(app, vec![(key.to_owned(), value)], Source::Key)
}

/// One of the paper's objectives.
pub fn preset(app: &mut App, n: usize, source: Source) -> Vec<Effect> {
    let Some(preset) = config::presets().get(n) else { return Vec::new() };
    app.say(format!("{}: {}", preset.name, preset.doc));
    ask(app, preset.edits.clone(), source)
}

/// A word to the trainer.
pub fn command(app: &mut App, action: Action) -> Vec<Effect> {
    if !app.alive() {
        app.complain("the trainer has ended: {restart} starts a new run");
        return Vec::new();
    }
    let paused = matches!(app.live.phase, Phase::Paused(_));
    let (command, said) = match action {
        Action::Pause | Action::Step if app.live.phase == Phase::Finished => {
            app.say("all steps are done: raise steps to go on");
            return Vec::new();
        }
        Action::Pause if paused => (Command::Resume, "resume requested"),
        Action::Pause => (Command::Pause, "pause requested"),
        Action::Step => (Command::SingleStep, "single step requested"),
        Action::Checkpoint => (Command::SaveCheckpoint, "checkpoint requested"),
        _ => (Command::Probe, "probe requested"),
    };
    app.say(said);
    vec![Effect::Send(command)]
}

/// Asks before a run is cut short.
pub fn ask_restart(app: &mut App) -> Vec<Effect> {
    if app.is_training() && app.leaving.is_none() {
        app.mode = Mode::Restart;
        return Vec::new();
    }
    restart(app)
}

/// Ends the run with a checkpoint and begins a new one.
pub fn restart(app: &mut App) -> Vec<Effect> {
    let mut config = app.next_config();
    // A fork starts anew from its own beginning only if that is asked for.
    if !app.next_run.contains_key("start.checkpoint") {
        config.start = config::Start::default();
    }
    leave(app, Leaving::Restart(Box::new(config)))
}

pub fn quit(app: &mut App) -> Vec<Effect> {
    if app.is_training() && app.leaving.is_none() {
        app.mode = Mode::Quit;
        return Vec::new();
    }
    leave(app, Leaving::Quit)
}
