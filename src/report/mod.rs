//! Reports of recorded runs: a page, a picture, a table. Reads run directories; knows no tensors and no screen.
//!
//! The page is HTML that is XML too, with everything in it: no script, and nothing is loaded. One run is shown with all that its files
//! say (`one`, `arena`); several are laid over each other (`several`); many, or some that are equal but for their seeds, are grouped by
//! the settings that differ (`groups`, which draws `figure`).

mod arena;
mod charts;
mod error;
mod evaluated;
mod figure;
mod groups;
mod lineage;
mod one;
mod page;
mod pictures;
mod rows;
mod settings;
mod several;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use error::ReportError;

use crate::{
    plot,
    record::{SavedRun, find_runs},
};

/// Recorded runs, and the names they go by.
#[derive(Debug)]
pub struct Report {
    runs: Vec<SavedRun>,
    names: Vec<String>,
}

impl Report {
    /// Reads the runs in these directories, each a run or a folder of runs. One that is named twice is read once.
    ///
    /// # Errors
    /// If a folder has no run in it, or one cannot be read.
    pub fn open(paths: &[PathBuf]) -> Result<Self, ReportError> {
        let (mut runs, mut seen): (Vec<SavedRun>, Vec<PathBuf>) = (Vec::new(), Vec::new());
        for path in paths {
            let found = find_runs(path)?;
            if found.is_empty() {
                return Err(ReportError::NoRuns(path.clone()));
            }
            for run in found {
                let place = run.canonicalize().unwrap_or_else(|_| run.clone());
                if !seen.contains(&place) {
                    runs.push(SavedRun::open(&run)?);
                    seen.push(place);
                }
            }
        }
        Ok(Self::new(runs))
    }

    fn new(runs: Vec<SavedRun>) -> Self {
        let names = names(&runs);
        Self { runs, names }
    }

    pub fn runs(&self) -> &[SavedRun] {
        &self.runs
    }

    /// The page.
    pub fn html(&self) -> String {
        match &self.runs[..] {
            [run] => one::page(run),
            runs => several::page(runs, &self.names),
        }
    }

    /// The charts of one run; of several the figure, or else how their accuracies went.
    pub fn svg(&self) -> String {
        match &self.runs[..] {
            [run] => plot::document(&run.name(), &one::charts(run), 3),
            runs => several::svg(runs, &self.names),
        }
    }

    /// The rows of one run, its probes beside its steps; of several one row each.
    ///
    /// # Errors
    /// If a table cannot be put together.
    pub fn csv(&self) -> Result<String, ReportError> {
        match &self.runs[..] {
            [run] => rows::of_one(run),
            runs => Ok(rows::of_several(runs)),
        }
    }
}

/// The last part of each path, with the one before where that is needed to tell them apart.
fn names(runs: &[SavedRun]) -> Vec<String> {
    let folder = |path: &Path| {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        absolute.parent().and_then(|p| p.file_name()).map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let short: Vec<String> = runs.iter().map(SavedRun::name).collect();
    let twice = |name: &String| short.iter().filter(|n| *n == name).count() > 1;
    let named =
        |(run, name): (&SavedRun, &String)| if twice(name) { format!("{}/{name}", folder(&run.path)) } else { name.clone() };
    runs.iter().zip(&short).map(named).collect()
}
