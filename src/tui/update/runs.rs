//! The view of runs: its keys, and what comes in from the one who reads them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crossterm::event::{KeyCode, KeyEvent};

use super::{cancels, travel, views};
use crate::{
    record::{JournalKind, JournalRow, RunDir, fork_of},
    tui::{
        app::{App, Mode},
        keys::{self, Action},
        log::Kind,
        message::Effect,
        prompt::Prompt,
        runs::{Ask, Curves, Found, MOST, Opened, Overlay, Page, Row, name},
    },
};

/// Opens the list and looks through the folders anew.
pub fn open(app: &mut App) -> Vec<Effect> {
    app.mode = Mode::Runs(Page::List);
    app.runs.typing = false;
    app.runs.scan += 1;
    let present = app.live.facts.run_dir.clone();
    let beside = present.parent().filter(|_| !present.as_os_str().is_empty());
    let beside = beside.map(|folder| if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() });
    let folders = [Some(app.live.config.run.dir.clone()), beside].into_iter().flatten().collect();
    vec![Effect::Read(Ask::List { scan: app.runs.scan, folders, present })]
}

/// The list, with a filter being typed.
pub fn open_filter(app: &mut App) -> Vec<Effect> {
    let effects = if matches!(app.mode, Mode::Runs(_)) { Vec::new() } else { open(app) };
    app.mode = Mode::Runs(Page::List);
    app.runs.typing = true;
    effects
}

/// Takes all other runs off the charts.
pub fn clear(app: &mut App) {
    match app.runs.overlays.len() {
        0 => app.say("no run is marked: {runs}, then {pause} on one lays it over the charts"),
        1 => app.say("the marked run is off the charts"),
        n => app.say(format!("{n} marked runs are off the charts")),
    }
    app.runs.overlays.clear();
}

pub fn on_key(app: &mut App, page: Page, key: KeyEvent) -> Vec<Effect> {
    if app.runs.typing {
        return type_filter(app, key);
    }
    let Some(binding) = keys::binding(&key) else { return Vec::new() };
    app.notice = None;
    match (page, binding.action) {
        (Page::List, Action::Pause) => return mark(app),
        (Page::List, Action::Enter) => return open_checkpoints(app),
        (Page::List, Action::NextPanel | Action::PreviousPanel) => app.mode = Mode::Runs(Page::Differences { scroll: 0 }),
        (Page::List, Action::Escape) if !app.runs.filter.is_empty() => filtered(app, Prompt::default()),
        (Page::Checkpoints, Action::Enter) => return travel::ask(app, false),
        (Page::Checkpoints, Action::Fork) => return travel::ask(app, true),
        (Page::Checkpoints, Action::Escape | Action::Left | Action::Default | Action::NextPanel | Action::PreviousPanel) => {
            app.mode = Mode::Runs(Page::List);
        }
        (Page::Differences { .. }, Action::NextPanel | Action::PreviousPanel | Action::Enter) => {
            app.mode = Mode::Runs(Page::List)
        }
        // Here Space would stop the training behind the view: it is no key of these pages.
        (_, Action::Pause) => {}
        (_, action) => match views::step_of(action) {
            Some(by) => go(app, page, by),
            None => return views::otherwise(app, Action::Runs, binding),
        },
    }
    Vec::new()
}

/// A click on a line of the list, or of the checkpoints.
pub fn click(app: &mut App, page: Page, line: usize, on_sign: bool) -> Vec<Effect> {
    app.notice = None;
    app.runs.typing = false;
    match page {
        Page::List => {
            let again = std::mem::replace(&mut app.runs.selected, line) == line;
            match (on_sign && line > 0, again) {
                (true, _) => mark(app),
                (false, true) => open_checkpoints(app),
                (false, false) => Vec::new(),
            }
        }
        Page::Checkpoints => {
            let again = app.runs.opened.as_mut().is_some_and(|o| std::mem::replace(&mut o.selected, line) == line);
            if again { travel::ask(app, false) } else { Vec::new() }
        }
        Page::Differences { .. } => Vec::new(),
    }
}

