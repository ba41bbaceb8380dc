//! The command line: flags as shorthands of config keys, and the verbs. Knows no training; `main` carries it out.

mod consistency;
mod estimate;
mod evaluate;
mod gpu_check;
pub mod lesson;
mod look;
mod mi_bench;
mod mutual;
mod report;
mod screenshot;
pub mod sweep;

use std::{
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use clap::{Args, CommandFactory, Parser, Subcommand, builder::PossibleValuesParser};
use clap_complete::Shell;
use dim_tui::{
    batch,
    config::{self, Config, ConfigError},
    mi,
    train::Options,
    tui,
};
use toml::Value;

use look::{Images, Marker, When};

const EXAMPLES: &str = "\
Examples:
  dim-tui                                            open the workbench on the built-in shapes, offline
  dim-tui --config configs/cifar10-quick.toml --data DIR
                                                     the same on CIFAR-10; save the file to change the running job
  dim-tui --set objective.estimator=infonce --set optim.lr=3e-4
                                                     change any key of the config
  dim-tui --batch --set optim.steps=500 --out RUN    train without a screen into the folder RUN
  dim-tui --batch --config RUN/replay.toml           repeat a run, live changes and all
  dim-tui --resume RUN                               go on from the newest checkpoint of RUN
  dim-tui --batch --config configs/sweep-negatives.toml --out DIR --jobs 2
                                                     the runs of a [sweep], and a table; again: what is missing
  dim-tui estimate --estimator infonce --joint J.npy --marginal M.npy
                                                     what an estimator makes of scores of your own
  dim-tui mi --x X.npy --y Y.csv                     the mutual information of two arrays
  dim-tui mi-bench --seeds 5                         how far each estimator is from a known truth
  dim-tui mi-bench --consistency                     whether its estimates on images agree with each other
  dim-tui eval RUN                                   what the encoder of a run has learned
  dim-tui export RUN --split test --out F.npz        its features, for NumPy
  dim-tui report RUN --out report.html               a page of a run, or of several beside each other
  dim-tui --lesson negatives                         a guided experiment beside the charts; dim-tui lessons lists them
  dim-tui schema                                     every key, with its default and whether it can change live

Exit codes: 0 done; 1 failed while running; 2 bad usage, config or data; 3 stopped by a non-finite loss;
128+n stopped by signal n, after a checkpoint.";

/// Exit codes: see `batch::exit_code`.
pub const FAILED: i32 = 1;
pub const BAD_USAGE: i32 = 2;
const DIVERGED: i32 = 3;

/// An exit code and what to say.
pub type Failure = (i32, anyhow::Error);

/// A terminal workbench for learning representations by mutual-information maximisation (Deep InfoMax).
#[derive(Debug, Parser)]
#[command(name = "dim-tui", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub verb: Option<Verb>,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// Config file (TOML). It is watched: a save changes the running job
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set a key, e.g. optim.lr=3e-4 (a TOML value, else text); may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Folder with the images (data.dir)
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The run directory itself: new or empty [default: a dated one in run.dir]
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    pub out: Option<PathBuf>,
    /// Device to compute on: auto, cpu, cuda, cuda:N or metal (run.device)
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<String>,
    /// CPU threads; 0: one per physical core (run.threads)
    #[arg(long, value_name = "N")]
    pub threads: Option<u32>,
    /// Train without a screen
    #[arg(long)]
    pub batch: bool,
    /// Go on with the run in this directory, from its newest checkpoint
    #[arg(long, value_name = "RUN", conflicts_with = "config")]
    pub resume: Option<PathBuf>,
    /// Colour in the workbench
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: When,
    /// How pictures are shown; in half blocks without colour, and where nothing better is known
    #[arg(long, value_enum, value_name = "HOW", default_value = "auto")]
    pub images: Images,
    /// Colours of the workbench, over what ui.toml says [default: colour-blind]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(tui::theme::names()))]
    pub theme: Option<String>,
    #[command(flatten)]
    pub lesson: lesson::LessonArgs,
    /// What curves are drawn with, over what ui.toml says: octants take a font and a terminal with Unicode 16, blocks and dots do without
    /// braille [default: braille]
    #[arg(long, value_enum, value_name = "HOW")]
    pub marker: Option<Marker>,
    #[command(flatten)]
    pub sweep: sweep::SweepArgs,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Estimate mutual information from critic scores in two .npy files
    Estimate(estimate::EstimateArgs),
    /// Estimate the mutual information of two arrays
    Mi(mutual::MiArgs),
    /// Compare estimators with distributions whose mutual information is known, or with themselves on images
    MiBench(mi_bench::MiBenchArgs),
    /// Measure what a run's encoder has learned
    Eval(evaluate::EvalArgs),
    /// Write a run's features into an .npz file
    Export(evaluate::ExportArgs),
    /// Make a page of recorded runs, alone or compared; also a picture or a table
    Report(report::ReportArgs),
    /// Print the JSON schema of the config, with live or restart for every key
    Schema,
    /// Print a completion script
    Completions { shell: Shell },
    /// Draw a recorded run as the workbench shows it, as SVG
    Screenshot(screenshot::ScreenshotArgs),
    /// Compare a GPU with the CPU, and time training steps on it
    GpuCheck(gpu_check::GpuCheckArgs),
    /// List the lessons: guided experiments in the workbench
    Lessons,
}

