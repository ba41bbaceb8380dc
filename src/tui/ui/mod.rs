//! How the workbench looks and behaves for this user, whatever is trained: theme, keys, mouse, manners. What is asked for comes from a
//! file of the user's own (`file.rs`), which is watched (`watch.rs`), and may be changed while the program runs; no run, journal or
//! replay knows of it.

mod file;
mod watch;

pub use file::{UiError, load, parse};
pub use watch::{UiEvent, UiWatch};

use super::{
    keymap::Keymap,
    theme::{COLOUR_BLIND, Theme, themed},
    view::chart::Marker,
};

/// What is told to somebody who looks elsewhere when a run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Notify {
    #[default]
    Off,
    Bell,
    /// The terminal's own notification, by the escape sequence OSC 9.
    Osc9,
}

impl Notify {
    pub const NAMES: [(&'static str, Notify); 3] = [("off", Notify::Off), ("bell", Notify::Bell), ("osc9", Notify::Osc9)];

    pub fn name(self) -> &'static str {
        name_in(&Self::NAMES, self)
    }
}

/// Whether the terminal's own progress bar (OSC 9;4) is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Progress {
    /// Where the terminal is known to have one.
    #[default]
    Auto,
    On,
    Off,
}

impl Progress {
    pub const NAMES: [(&'static str, Progress); 3] = [("auto", Progress::Auto), ("on", Progress::On), ("off", Progress::Off)];

    pub fn name(self) -> &'static str {
        name_in(&Self::NAMES, self)
    }
}

/// What has this name in a table of all there are.
pub fn named<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn name_in<T: PartialEq>(table: &[(&'static str, T)], value: T) -> &'static str {
    table.iter().find(|(_, other)| *other == value).map_or("", |(name, _)| *name)
}

/// What the command line said: it comes before the file, also when that is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Given {
    pub theme: bool,
    pub marker: bool,
}

/// All of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ui {
    pub keys: Keymap,
    /// The name of the theme that was asked for; `None`: what suits the terminal.
    pub theme: Option<&'static str>,
    /// What curves are drawn with.
    pub marker: Marker,
    pub notify: Notify,
    pub progress: Progress,
    /// False: the mouse is the terminal's, so that text can be selected.
    pub mouse: bool,
    /// The user will have no colour (`NO_COLOR`, `--color never`), so no theme with colours either.
    pub colourless: bool,
    /// What the terminal says of its colours (`COLORFGBG`).
    pub ground: Option<String>,
    pub given: Given,
}

impl Default for Ui {
    fn default() -> Self {
        Self {
            keys: Keymap::default(),
            theme: None,
            marker: Marker::Braille,
            notify: Notify::Off,
            progress: Progress::Auto,
            mouse: true,
            colourless: false,
            ground: None,
            given: Given::default(),
        }
    }
}

impl Ui {
    /// The theme asked for, else what suits the terminal; without colour there is only one.
    pub fn look(&self) -> Theme {
        if self.colourless {
            return Theme::mono();
        }
        let suits = if self.ground.as_deref().is_some_and(is_light) { "light" } else { COLOUR_BLIND };
        themed(self.theme.unwrap_or(suits)).unwrap_or_default()
    }
}

/// `15;0`: foreground, ground (with something between them, or not), as numbers of the terminal's palette.
fn is_light(colours: &str) -> bool {
    let ground = colours.rsplit(';').next().and_then(|n| n.parse::<u8>().ok());
    ground.is_some_and(|n| n == 7 || (9..=15).contains(&n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_light_terminal_gets_the_light_theme_unless_another_is_asked_for() {
        assert_eq!(Ui::default().look(), Theme::colour());
        let on = |ground: &str| Ui { ground: Some(ground.into()), ..Ui::default() };
        for (dark, light) in [("15;0", "0;15"), ("7;default;8", "0;default;7")] {
            assert_eq!(on(dark).look(), Theme::colour(), "{dark}");
            assert_eq!(on(light).look(), themed("light").unwrap(), "{light}");
        }
        let asked = Ui { theme: Some("dark"), ..on("0;15") };
        assert_eq!(asked.look(), themed("dark").unwrap());
        assert_eq!(Ui { colourless: true, ..asked }.look(), Theme::mono());
    }
}
