//! How the workbench looks and behaves for this user, whatever is trained: theme, keys, mouse, manners. What is asked for comes from a
//! file of the user's own (`file.rs`) and may be changed while the program runs; no run, journal or replay knows of it.

mod file;

pub use file::{UiError, load, parse};

use super::{
    keymap::Keymap,
    theme::{COLOUR_BLIND, Theme, themed},
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

    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, notify)| *notify)
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

    fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, progress)| *progress)
    }
}

/// All of it.
#[derive(Debug, Clone)]
pub struct Ui {
    pub keys: Keymap,
    /// The name of the theme that was asked for; `None`: what suits the terminal.
    pub theme: Option<&'static str>,
    pub notify: Notify,
    pub progress: Progress,
    /// False: the mouse is the terminal's, so that text can be selected.
    pub mouse: bool,
    /// The user will have no colour (`NO_COLOR`, `--color never`), so no theme with colours either.
    pub colourless: bool,
}

impl Default for Ui {
    fn default() -> Self {
        Self {
            keys: Keymap::default(),
            theme: None,
            notify: Notify::Off,
            progress: Progress::Auto,
            mouse: true,
            colourless: false,
        }
    }
}

impl Ui {
    /// The theme asked for, else what suits the terminal. `ground` is what the terminal says of its colours (`COLORFGBG`).
    pub fn look(&self, ground: Option<&str>) -> Theme {
        let suits = if ground.is_some_and(is_light) { "light" } else { COLOUR_BLIND };
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
        let mut ui = Ui::default();
        assert_eq!(ui.look(None), Theme::colour());
        for (dark, light) in [("15;0", "0;15"), ("7;default;8", "0;default;7")] {
            assert_eq!(ui.look(Some(dark)), Theme::colour(), "{dark}");
            assert_eq!(ui.look(Some(light)), themed("light").unwrap(), "{light}");
        }
        ui.theme = Some("dark");
        assert_eq!(ui.look(Some("0;15")), themed("dark").unwrap());
    }
}
