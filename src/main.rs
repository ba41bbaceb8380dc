//! `dim-tui`: parse the command line, load and check the config, run one mode, print `error: ...`.

mod cli;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use anyhow::bail;
use clap::Parser;
use cli::{BAD_USAGE, Cli, FAILED, Failure};
use dim_tui::{batch, tui};

/// A training step maps and unmaps big temporaries at every operation; this one keeps them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    outlive_file_limits();
    let code = run(&Cli::parse()).unwrap_or_else(|(code, error)| {
        // Nobody may be reading any more.
        let _ = writeln!(io::stderr(), "error: {}", cli::told(&error));
        code
    });
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}

fn run(cli: &Cli) -> Result<i32, Failure> {
    if let Some(verb) = &cli.verb {
        set_threads(verb.threads());
        return verb.run();
    }
    let args = &cli.run;
    let config = args.load().map_err(|e| (BAD_USAGE, e))?;
    if let Some(asked) = args.sweep(&config).map_err(|e| (BAD_USAGE, e))? {
        return cli::sweep::run(asked);
    }
    let config = cli::with_threads(config);
    let options = args.options().map_err(|e| (BAD_USAGE, e))?;
    set_threads(config.run.threads);
    if args.batch {
        return Ok(batch::run(config, options, args.config.clone(), args.sweep.led));
    }
    needs_terminal().map_err(|e| (BAD_USAGE, e))?;
    let look = tui::Look { color: args.color.into(), images: args.images.into(), marker: args.marker.into() };
    tui::run(config, options, args.config.clone(), look).map_err(|e| (FAILED, e))
}

/// Candle reads these at every matrix product, and without them `/proc/cpuinfo`. Its pool for elementwise work spins while
/// it waits, which costs more than it gains beside our own kernels (measured: a quarter of a step): it gets one thread.
fn set_threads(threads: usize) {
    for (name, value) in [("RAYON_NUM_THREADS", threads.to_string()), ("CANDLE_NUM_THREADS", "1".into())] {
        // SAFETY: no other thread has been started yet, so none can be reading the environment.
        unsafe { std::env::set_var(name, value) };
    }
}

/// A file that may not grow any more (`ulimit -f`) is a warning like a full disk, not a reason to be killed.
fn outlive_file_limits() {
    // If the signal cannot be caught, the program is no worse off than any other.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
}

fn needs_terminal() -> anyhow::Result<()> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        bail!("the workbench needs a terminal: use --batch to train without one");
    }
    Ok(())
}
