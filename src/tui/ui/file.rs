//! `dim-tui/ui.toml` in the user's config folder:
//!
//! ```toml
//! theme = "dark"
//! marker = "braille"
//! notify = "bell"
//! progress = "auto"
//! mouse = true
//!
//! [keys]
//! pause = "ctrl-p"
//! help = ["?", "F1"]
//! ```

use std::{collections::BTreeMap, fs, io::ErrorKind, path::Path};

use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use super::{Notify, Progress, Ui, named};
use crate::{
    config::{ConfigError, Place},
    tui::{
        keymap::{Clash, Keymap, action_name, action_named, chord},
        keys::{Action, BINDINGS, Chord},
        theme,
        view::chart::Marker,
    },
};

/// What is wrong with the file, in one sentence that says where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{place}{what}")]
pub struct UiError {
    place: Place,
    what: String,
}

impl UiError {
    /// A file whose text cannot be had.
    pub(super) fn unread(path: &Path, error: &ConfigError) -> Self {
        let reason = match error {
            ConfigError::Read { reason, .. } => reason.clone(),
            other => other.to_string(),
        };
        Self { place: Place::WholeFile { path: path.into() }, what: format!("it cannot be read: {reason}") }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Text {
    theme: Option<Spanned<String>>,
    marker: Option<Spanned<String>>,
    notify: Option<Spanned<String>>,
    progress: Option<Spanned<String>>,
    mouse: Option<bool>,
    keys: BTreeMap<Spanned<String>, Spanned<Keys>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a key is a text such as \"ctrl-p\", or several in [ ]")]
enum Keys {
    One(String),
    Several(Vec<String>),
}

/// What the file asks for; all defaults if there is none.
///
/// # Errors
/// If there is one that cannot be read or used.
pub fn load(path: &Path) -> Result<Ui, UiError> {
    match fs::read_to_string(path) {
        Ok(text) => parse(&text, path),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Ui::default()),
        Err(error) => Err(UiError { place: Place::WholeFile { path: path.into() }, what: format!("it cannot be read: {error}") }),
    }
}

/// As [`load`], of its text.
///
/// # Errors
/// If it cannot be used.
pub fn parse(text: &str, path: &Path) -> Result<Ui, UiError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let fault = |at: usize, what: String| UiError { place: Place::in_text(path, text, at), what };
    let read: Text =
        toml::from_str(text).map_err(|e| fault(e.span().map_or(0, |span| span.start), e.message().replace('\n', " ")))?;
    let mut ui = Ui::default();
    if let Some(name) = read.theme {
        ui.theme = Some(one_of(&name, &theme::names().map(|name| (name, name))).map_err(|(at, what)| fault(at, what))?);
    }
    if let Some(name) = read.marker {
        ui.marker = one_of(&name, &Marker::ALL.map(|marker| (marker.name(), marker))).map_err(|(at, what)| fault(at, what))?;
    }
    if let Some(name) = read.notify {
        ui.notify = one_of(&name, &Notify::NAMES).map_err(|(at, what)| fault(at, what))?;
    }
    if let Some(name) = read.progress {
        ui.progress = one_of(&name, &Progress::NAMES).map_err(|(at, what)| fault(at, what))?;
    }
    ui.mouse = read.mouse.unwrap_or(true);
    ui.keys = keymap(read.keys).map_err(|(at, what)| fault(at, what))?;
    Ok(ui)
}

/// Where in the text, and what.
type Fault = (usize, String);

/// What has one of a few names.
fn one_of<T: Copy>(name: &Spanned<String>, table: &[(&str, T)]) -> Result<T, Fault> {
    let text = name.get_ref();
    let names = || table.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    named(table, text).ok_or_else(|| (name.span().start, format!("'{text}' is none of {}", names())))
}

