//! The `:` line and the line in which a value is typed.

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent};
use tui_input::Input;

use super::{act, cancels, intent::ask};
use crate::{
    config::{self, Source},
    train::{Command, Phase},
    tui::{
        app::{App, Mode},
        keys::Action,
        message::Effect,
        palette::{self, Candidate, Deed},
        prompt::{COMMANDS, Prompt},
    },
};

pub fn on_key(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    let Mode::Command(prompt) = &mut app.mode else { return Vec::new() };
    match key.code {
        _ if cancels(&key) => app.mode = Mode::Normal,
        KeyCode::Backspace if prompt.text().is_empty() => app.mode = Mode::Normal,
        KeyCode::Enter => return enter(app),
        KeyCode::Tab => {
            complete(prompt);
            check(app);
        }
        // On an empty line, and while going through them, the arrows show older commands; else they choose of what was found.
        KeyCode::Up if prompt.found.is_empty() || prompt.back > 0 => recall(app, 1),
        KeyCode::Down if prompt.found.is_empty() || prompt.back > 0 => recall(app, -1),
        KeyCode::Up => go(prompt, true),
        KeyCode::Down => go(prompt, false),
        _ => {
            if prompt.edit(key) {
                prompt.back = 0;
                check(app);
            }
        }
    }
    Vec::new()
}

/// One up or down among those found.
pub fn go(prompt: &mut Prompt, up: bool) {
    let last = prompt.found.len().saturating_sub(1);
    let below = || prompt.pointed().map_or(0, |at| (at + 1).min(last));
    prompt.chosen = if up { prompt.pointed().and_then(|at| at.checked_sub(1)) } else { Some(below()) };
}

/// Enter on this one of those found.
pub fn choose_at(app: &mut App, row: usize) -> Vec<Effect> {
    if let Mode::Command(prompt) = &mut app.mode {
        prompt.chosen = Some(row);
    }
    enter(app)
}

/// Completes a command as far as it is certain; where nothing is, takes the one found that is pointed at.
fn complete(prompt: &mut Prompt) {
    let (before, chosen) = (prompt.text().to_owned(), prompt.chosen);
    if chosen.is_none() {
        prompt.complete();
    }
    if prompt.text() == before
        && let Some(found) = prompt.found.get(chosen.or_else(|| prompt.pointed()).unwrap_or(usize::MAX))
    {
        prompt.input = Input::new(found.line());
        prompt.candidates.clear();
    }
}

/// Shows an older (1) or newer (−1) command.
fn recall(app: &mut App, by: isize) {
    let Mode::Command(prompt) = &mut app.mode else { return };
    let back = prompt.back.saturating_add_signed(by).min(app.typed.len());
    if back != prompt.back {
        prompt.back = back;
        let text = if back == 0 { String::new() } else { app.typed[app.typed.len() - back].clone() };
        prompt.input = Input::new(text);
        prompt.error = None;
        prompt.candidates.clear();
        find(app);
    }
}

/// Looks anew for what the line could mean.
fn find(app: &mut App) {
    let Mode::Command(prompt) = &app.mode else { return };
    let found = palette::candidates(app, prompt.text());
    if let Mode::Command(prompt) = &mut app.mode {
        prompt.found = found;
        prompt.chosen = None;
    }
}

/// Does what has been found, as if it had been typed.
fn choose(app: &mut App, found: &Candidate) -> Result<Vec<Effect>, String> {
    match &found.deed {
        Deed::Act(action) => {
            app.mode = Mode::Normal;
            Ok(act::act(app, *action))
        }
        Deed::Edit(key) => {
            app.mode = Mode::Normal;
            act::edit(app, key);
            Ok(Vec::new())
        }
        Deed::Begin(line) => {
            app.mode = Mode::Command(Prompt { input: Input::new(line.clone()), ..Prompt::default() });
            find(app);
            Ok(Vec::new())
        }
        Deed::Set(..) | Deed::Run(_) => run(app, &found.line()),
    }
}

fn enter(app: &mut App) -> Vec<Effect> {
    let Mode::Command(prompt) = &app.mode else { return Vec::new() };
    let found = prompt.pointed().and_then(|at| prompt.found.get(at)).cloned();
    let line = found.as_ref().map_or_else(|| prompt.text().trim().to_owned(), Candidate::line);
    if line.is_empty() {
        app.mode = Mode::Normal;
        return Vec::new();
    }
    let done = match &found {
        Some(found) => choose(app, found),
        None => run(app, &line),
    };
    match done {
        Ok(effects) => {
            let begun = matches!(found, Some(Candidate { deed: Deed::Begin(_), .. }));
            if begun {
                return effects;
            }
            if matches!(app.mode, Mode::Command(_)) {
                app.mode = Mode::Normal;
            }
            if app.typed.last() != Some(&line) {
                app.typed.push(line);
            }
            effects
        }
        // The line stays, to be mended.
        Err(error) => {
            if let Mode::Command(prompt) = &mut app.mode {
                prompt.error = Some(error);
            }
            Vec::new()
        }
    }
}

