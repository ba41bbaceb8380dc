//! `--lesson NAME`, the list of the lessons that come with the program, and when the tour is shown.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{anyhow, bail};
use clap::{Args, ValueEnum};
use dim_tui::{
    config::{self, Config, LESSONS, ShippedLesson},
    tui,
};

use super::print;

#[derive(Debug, Args)]
pub struct LessonArgs {
    /// Take a lesson beside the charts: one of dim-tui lessons, or a config file with a [lesson]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["config", "resume"])]
    pub lesson: Option<String>,
    /// Show the tour of the screen [default: at the first start ever]
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", default_missing_value = "always", num_args = 0..=1, require_equals = true)]
    pub tour: Tour,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tour {
    /// At the first start ever, unless DIM_TUI_TOUR says always or never
    Auto,
    Always,
    Never,
}

impl From<Tour> for tui::Tour {
    fn from(when: Tour) -> Self {
        match when {
            Tour::Auto => tui::Tour::Auto,
            Tour::Always => tui::Tour::Always,
            Tour::Never => tui::Tour::Never,
        }
    }
}

impl LessonArgs {
    /// The file that the lesson is in, if it is one of the user's; it is watched like any config.
    pub fn file(&self) -> Option<PathBuf> {
        let name = self.lesson.as_deref().filter(|name| ShippedLesson::named(name).is_none())?;
        let is_file = name.ends_with(".toml") || Path::new(name).is_file();
        is_file.then(|| PathBuf::from(name))
    }

    /// The config that `--set` is laid over, if the lesson is one of the program's.
    ///
    /// # Errors
    /// If there is no such lesson.
    pub fn shipped(&self) -> anyhow::Result<Option<Config>> {
        match &self.lesson {
            Some(name) if self.file().is_none() => match ShippedLesson::named(name) {
                Some(lesson) => Ok(Some(lesson.config()?)),
                None => bail!("there is no lesson '{name}': there are {}; or name a config file with a [lesson]", names()),
            },
            _ => Ok(None),
        }
    }

    /// Refuses a config without a lesson where one was asked for.
    pub fn check(&self, config: &Config) -> anyhow::Result<()> {
        match &self.lesson {
            Some(name) if config.lesson.is_none() => {
                Err(anyhow!("--lesson {name}: this config has no [lesson]; --config {name} trains it as it is"))
            }
            _ => Ok(()),
        }
    }
}

fn names() -> String {
    LESSONS.iter().map(|lesson| lesson.name).collect::<Vec<_>>().join(", ")
}

/// The list of lessons, a line each.
pub fn list() -> anyhow::Result<()> {
    let mut text = String::new();
    for lesson in &LESSONS {
        let title = lesson.config()?.lesson.map(|lesson| lesson.title).unwrap_or_default();
        text += &format!("{:<14}{title}\n", lesson.name);
    }
    print(&(text + "\nBegin one with: dim-tui --lesson NAME\n"))
}

/// A config as it is trained without a reader: the changes of its lesson at their steps. Says so.
pub fn without_reader(config: Config) -> Config {
    let Some(lesson) = &config.lesson else { return config };
    let steps: Vec<String> = lesson.schedule().iter().map(|entry| entry.at.to_string()).collect();
    let changes =
        if steps.is_empty() { "has no changes".into() } else { format!("makes its changes at steps {}", steps.join(", ")) };
    // Nobody may be reading any more.
    let _ = writeln!(io::stderr(), "lesson '{}': without a screen it {changes}", lesson.title);
    config.without_reader()
}

/// The config as the flags have it: a file, or a lesson of the program's, and `--set` over it.
pub fn load(args: &LessonArgs, file: Option<&Path>, sets: &[String]) -> anyhow::Result<Config> {
    let config = match args.shipped()? {
        Some(base) => config::load_over(&base, sets)?,
        None => config::load(file, sets)?,
    };
    args.check(&config)?;
    Ok(config)
}
