//! `dim-tui mi`: two arrays in, estimates of their mutual information out.

use std::{fmt::Write, path::PathBuf};

use clap::{Args, ValueEnum};
use dim_tui::mi::{self, Choice, CriticKind, Measured, Samples, Settings};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{DIVERGED, FAILED, Failure, failure, print, threads, warn};

const ABOUT: &str = "\
Estimates the mutual information of two arrays, row i of X with row i of Y, in nats.

Each file is .npy ([n] or [n, d]) or text: one row a line, numbers parted by commas, semicolons or tabs, the first line may be names.
Columns are standardised. The seed shuffles the pairs: 70 % train a critic for each estimator, 10 % choose its best state, and 20 %
are held out. The estimates are of these. `low` and `high` are the ends of a 95 % interval from the spread over groups of held-out
batches (a jackknife). It covers what other held-out pairs would change, and neither a critic that has not learnt all there is nor
the bias of an estimator. An estimate is null where it is not finite; the note says why.

The same arrays, seed, options, build and number of threads give the same bytes.";

#[derive(Debug, Args)]
#[command(long_about = ABOUT)]
pub struct MiArgs {
    /// First variable: .npy, [n] or [n, d], or CSV
    #[arg(long, value_name = "FILE")]
    x: PathBuf,
    /// Second variable, row for row
    #[arg(long, value_name = "FILE")]
    y: PathBuf,
    /// Estimators, parted by commas, with options as in smile:tau=1; all: each that gives nats
    #[arg(long, value_name = "NAMES", default_value = "infonce,dv,jsd,smile")]
    estimator: String,
    /// Steps of training for each critic
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Seed of split, initial values and batches
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Pairs in a batch, 2 to 4096; the others of its batch are the negatives of a pair
    #[arg(long, value_name = "N", default_value_t = 128)]
    batch: usize,
    /// How x and y meet in the critic
    #[arg(long, value_enum, default_value_t = Critic::Separable)]
    critic: Critic,
    /// CPU threads, 1024 at most; 0: one per physical core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = threads)]
    pub threads: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The critics of `mi` and `mi-bench`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Critic {
    /// g(x)·h(y) of two networks
    Separable,
    /// One network of both; a batch costs its square
    Joint,
}

impl From<Critic> for CriticKind {
    fn from(critic: Critic) -> Self {
        match critic {
            Critic::Separable => Self::Separable,
            Critic::Joint => Self::Joint,
        }
    }
}

/// A bar on standard error, if that is a terminal.
pub fn bar(steps: u64) -> ProgressBar {
    // indicatif draws nothing where nobody looks.
    let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr_with_hz(5));
    bar.with_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} {eta}").unwrap_or(ProgressStyle::default_bar()))
}

impl MiArgs {
    pub fn run(&self) -> Result<i32, Failure> {
        let choices = Choice::list(&self.estimator).map_err(failure)?;
        let x = Samples::read(&self.x).map_err(failure)?;
        let y = Samples::read(&self.y).map_err(failure)?;
        let settings = Settings { seed: self.seed, steps: self.steps, batch: self.batch, critic: self.critic.into() };
        let bar = bar(self.steps.saturating_mul(mi::trainings(&choices) as u64));
        let found = mi::on_big_stack(|| mi::measure(&x, &y, &choices, settings, &mut || bar.inc(1)));
        bar.finish_and_clear();
        let found = found.map_err(failure)?;
        found.warnings.iter().for_each(|text| warn(text));
        let text =
            if self.json { serde_json::to_string_pretty(&found).map_err(|e| (FAILED, e.into()))? + "\n" } else { human(&found) };
        print(&text).map_err(|e| (FAILED, e))?;
        Ok(if found.estimates.iter().all(|e| e.nats.is_none()) { DIVERGED } else { 0 })
    }
}

/// A table, and what each number is below it.
fn human(found: &Measured) -> String {
    let width = found.estimates.iter().map(|e| e.estimator.len()).max().unwrap_or(0).max("estimator".len());
    let number = |v: Option<f64>| v.map_or("-".into(), |v| format!("{v:.3}"));
    let mut text = format!(
        "{} pairs, {} of them held out; nats, with 95 % interval over held-out batches\n\n{:<width$}  {:>9}  {:>9}  {:>9}  {:>9}\n",
        found.pairs, found.held_out, "estimator", "nats", "low", "high", "ceiling"
    );
    // Writing to a String cannot fail.
    for e in &found.estimates {
        let [nats, low, high, ceiling] = [e.nats, e.low, e.high, e.ceiling].map(number);
        let _ = writeln!(text, "{:<width$}  {nats:>9}  {low:>9}  {high:>9}  {ceiling:>9}", e.estimator);
    }
    text.push('\n');
    for e in &found.estimates {
        let _ = writeln!(text, "{:<width$}  {}", e.estimator, e.note);
        if let Some(guaranteed) = e.nats_guaranteed {
            let _ =
                writeln!(text, "{:<width$}  its divergence less 2 standard errors guarantees {} nats", "", number(guaranteed));
        }
    }
    text
}