pub fn go(app: &mut App, page: Page, by: isize) {
    let moved = |at: usize, lines: usize| at.saturating_add_signed(by).min(lines.saturating_sub(1));
    match page {
        Page::List => app.runs.selected = moved(app.runs.selected, app.runs.shown().len() + 1),
        Page::Checkpoints => {
            if let Some(opened) = &mut app.runs.opened {
                let lines = opened.rows.as_ref().map_or(0, Vec::len);
                opened.selected = moved(opened.selected, lines);
            }
        }
        // The end is where the view stops: no config has more keys.
        Page::Differences { scroll } => {
            app.mode = Mode::Runs(Page::Differences { scroll: moved(scroll, crate::config::keys().len()) });
        }
    }
}

/// Lays the picked run over the charts, or takes it off.
fn mark(app: &mut App) -> Vec<Effect> {
    let Some(row) = app.runs.picked() else {
        app.say("this run is on the charts already");
        return Vec::new();
    };
    let (path, known) = (row.path.clone(), row.known().map(|brief| brief.config.has_encoder()));
    if app.runs.overlay(&path).is_some() {
        app.runs.overlays.retain(|o| o.path != path);
        return Vec::new();
    }
    if !app.live.config.has_encoder() || known == Some(false) {
        app.say("the arena's curves are not laid over those of other runs");
        return Vec::new();
    }
    if let Some(Err(why)) = &row.brief {
        let why = why.clone();
        app.complain(why);
        return Vec::new();
    }
    let Some(place) = app.runs.free_place() else {
        app.say(format!("{MOST} runs are marked, more cannot be told apart: {{pause}} on one of them takes it off"));
        return Vec::new();
    };
    app.sight.forget_run(place);
    app.runs.overlays.push(Overlay { path: path.clone(), place, fork: None, curves: None });
    vec![Effect::Read(Ask::Curves(path))]
}

fn open_checkpoints(app: &mut App) -> Vec<Effect> {
    let run = match app.runs.picked() {
        Some(row) => row.path.clone(),
        None => app.live.facts.run_dir.clone(),
    };
    if run.as_os_str().is_empty() {
        app.say("this run has no directory yet");
        return Vec::new();
    }
    app.runs.opened = Some(Opened { run: run.clone(), rows: None, selected: 0 });
    app.mode = Mode::Runs(Page::Checkpoints);
    vec![Effect::Read(Ask::Checkpoints(run))]
}

fn type_filter(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        _ if cancels(&key) => {
            app.runs.typing = false;
            filtered(app, Prompt::default());
        }
        KeyCode::Enter => app.runs.typing = false,
        KeyCode::Up | KeyCode::Down => {
            app.runs.typing = false;
            go(app, Page::List, if key.code == KeyCode::Up { -1 } else { 1 });
        }
        _ => {
            let mut prompt = app.runs.filter.prompt.clone();
            if prompt.edit(key) {
                filtered(app, prompt);
            } else {
                app.runs.filter.prompt = prompt;
            }
        }
    }
    Vec::new()
}

pub fn paste(app: &mut App, text: &str) {
    let mut prompt = app.runs.filter.prompt.clone();
    prompt.paste(text);
    filtered(app, prompt);
}

/// Another filter; what was picked stays so if it is still shown, else the first that is.
fn filtered(app: &mut App, filter: Prompt) {
    let picked = app.runs.picked().map(|row| row.path.clone());
    app.runs.filter.prompt = filter;
    repick(app, picked.as_deref());
}

fn repick(app: &mut App, picked: Option<&Path>) {
    let at = |path: &Path| app.runs.shown().iter().position(|row| row.path == path);
    app.runs.selected = match picked {
        Some(path) => at(path).map_or(0, |i| i + 1),
        None if app.runs.filter.is_empty() => 0,
        None => usize::from(!app.runs.shown().is_empty()),
    };
}

