//! Time to draw one frame of the workbench from a long run, with every core kept busy: `cargo bench --bench frame`.
//!
//! One JSON line a size, for a run of 20,000 recorded steps, one of a million, that one with four others of a million steps laid over
//! it, smoothed, the same over training time, and a run that trains meanwhile: milliseconds at the median, the 95th percentile and the worst of
//! 300 frames. It is the drawing into ratatui's buffer; `benches/screen.py` measures the whole program in a pseudo-terminal.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};

use dim_tui::{
    config::Config,
    record::{PerTerm, StepRow, TermLosses},
    train::{Command, History, Options, Phase, Session, Snapshot, StopReason, history::Axis},
    tui::{
        app::App,
        draw_to_buffer,
        runs::{Curves, Overlay},
        theme::Theme,
    },
};

use ratatui::buffer::Buffer;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const STEPS: u64 = 20_000;
const MANY: u64 = 1_000_000;
const OVERLAYS: usize = 4;
const FRAMES: usize = 300;
const SIZES: [(u16, u16); 3] = [(80, 24), (160, 45), (200, 60)];

fn row(step: u64) -> StepRow {
    let wave = (step as f64 * 0.37).sin();
    StepRow {
        step,
        seconds: step as f64 * 0.1,
        epoch: Some(step as f64 / 128.0),
        examples_per_second: 640.0,
        loss: 1.2 + 0.2 * wave,
        terms: TermLosses { global: None, local: Some(1.1 + 0.1 * wave), prior: Some(0.7), discriminator: Some(1.3) },
        mi: PerTerm { global: None, local: Some(0.5 + 0.4 * wave) },
        ceiling: PerTerm { global: None, local: Some(4.16) },
        estimator: PerTerm { global: None, local: Some("jsd".into()) },
        negatives: PerTerm { global: None, local: Some(63) },
        lr: 1e-4,
        grad_norm: 1.0,
        arena: None,
    }
}

fn history(steps: u64) -> History {
    let history = History::default();
    (1..=steps).for_each(|step| history.push_step(&row(step)));
    history
}

/// A run of a million recorded steps.
fn long() -> App {
    let config = Arc::new(Config::default());
    let live = Snapshot { phase: Phase::Training, step: MANY, last: Some(Arc::new(row(MANY))), ..Snapshot::starting(config) };
    App::new(Theme::colour(), Arc::new(live), Arc::new(history(MANY)), None)
}

/// The same with others behind it.
fn compared(long: &App) -> App {
    let mut app = long.clone();
    for place in 0..OVERLAYS {
        let curves = Curves { history: history(MANY), config: Config::default(), estimators: Default::default() };
        let path = PathBuf::from(format!("runs/2026-11-24-10150{place}-shapes"));
        app.runs.overlays.push(Overlay { path, place, fork: None, curves: Some(Arc::new(curves)) });
    }
    app.smooth = true;
    app
}

/// A small run that trains beside the drawing, as it does under the workbench.
fn training(folder: &Path) -> anyhow::Result<Session> {
    let small = ["optim.batch = 16", "encoder.width = 4", "encoder.fc = 16", "critic.units = 16", "data.train_limit = 256"];
    let endless = ["optim.steps = 100000000", "probe.every = 0", "checkpoint.every = 0"];
    let file = folder.join("config.toml");
    std::fs::write(&file, [&small[..], &endless].concat().join("\n"))?;
    let options = Options { out: Some(folder.join("run")), interactive: true, ..Options::default() };
    Ok(Session::start(dim_tui::config::load(Some(&file), &[])?, options)?)
}

/// Frames of the training run, each with what it has come to by then.
fn while_training() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let session = training(folder.path())?;
    let started = Instant::now();
    while session.history.span().is_none_or(|(_, last)| last < 100) {
        anyhow::ensure!(started.elapsed().as_secs() < 300, "no training step was taken in 300 s");
        thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut app = App::new(Theme::colour(), session.snapshot.load_full(), session.history.clone(), None);
    for (width, height) in SIZES {
        frames("while training", width, height, || {
            app.live = session.snapshot.load_full();
            draw_to_buffer(&app, width, height)
        });
    }
    // A trainer that is gone already has stopped.
    let _ = session.commands.send(Command::Stop(StopReason::Quit));
    session.join();
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let rows: Vec<StepRow> = (1..=STEPS).map(row).collect();
    let long = long();
    let compared = compared(&long);
    let mut over_time = compared.clone();
    over_time.sight.axis = Axis::Time;
    let apps = [
        ("20,000 steps", App::from_recording(Config::default(), &rows, &[], &[])),
        ("a million steps, 4 other runs, smoothed", compared),
        ("a million steps, 4 other runs, smoothed, over time", over_time),
        ("a million steps", long),
    ];
    let busy = AtomicBool::new(true);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, |n| n.get()) {
            scope.spawn(|| {
                let mut x = 1.0f64;
                while busy.load(Ordering::Relaxed) {
                    (0..10_000).for_each(|_| x = std::hint::black_box(x * 1.000_001 + 1e-9));
                }
            });
        }
        for (what, app) in &apps {
            for (width, height) in SIZES {
                frames(what, width, height, || draw_to_buffer(app, width, height));
            }
        }
        busy.store(false, Ordering::Relaxed);
    });
    while_training()
}

fn frames(what: &str, width: u16, height: u16, mut draw: impl FnMut() -> Buffer) {
    let mut times: Vec<f64> = (0..FRAMES)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(draw());
            1e3 * start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "{{\"run\": \"{what}\", \"size\": \"{width}x{height}\", \"median_ms\": {:.2}, \"p95_ms\": {:.2}, \"worst_ms\": {:.2}}}",
        times[FRAMES / 2],
        times[FRAMES * 95 / 100],
        times[FRAMES - 1]
    );
}