/// Carries out a command, or says in one sentence why not.
fn run(app: &mut App, line: &str) -> Result<Vec<Effect>, String> {
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let alone = |effects: Vec<Effect>| if rest.is_empty() { Ok(effects) } else { Err(format!(":{name} takes nothing after it")) };
    match name {
        "set" | "se" => set(app, rest),
        "preset" => preset(app, rest),
        "theme" => super::manners::theme(app, rest),
        "notify" => super::manners::notify(app, rest),
        "w" | "write" => save(app, rest, false),
        "w!" | "write!" => save(app, rest, true),
        "q" | "quit" => alone(Vec::new()).map(|_| {
            app.mode = Mode::Normal;
            act::quit(app)
        }),
        "restart" => alone(Vec::new()).map(|_| {
            app.mode = Mode::Normal;
            act::ask_restart(app)
        }),
        "checkpoint" => alone(Vec::new()).map(|_| act::command(app, Action::Checkpoint)),
        "probe" => alone(Vec::new()).map(|_| act::command(app, Action::Probe)),
        "pause" if rest.is_empty() && app.alive() => Ok(vec![Effect::Send(Command::Pause)]),
        "resume" if rest.is_empty() && matches!(app.live.phase, Phase::Paused(_)) => Ok(vec![Effect::Send(Command::Resume)]),
        "pause" | "resume" => Err(format!(":{name} has no effect now")),
        "lesson" => alone(Vec::new()).and_then(|effects| super::lesson::toggle(app).map(|()| effects)),
        "tour" => alone(Vec::new()).map(|_| {
            crate::tui::tour::show(app, 0);
            Vec::new()
        }),
        "help" => alone(Vec::new()).map(|_| {
            super::help::open(app);
            Vec::new()
        }),
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> String {
    if name.contains('=') || config::key(name).is_some() {
        return format!("there is no command ':{name}': to change a setting write :set KEY=VALUE");
    }
    let alike = |c: &str| strsim::jaro(c, name);
    match COMMANDS.iter().map(|c| c.0).max_by(|a, b| alike(a).total_cmp(&alike(b))).filter(|c| alike(c) > 0.7) {
        Some(near) => format!("there is no command ':{name}', did you mean ':{near}'?"),
        None => format!("there is no command ':{name}'; there are {}", COMMANDS.map(|c| c.0).join(", ")),
    }
}

fn set(app: &mut App, rest: &str) -> Result<Vec<Effect>, String> {
    let edits = config::parse_assignments(rest).map_err(|e| e.to_string())?;
    let effects = ask(app, edits, Source::Command);
    match app.notice.take() {
        Some(notice) if notice.error => Err(notice.text),
        _ => Ok(effects),
    }
}

fn preset(app: &mut App, rest: &str) -> Result<Vec<Effect>, String> {
    let plain = |s: &str| s.to_lowercase().replace(['-', '_', ' ', '(', ')', '+'], "").replace("dim", "");
    let found = config::presets()
        .iter()
        .position(|p| plain(p.name) == plain(rest) || plain(p.name).chars().rev().eq(plain(rest).chars()));
    match found {
        Some(n) if !rest.is_empty() => Ok(act::preset(app, n, Source::Command)),
        _ => {
            let names: Vec<&str> = config::presets().iter().map(|p| p.name).collect();
            Err(format!("the presets are {}", names.join(", ")))
        }
    }
}

fn save(app: &mut App, rest: &str, force: bool) -> Result<Vec<Effect>, String> {
    if rest.is_empty() {
        return match &app.file {
            Some(_) => Ok(super::file::write_back(app)),
            None => Err("which file? write :w FILE".into()),
        };
    }
    Ok(vec![Effect::Save { path: PathBuf::from(rest), force, config: Box::new(app.next_config()) }])
}

pub fn on_edit_key(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    let Mode::Edit { key: name, prompt } = &mut app.mode else { return Vec::new() };
    match key.code {
        _ if cancels(&key) => app.mode = Mode::Normal,
        KeyCode::Enter => {
            let name = *name;
            return match parsed(name, prompt.text()) {
                Ok(edits) => {
                    let effects = ask(app, edits, Source::Key);
                    match app.notice.take() {
                        Some(notice) if notice.error => fail(app, notice.text),
                        notice => {
                            app.notice = notice;
                            app.mode = Mode::Normal;
                        }
                    }
                    effects
                }
                Err(error) => {
                    fail(app, error);
                    Vec::new()
                }
            };
        }
        _ => {
            if prompt.edit(key) {
                check(app);
            }
        }
    }
    Vec::new()
}

fn fail(app: &mut App, error: String) {
    if let Mode::Edit { prompt, .. } = &mut app.mode {
        prompt.error = Some(error);
    }
}

/// A typed value as an edit. Text with blanks or quotes is taken as it stands where the key takes text.
fn parsed(key: &str, text: &str) -> Result<Vec<(String, toml::Value)>, String> {
    let text = text.trim();
    if config::key(key).is_some_and(|k| k.range == config::Range::Text) {
        return Ok(vec![(key.to_owned(), toml::Value::from(text))]);
    }
    config::parse_assignments(&format!("{key}={text}"))
        .map_err(|e| e.to_string())
        .and_then(|edits| if edits.len() == 1 { Ok(edits) } else { Err(format!("{key} takes one value")) })
}

/// Says while typing what Enter would refuse.
pub fn check(app: &mut App) {
    let edits = match &app.mode {
        Mode::Edit { key, prompt } => parsed(key, prompt.text()),
        // A half-typed command is not wrong yet.
        _ => {
            clear_error(app);
            return find(app);
        }
    };
    let base = app.next_config();
    let error = edits.and_then(|edits| base.with(&edits).map_err(|e| e.to_string())).err();
    if let Mode::Edit { prompt, .. } = &mut app.mode {
        prompt.error = error;
    }
}

fn clear_error(app: &mut App) {
    if let Mode::Command(Prompt { error, .. }) = &mut app.mode {
        *error = None;
    }
}
