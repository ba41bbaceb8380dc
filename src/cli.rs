//! The command line: flags are shorthands of config keys, everything else is the config's business.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  dim-tui                                              train the small default on the built-in shapes, live
  dim-tui --config configs/cifar10-quick.toml --data DIR     the same on CIFAR-10; edit the file while it runs
  dim-tui --batch --set objective.estimator=infonce --set optim.steps=500 --out runs/nce
  dim-tui --batch --config runs/nce/replay.toml        repeat a run, with every change made during it
  dim-tui --resume runs/nce --set optim.steps=2000     go on where it stopped

Exit codes: 0 done; 1 failed while running; 2 bad usage, config or data; 3 stopped by a non-finite loss;
128+n stopped by signal n.";

/// A terminal workbench for Deep InfoMax: learn representations by mutual-information maximisation.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub struct Cli {
    /// The run's configuration (TOML); watched and reloaded when saved.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Set a config key, e.g. `--set optim.lr=1e-4`; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,

    /// Folder with the images (data.dir).
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// The run directory itself; must be empty or new.
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    pub out: Option<PathBuf>,

    /// auto or cpu (run.device).
    #[arg(long)]
    pub device: Option<String>,

    /// CPU threads; 0: one per physical core (run.threads).
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,

    /// Train without the workbench: plain progress, same numbers.
    #[arg(long)]
    pub batch: bool,

    /// Continue the run in this directory from its newest checkpoint.
    #[arg(long, value_name = "RUN", conflicts_with = "config")]
    pub resume: Option<PathBuf>,

    /// Colours of the workbench; `auto` obeys NO_COLOR.
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,

    #[command(subcommand)]
    pub command: Option<Verb>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Print the JSON schema of the config, with live or restart for each key.
    Schema,
    /// Print a completion script for a shell.
    Completions { shell: clap_complete::Shell },
    /// Draw a recorded run as the workbench shows it, as SVG on standard output.
    Screenshot {
        /// A run directory.
        run: PathBuf,
        #[arg(long, default_value_t = 120)]
        width: u16,
        #[arg(long, default_value_t = 40)]
        height: u16,
        /// One panel full screen: loss, mi, accuracy or help.
        #[arg(long)]
        panel: Option<String>,
    },
}

impl Cli {
    /// `--set` values with the shorthands behind them: the flag named last on no particular side wins nothing special,
    /// a flag is simply a set.
    pub fn all_sets(&self) -> Vec<String> {
        let quoted = |key: &str, value: &str| format!("{key}={}", toml::Value::String(value.into()));
        let mut sets = self.sets.clone();
        sets.extend(self.data.as_ref().map(|d| quoted("data.dir", &d.to_string_lossy())));
        sets.extend(self.device.as_ref().map(|d| quoted("run.device", d)));
        sets.extend(self.threads.map(|n| format!("run.threads={n}")));
        sets
    }
}
