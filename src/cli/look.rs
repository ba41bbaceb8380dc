//! How the workbench looks and behaves: colours, pictures, markers, and the user's own file.

use clap::ValueEnum;
use dim_tui::tui;

use super::RunArgs;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// Unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Images {
    /// The best the terminal says it can; in tmux and screen, half blocks
    Auto,
    Halfblocks,
    Kitty,
    Iterm2,
    Sixel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Marker {
    Braille,
    /// Solid, and as fine as braille
    Octant,
    /// Quarters of a character
    Block,
    /// One dot a character
    Dot,
}

impl From<Marker> for tui::Marker {
    fn from(marker: Marker) -> Self {
        match marker {
            Marker::Braille => tui::Marker::Braille,
            Marker::Octant => tui::Marker::Octant,
            Marker::Block => tui::Marker::Block,
            Marker::Dot => tui::Marker::Dot,
        }
    }
}

impl From<Images> for tui::Images {
    fn from(how: Images) -> Self {
        match how {
            Images::Auto => tui::Images::Auto,
            Images::Halfblocks => tui::Images::Always(tui::Protocol::HalfBlocks),
            Images::Kitty => tui::Images::Always(tui::Protocol::Kitty),
            Images::Iterm2 => tui::Images::Always(tui::Protocol::Iterm2),
            Images::Sixel => tui::Images::Always(tui::Protocol::Sixel),
        }
    }
}

impl From<When> for tui::Color {
    fn from(when: When) -> Self {
        match when {
            When::Auto => tui::Color::Auto,
            When::Always => tui::Color::Always,
            When::Never => tui::Color::Never,
        }
    }
}

impl RunArgs {
    /// How the workbench is to look and behave: what the user's own file says, and the flags over it.
    ///
    /// # Errors
    /// If that file cannot be used (exit code 2).
    pub fn look(&self) -> anyhow::Result<tui::Look> {
        let file = dirs::config_dir().map(|dir| dir.join("dim-tui/ui.toml"));
        let said = file.as_deref().map_or_else(|| Ok(tui::Ui::default()), tui::ui::load)?;
        let given = tui::ui::Given { theme: self.theme.is_some(), marker: self.marker.is_some() };
        let mut ui = tui::Ui { given, ..said.clone() };
        if let Some(name) = &self.theme {
            ui.theme = tui::theme::known(name);
        }
        if let Some(marker) = self.marker {
            ui.marker = marker.into();
        }
        Ok(tui::Look {
            color: self.color.into(),
            images: self.images.into(),
            ui,
            own_file: file.map(|path| (path, said)),
            tour: self.lesson.tour.into(),
        })
    }
}