impl Verb {
    /// Carries the verb out; its exit code.
    ///
    /// # Errors
    /// What went wrong, with the exit code that says whose it is to mend.
    pub fn run(&self) -> Result<i32, Failure> {
        match self {
            Verb::Estimate(args) => args.run(),
            Verb::Mi(args) => args.run(),
            Verb::MiBench(args) => args.run(),
            Verb::Eval(args) => args.run(),
            Verb::Export(args) => args.run(),
            Verb::Report(args) => args.run(),
            Verb::Screenshot(args) => args.run(),
            Verb::GpuCheck(args) => args.run(),
            other => other.show().map(|()| 0).map_err(|e| (FAILED, e)),
        }
    }

    /// CPU threads it computes with.
    pub fn threads(&self) -> usize {
        match self {
            Verb::Mi(args) if args.threads > 0 => args.threads,
            Verb::MiBench(args) if args.threads > 0 => args.threads,
            Verb::Eval(args) if args.source.threads > 0 => args.source.threads,
            Verb::Export(args) if args.source.threads > 0 => args.source.threads,
            _ => physical_cores(),
        }
    }

    /// Prints what the verb makes.
    fn show(&self) -> anyhow::Result<()> {
        match self {
            Verb::Estimate(_) | Verb::Mi(_) | Verb::MiBench(_) | Verb::Eval(_) | Verb::Export(_) | Verb::Report(_) => Ok(()),
            Verb::Screenshot(_) | Verb::GpuCheck(_) => Ok(()),
            Verb::Lessons => lesson::list(),
            Verb::Schema => print(&(serde_json::to_string_pretty(&config::json_schema())? + "\n")),
            Verb::Completions { shell } => {
                let mut text = Vec::new();
                clap_complete::generate(*shell, &mut Cli::command(), "dim-tui", &mut text);
                print(&String::from_utf8_lossy(&text))
            }
        }
    }
}

/// An error of `mi`, with the exit code for whose it is to mend.
fn failure(error: mi::Error) -> Failure {
    (if error.is_input() { BAD_USAGE } else { FAILED }, error.into())
}

/// A number of threads that a machine can have: as `run.threads`.
fn threads(text: &str) -> Result<usize, String> {
    const MOST: usize = 1024;
    text.parse().ok().filter(|n| *n <= MOST).ok_or_else(|| format!("it takes a whole number from 0 to {MOST}"))
}

/// Refuses a file that cannot be written before the work that it is for, and not after it.
fn room_for(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let wrong = if path.is_dir() {
        "it is a folder; name a file in it".to_owned()
    } else if !folder.is_dir() {
        format!("there is no folder {}", folder.display())
    } else {
        return Ok(());
    };
    Err((BAD_USAGE, anyhow!("cannot write {}: {wrong}", path.display())))
}

/// An error as the terminal may see it: one line, but for several faults in a config, which have a line each.
pub fn told(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    match error.downcast_ref() {
        Some(ConfigError::Several(_)) => text.lines().map(batch::plain).collect::<Vec<_>>().join("\n"),
        _ => batch::plain(&text),
    }
}

/// Says something on standard error; nobody may be reading any more.
fn warn(text: &str) {
    let _ = writeln!(io::stderr(), "warning: {}", batch::plain(text));
}

/// Prints to standard output; a reader that has had enough is no error.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(e).context("cannot write to standard output"),
        _ => Ok(()),
    }
}

impl RunArgs {
    /// The configuration these flags ask for, with `data.dir` absolute.
    ///
    /// # Errors
    /// Everything here is the user's to mend (exit code 2).
    pub fn load(&self) -> anyhow::Result<Config> {
        let file = match &self.resume {
            Some(run) => Some(Self::own_config(run)?),
            None => self.config_file(),
        };
        let mut config = lesson::load(&self.lesson, file.as_deref(), &self.set)?;
        for (flag, key, value) in self.shorthands()? {
            config = config.with(&[(key.to_owned(), value)]).map_err(|e| anyhow!("{flag}: {e}"))?;
        }
        if let (Some(dir), "shapes") = (&self.data, config.data.name.as_str()) {
            bail!(
                "--data {}: the built-in shapes need no folder; name the images too, e.g. --set data.name=cifar10",
                dir.display()
            );
        }
        if !config.data.dir.as_os_str().is_empty() {
            config.data.dir = std::path::absolute(&config.data.dir).context("data.dir")?;
        }
        Ok(config)
    }

