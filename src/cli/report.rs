//! `dim-tui report`: recorded runs as a page, a picture, a table.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::anyhow;
use clap::{ArgGroup, Args};
use dim_tui::{
    record::RecordError,
    report::{Report, ReportError},
};

use super::{BAD_USAGE, FAILED, Failure, print};

const ABOUT: &str = "\
Reads run directories, finished or not, and changes nothing in them. A RUN is a run directory or a folder of runs (a sweep, or one
shard of it; several folders are put together).

One run: what it was, what it came to, its charts with a mark for each change, its journal. Several: the same charts laid over each
other, and how their settings differ. More than eight, or some that differ only in their seeds: means with standard errors over the
settings that differ. The page is one file that loads nothing and runs nothing.";

#[derive(Debug, Args)]
#[command(long_about = ABOUT)]
#[command(group = ArgGroup::new("what").required(true).multiple(true).args(["out", "svg", "csv"]))]
pub struct ReportArgs {
    /// Run directories, or folders of runs
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// The page (HTML); - is standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// One run's charts; of several the figure, or else their accuracies
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// One run's rows, probes beside steps; of several the table over the settings that differ
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

impl ReportArgs {
    pub fn run(&self) -> Result<i32, Failure> {
        let files = [&self.out, &self.svg, &self.csv];
        if files.iter().filter(|f| f.as_deref() == Some(Path::new("-"))).count() > 1 {
            return Err((BAD_USAGE, anyhow!("only one of --out, --svg and --csv can be standard output")));
        }
        let report = Report::open(&self.runs).map_err(failure)?;
        if let Some(path) = &self.out {
            write(path, &report.html())?;
        }
        if let Some(path) = &self.svg {
            write(path, &report.svg())?;
        }
        if let Some(path) = &self.csv {
            write(path, &report.csv().map_err(failure)?)?;
        }
        Ok(0)
    }
}

fn failure(error: ReportError) -> Failure {
    let usage = match &error {
        ReportError::NoRuns(_) => true,
        ReportError::Record(e) => !matches!(e, RecordError::Io { .. }),
        ReportError::Table(_) => false,
    };
    (if usage { BAD_USAGE } else { FAILED }, error.into())
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if path == Path::new("-") {
        return print(text).map_err(|e| (FAILED, e));
    }
    let said = |e: io::Error| (FAILED, anyhow::Error::new(e).context(format!("cannot write {}", path.display())));
    fs::write(path, text).map_err(said)
}