fn keymap(keys: BTreeMap<Spanned<String>, Spanned<Keys>>) -> Result<Keymap, Fault> {
    let mut own: Vec<(Action, Vec<Chord>)> = Vec::new();
    let mut places: Vec<(Action, usize)> = Vec::new();
    for (name, keys) in &keys {
        let action = action_named(name.get_ref()).ok_or_else(|| (name.span().start, unknown(name.get_ref())))?;
        let texts = match keys.get_ref() {
            Keys::One(text) => std::slice::from_ref(text),
            Keys::Several(texts) => texts,
        };
        let no_key = |text: &String| {
            let like = "write it as x, X, Space, F5, PgUp, ctrl-p or alt-x";
            (keys.span().start, format!("'{text}' is not a key for '{}': {like}", name.get_ref()))
        };
        let chords = texts.iter().map(|text| chord(text).ok_or_else(|| no_key(text))).collect::<Result<_, _>>()?;
        own.push((action, chords));
        places.push((action, keys.span().start));
    }
    Keymap::new(own).map_err(|Clash { chord, actions: (first, second) }| {
        let place = |action| places.iter().find(|(a, _)| *a == action).map(|(_, at)| *at);
        let at = place(second).or(place(first)).unwrap_or(0);
        let (a, b) = (action_name(first), action_name(second));
        (at, format!("the key {} would be both '{a}' and '{b}': give one of them another", chord.name()))
    })
}

fn unknown(name: &str) -> String {
    let names = BINDINGS.iter().map(|b| action_name(b.action));
    let near = names.map(|n| (strsim::jaro(&n, name), n)).max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(alike, _)| *alike > 0.7);
    match near {
        Some((_, near)) => format!("there is no action '{name}' to give a key, did you mean '{near}'?"),
        None => format!("there is no action '{name}' to give a key: the README lists their names"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text, Path::new("ui.toml")).unwrap_err().to_string()
    }

    #[test]
    fn everything_in_it_is_taken() {
        let text = "\u{feff}theme = \"light\"\nmarker = \"octant\"\nnotify = \"bell\"\nprogress = \"on\"\nmouse = false\n\n[keys]\npause = \"ctrl-p\"\nhelp = [\"H\", \"F1\"]\n";
        let ui = parse(text, Path::new("ui.toml")).unwrap();
        assert_eq!((ui.theme, ui.notify, ui.progress, ui.mouse), (Some("light"), Notify::Bell, Progress::On, false));
        assert_eq!(ui.marker, Marker::Octant);
        assert_eq!((ui.keys.name(Action::Pause), ui.keys.name(Action::Help)), ("Ctrl-P".into(), "H".into()));
        let nothing = parse("", Path::new("ui.toml")).unwrap();
        assert_eq!((nothing.theme, nothing.mouse, nothing.keys), (None, true, Keymap::default()));
    }

    #[test]
    fn what_is_wrong_is_one_sentence_with_its_place() {
        for (text, at, parts) in [
            ("theme = \"drak\"", "ui.toml:1:9: ", &["'drak'", "colour-blind, dark, light, mono"][..]),
            ("marker = \"cross\"", "ui.toml:1:10: ", &["'cross'", "braille, octant, block, dot"]),
            ("\nnotify = 1", "ui.toml:2:10: ", &["string"]),
            ("[keys]\npaus = \"x\"", "ui.toml:2:1: ", &["'paus'", "did you mean 'pause'?"]),
            ("[keys]\npause = \"spce\"", "ui.toml:2:9: ", &["'spce'", "'pause'", "ctrl-p"]),
            ("[keys]\ncheckpoint = \"Space\"", "ui.toml:2:14: ", &["Space", "'pause'", "'checkpoint'"]),
            ("[keys]\nquit = \"Z\"\nstep = \"Z\"", "ui.toml:", &["Z", "'step'", "'quit'"]),
            ("[keys]\npause = 7", "ui.toml:2:9: ", &["ctrl-p"]),
            ("thme = \"dark\"", "ui.toml:1:1: ", &["thme"]),
            ("theme = ", "ui.toml:1:", &[""]),
        ] {
            let error = error(text);
            assert!(error.starts_with(at) && parts.iter().all(|p| error.contains(p)), "{text}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn no_file_is_no_fault_and_a_folder_is_one() {
        let dir = tempfile::tempdir().unwrap();
        assert!(load(&dir.path().join("ui.toml")).is_ok());
        assert!(load(dir.path()).is_err());
    }
}