    /// The config file, also if it was named as a lesson: it is watched.
    pub fn config_file(&self) -> Option<PathBuf> {
        self.config.clone().or_else(|| self.lesson.file())
    }

    /// Where estimator scripts are looked for: beside the config (of a resumed run: in it), here, then the usual places.
    fn script_folders(&self) -> Vec<PathBuf> {
        let beside = self.resume.clone().or_else(|| Some(self.config_file()?.parent()?.to_owned()));
        let own = dirs::config_dir().map(|dir| dir.join("dim-tui/estimators"));
        beside.into_iter().chain([PathBuf::new(), "estimators/scripts".into()]).chain(own).collect()
    }

    /// Flags that stand for a key.
    fn shorthands(&self) -> anyhow::Result<Vec<(&'static str, &'static str, Value)>> {
        let mut found = Vec::new();
        if let Some(dir) = &self.data {
            found.push(("--data", "data.dir", Value::String(utf8(dir)?)));
        }
        if let Some(device) = &self.device {
            found.push(("--device", "run.device", Value::String(device.clone())));
        }
        if let Some(threads) = self.threads {
            found.push(("--threads", "run.threads", Value::Integer(threads.into())));
        }
        Ok(found)
    }

    /// How the trainer begins.
    ///
    /// # Errors
    /// If a `--set` cannot be read (exit code 2).
    pub fn options(&self) -> anyhow::Result<Options> {
        let mut set = Vec::new();
        if self.resume.is_some() {
            for text in &self.set {
                set.push(config::parse_set(text)?);
            }
            set.extend(self.shorthands()?.into_iter().map(|(_, key, value)| (key.to_owned(), value)));
        }
        let script_folders = self.script_folders();
        Ok(Options { out: self.out.clone(), resume: self.resume.clone(), set, script_folders, interactive: !self.batch })
    }
}

fn utf8(path: &Path) -> anyhow::Result<String> {
    OsString::from(path).into_string().map_err(|_| anyhow!("--data: {} is not UTF-8 text", path.display()))
}

/// `config` with its threads counted, if it leaves them to us.
pub fn with_threads(mut config: Config) -> Config {
    if config.run.threads == 0 {
        config.run.threads = physical_cores();
    }
    config
}

/// Cores for heavy arithmetic: sibling threads share their units. Never more than this process may use.
fn physical_cores() -> usize {
    let usable = std::thread::available_parallelism().map_or(1, usize::from);
    num_cpus::get_physical().clamp(1, usable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<RunArgs, clap::Error> {
        Cli::try_parse_from(std::iter::once("dim-tui").chain(line.split_whitespace())).map(|cli| cli.run)
    }

    #[test]
    fn the_command_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_are_shorthands_of_keys_and_win_over_set() {
        let args = parse(
            "--set run.threads=3 --set data.name=cifar10 --threads 2 --data some/true --device cpu --set objective.estimator=dv",
        );
        let config = args.unwrap().load().unwrap();
        assert_eq!(config.run.threads, 2);
        assert_eq!(config.data.dir, std::path::absolute("some/true").unwrap());
        assert_eq!((config.run.device.as_str(), config.objective.estimator.as_str()), ("cpu", "dv"));
        let config = parse("--set data.name=cifar10 --data true").unwrap().load().unwrap();
        assert_eq!(config.data.dir.file_name().unwrap(), "true", "a folder's name is never another TOML value");
        assert!(config.run.threads == 0 && with_threads(config).run.threads >= 1, "0 is counted");
    }

    #[test]
    fn a_bad_value_names_the_flag() {
        let error = parse("--device tpu").unwrap().load().unwrap_err().to_string();
        assert!(error.starts_with("--device: ") && error.contains("tpu"), "{error}");
        let error = parse("--set objective.locl.weight=1").unwrap().load().unwrap_err().to_string();
        assert!(error.contains("did you mean 'objective.local.weight'?"), "{error}");
    }

    #[test]
    fn resume_goes_alone() {
        assert!(parse("--resume x --config y").is_err());
        assert!(parse("--resume x --out y").is_err());
        assert!(parse("--resume x --set optim.steps=9 --batch").is_ok());
        let error = parse("--resume no/such/run").unwrap().load().unwrap_err().to_string();
        assert_eq!(error, "no/such/run is not a run: it has no config.toml");
    }

    #[test]
    fn resume_takes_the_runs_own_config() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { seed: 42, ..Config::default() };
        std::fs::write(dir.path().join("config.toml"), config.to_toml()).unwrap();
        let line = format!("--resume {} --set optim.steps=9", dir.path().display());
        let config = parse(&line).unwrap().load().unwrap();
        assert_eq!((config.seed, config.optim.steps), (42, 9));
    }

    #[test]
    fn completions_know_the_flags() {
        let mut text = Vec::new();
        clap_complete::generate(Shell::Bash, &mut Cli::command(), "dim-tui", &mut text);
        assert!(String::from_utf8(text).unwrap().contains("--resume"));
    }
}