/// Carries in what was read.
pub fn found(app: &mut App, found: Found) -> Vec<Effect> {
    match found {
        Found::List { scan, present, rows } if scan == app.runs.scan => listed(app, present, rows),
        Found::Brief { scan, at, brief } if scan == app.runs.scan => {
            let Some(row) = app.runs.rows.get_mut(at) else { return Vec::new() };
            row.brief = Some(brief);
            // A run that goes on elsewhere has grown since its curves were read.
            let grown = app.runs.rows[at].known().is_some_and(|brief| {
                let curves = app.runs.overlay(&brief.path).and_then(|o| o.curves.as_ref());
                curves.and_then(|c| c.history.span()).is_some_and(|(_, last)| last < brief.step)
            });
            return if grown { vec![Effect::Read(Ask::Curves(app.runs.rows[at].path.clone()))] } else { Vec::new() };
        }
        Found::Checkpoints { run, rows } => {
            if let Some(opened) = app.runs.opened.as_mut().filter(|o| o.run == run) {
                opened.selected = opened.selected.min(rows.len().saturating_sub(1));
                opened.rows = Some(rows);
            }
        }
        Found::Curves { run, curves } => match curves {
            Ok(curves) => {
                app.runs.overlays.iter_mut().filter(|o| o.path == run).for_each(|o| o.curves = Some(curves.clone()));
            }
            Err(why) => {
                app.runs.overlays.retain(|o| o.path != run);
                let text = format!("the curves of {} cannot be read: {why}", name(&run));
                app.note(Kind::Error, text.clone());
                app.complain(text);
            }
        },
        Found::Parent { run, step, curves } => match curves {
            Ok(curves) => adopt(app, run, step, curves),
            Err(why) => app.note(Kind::Note, format!("the run this one was forked from is not on the charts: {why}")),
        },
        Found::List { .. } | Found::Brief { .. } => {}
    }
    Vec::new()
}

/// The runs there are now; what was known of one is shown until it has been read again.
fn listed(app: &mut App, present: Option<PathBuf>, rows: Vec<(PathBuf, String)>) {
    let picked = app.runs.picked().map(|row| row.path.clone());
    let old = std::mem::take(&mut app.runs.rows);
    let known = |path: &Path| old.iter().find(|row| row.path == path).and_then(|row| row.brief.clone());
    app.runs.rows = rows.into_iter().map(|(path, begun)| Row { brief: known(&path), path, begun }).collect();
    app.runs.present = present;
    app.runs.listed = true;
    repick(app, picked.as_deref());
}

/// A run has begun, or goes on: the one it was forked from comes onto its charts.
pub fn began(app: &App, row: JournalRow) -> Vec<Effect> {
    let parent = match row.kind {
        JournalKind::Resumed => return vec![Effect::Read(Ask::ParentOf(app.live.facts.run_dir.clone()))],
        JournalKind::Start => fork_of(&[row]),
        _ => None,
    };
    let ask = |(checkpoint, step): (PathBuf, u64)| Effect::Read(Ask::Parent { run: RunDir::of_checkpoint(&checkpoint), step });
    parent.map(ask).into_iter().collect()
}

/// Lays the run that this one was forked from over the charts; if there is no place left, the last marked one goes.
fn adopt(app: &mut App, run: PathBuf, step: u64, curves: Arc<Curves>) {
    app.runs.overlays.retain(|o| o.path != run);
    let place = app.runs.free_place().or_else(|| app.runs.overlays.pop().map(|o| o.place)).unwrap_or(0);
    app.sight.forget_run(place);
    app.runs.overlays.push(Overlay { path: run, place, fork: Some(step), curves: Some(curves) });
}

/// The present run has been left for a new one: what it began from is the past of another.
pub fn left(app: &mut App) {
    app.runs.overlays.retain(|o| o.fork.is_none());
    app.runs.opened = None;
    app.runs.selected = 0;
    if matches!(app.mode, Mode::Runs(_)) {
        app.mode = Mode::Normal;
    }
}
