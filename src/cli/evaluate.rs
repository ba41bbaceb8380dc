//! `dim-tui eval` and `dim-tui export`: what a run's encoder has learned, and its features for other programs.

use std::{
    io::{self, Write},
    path::PathBuf,
    time::Instant,
};

use anyhow::Context;
use clap::{Args, ValueEnum};
use dim_tui::{
    measure::{self, Layer, Progress, Protocol, Section, SplitName, Subject},
    mi, train,
};
use indicatif::{ProgressBar, ProgressStyle};

use super::{FAILED, Failure, failure, print, room_for, threads};

const ABOUT: &str = "\
Puts the encoder of a checkpoint beside an untrained one and raw pixels: probes on conv, fc and Y, spread of the code, dependence of
its units (NDM), information with the image (MINE), reconstruction by a decoder, and, on images drawn from known factors, how well
each factor is read from each layer. The run is not changed.

Protocols: quick (5,000 training and 2,000 test images, short trainings), paper (all images, the trainings of Hjelm et al. 2019 where
they are known). With more than one seed accuracies have standard errors: of the mean over as many starts of the MLP, and by as many
bootstraps of the training images for the other probes, whose accuracy is that of one fit on all of them. Numbers do not depend on
--threads.";

/// A checkpoint of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Step(u64),
    Best,
}

fn which(text: &str) -> Result<Which, String> {
    match text {
        "best" => Ok(Which::Best),
        _ => text.parse().map(Which::Step).map_err(|_| "a step or best".into()),
    }
}

/// Where the encoder comes from.
#[derive(Debug, Args)]
pub struct Source {
    /// The run directory
    run: PathBuf,
    /// Step of the checkpoint, or best: the one whose own step has the best linear probe on Y [default: the newest]
    #[arg(long, value_name = "STEP", value_parser = which)]
    checkpoint: Option<Which>,
    /// Folder with the images, if they are not where the run had them
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// CPU threads, 1024 at most; 0: one per physical core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = threads)]
    pub threads: usize,
}

impl Source {
    fn open(&self, spinner: &ProgressBar) -> Result<Subject, mi::Error> {
        let said = spinner.clone();
        let step = match self.checkpoint {
            None => None,
            Some(Which::Step(step)) => Some(step),
            Some(Which::Best) => Some(train::best_of(&self.run).ok_or_else(|| {
                mi::Error::Input(format!(
                    "{}: no checkpoint of a step that was probed, so that none is the best",
                    self.run.display()
                ))
            })?),
        };
        Subject::open(&self.run, step, self.data.as_deref(), &move |text| said.set_message(text))
    }
}

#[derive(Debug, Args)]
#[command(long_about = ABOUT)]
pub struct EvalArgs {
    #[command(flatten)]
    pub source: Source,
    /// quick or paper
    #[arg(long, value_name = "NAME", default_value = "quick")]
    protocol: String,
    /// Parts of the report, parted by commas: probes, code, ndm, mine, reconstruction, factors [default: all]
    #[arg(long, value_name = "PARTS")]
    only: Option<String>,
    /// Seeds of the probes [default: quick 1, paper 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl EvalArgs {
    pub fn run(&self) -> Result<i32, Failure> {
        let protocol = Protocol::named(&self.protocol).map_err(failure)?;
        let sections = match &self.only {
            Some(text) => Section::list(text).map_err(failure)?,
            None => Section::ALL.to_vec(),
        };
        let spinner = spinner();
        let report = mi::on_big_stack(|| {
            let subject = self.source.open(&spinner)?;
            let (seeds, begun) = (self.seeds.unwrap_or(protocol.seeds), Instant::now());
            measure::evaluate(&subject, &protocol, &sections, seeds, &mut |progress| tell(&spinner, begun, progress))
        });
        spinner.finish_and_clear();
        let report = report.map_err(failure)?;
        let text = if self.json {
            serde_json::to_string_pretty(&report).map_err(|e| (FAILED, e.into()))? + "\n"
        } else {
            measure::table(&report)
        };
        print(&text).map_err(|e| (FAILED, e))?;
        Ok(0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Split {
    Train,
    Test,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    pub source: Source,
    /// The images
    #[arg(long, value_enum, default_value_t = Split::Test)]
    split: Split,
    /// Layers, parted by commas: conv, fc, y
    #[arg(long, value_name = "LAYERS", default_value = "conv,fc,y", value_delimiter = ',')]
    layers: Vec<String>,
    /// The file (.npz); one that is there is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl ExportArgs {
    pub fn run(&self) -> Result<i32, Failure> {
        let layers: Vec<Layer> = self.layers.iter().map(|name| Layer::named(name)).collect::<Result<_, _>>().map_err(failure)?;
        let split = match self.split {
            Split::Train => SplitName::Train,
            Split::Test => SplitName::Test,
        };
        room_for(&self.out)?;
        let spinner = spinner();
        let done = mi::on_big_stack(|| {
            let subject = self.source.open(&spinner)?;
            let mut images = 0;
            measure::export(&subject, split, &layers, &self.out, &mut |n| {
                images += n;
                spinner.set_message(format!("{images} images encoded"));
            })?;
            Ok((images, subject.step))
        });
        spinner.finish_and_clear();
        let (images, step) = done.map_err(failure)?;
        let text = format!("{images} images, encoder of step {step}, in {}\n", self.out.display());
        print(&text).context("the features are written").map_err(|e| (FAILED, e))?;
        Ok(0)
    }
}

/// On a terminal one line that changes: what is being done, and how long about it takes yet. Elsewhere a line for each part that is done.
fn tell(spinner: &ProgressBar, begun: Instant, progress: &Progress) {
    let seconds = begun.elapsed().as_secs_f64();
    let percent = 100.0 * progress.done;
    if spinner.is_hidden() {
        if let Some(part) = progress.finished {
            // Nobody may be reading any more.
            let _ = writeln!(io::stderr(), "{part} done: {percent:.0} % of the work, {seconds:.0} s");
        }
        return;
    }
    // The first pieces tell little of the rest.
    let left = if progress.done < 0.1 { String::new() } else { left(seconds * (1.0 / progress.done - 1.0)) };
    let more = progress.doing.len().saturating_sub(1);
    let beside = if more > 0 { format!(" and {more} more") } else { String::new() };
    if let Some(first) = progress.doing.first() {
        spinner.set_message(format!("{percent:.0} %{left}: {first}{beside},"));
    }
}

fn left(seconds: f64) -> String {
    if seconds < 90.0 { format!(", about {seconds:.0} s left") } else { format!(", about {:.0} minutes left", seconds / 60.0) }
}

/// What is being done, on a terminal.
fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}").unwrap_or(ProgressStyle::default_spinner()));
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    bar
}
