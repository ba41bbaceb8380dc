//! `dim-tui screenshot`: a recorded run as the workbench shows it.

use std::{fs, path::PathBuf};

use anyhow::Context;
use clap::Args;
use dim_tui::tui;

use super::{BAD_USAGE, FAILED, Failure, print, room_for};

#[derive(Debug, Args)]
pub struct ScreenshotArgs {
    /// The run directory
    run: PathBuf,
    /// Columns of the screen
    #[arg(long, default_value_t = 120)]
    width: u16,
    /// Rows of the screen
    #[arg(long, default_value_t = 36)]
    height: u16,
    /// One panel in full screen: loss, mi, accuracy or help; a view: probes, runs, log, palette, zoom, explain, tour; or compare, with the runs beside it over
    /// the charts
    #[arg(long)]
    panel: Option<String>,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl ScreenshotArgs {
    pub fn run(&self) -> Result<i32, Failure> {
        self.out.as_deref().map_or(Ok(()), room_for)?;
        // What it draws is the user's to choose, the run's files included.
        let svg = tui::screenshot(&self.run, self.width, self.height, self.panel.as_deref()).map_err(|e| (BAD_USAGE, e))?;
        let written = match &self.out {
            Some(path) => fs::write(path, svg).with_context(|| format!("cannot write {}", path.display())),
            None => print(&svg),
        };
        written.map(|()| 0).map_err(|e| (FAILED, e))
    }
}
