//! Parse, validate, run one mode, say what went wrong.

mod cli;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use clap::{CommandFactory, Parser};
use cli::{Cli, ColorChoice, Verb};
use dim_tui::{batch, config, train::Options, tui};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let code = run(&cli).unwrap_or_else(|e| {
        let _ = writeln!(io::stderr(), "error: {e:#}");
        2
    });
    ExitCode::from(code as u8)
}

/// The exit code; an error is bad usage, config or data.
fn run(cli: &Cli) -> anyhow::Result<i32> {
    if let Some(verb) = &cli.command {
        return print(verb);
    }
    let file = cli.resume.as_ref().map(|run| run.join("config.toml")).or_else(|| cli.config.clone());
    let config = config::load(file.as_deref(), &cli.all_sets())?;
    set_threads(config.run.threads);
    let options = Options { out: cli.out.clone(), resume: cli.resume.clone(), interactive: !cli.batch };
    if cli.batch {
        return batch::run(config, options, cli.config.as_deref());
    }
    anyhow::ensure!(
        io::stdin().is_terminal() && io::stdout().is_terminal(),
        "the workbench needs a terminal; use --batch to train without one"
    );
    let color = match cli.color {
        ColorChoice::Auto => tui::Color::Auto,
        ColorChoice::Always => tui::Color::Always,
        ColorChoice::Never => tui::Color::Never,
    };
    tui::run(config, options, cli.config.clone(), color)
}

fn print(verb: &Verb) -> anyhow::Result<i32> {
    let text = match verb {
        Verb::Schema => format!("{:#}\n", config::json_schema()),
        Verb::Screenshot { run, width, height, panel } => tui::screenshot(run, *width, *height, panel.as_deref())?,
        Verb::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "dim-tui", &mut io::stdout());
            return Ok(0);
        }
    };
    // A reader that has seen enough (`| head`) is no error.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(0)
}

/// Candle re-reads these at every product, and without them parses /proc/cpuinfo each time. Its pool for elementwise work
/// spins while it waits, which costs more than it gains beside our own kernels (measured: a fifth of a step): one thread.
fn set_threads(threads: usize) {
    let threads = if threads == 0 { batch::physical_cores() } else { threads }.to_string();
    for (name, value) in [("RAYON_NUM_THREADS", threads.as_str()), ("CANDLE_NUM_THREADS", "1")] {
        // SAFETY: called once, before any other thread exists.
        unsafe { std::env::set_var(name, value) };
    }
}
