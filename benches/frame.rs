//! Time to draw one frame of the workbench from a long run, with every core kept busy: `cargo bench --bench frame`.
//!
//! One JSON line a size, for a run of 20,000 recorded steps, one of a million, and that one with four others of a million steps laid over
//! it, smoothed: milliseconds at the median, the 95th percentile and the worst of 300 frames. It is the drawing into ratatui's buffer;
//! `benches/screen.py` measures the whole program in a pseudo-terminal.

use std::{
    path::PathBuf,
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
    train::{History, Phase, Snapshot},
    tui::{
        app::App,
        draw_to_buffer,
        runs::{Curves, Overlay},
        theme::Theme,
    },
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const STEPS: u64 = 20_000;
const MANY: u64 = 1_000_000;
const OVERLAYS: usize = 4;
const FRAMES: usize = 300;

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

fn main() {
    let rows: Vec<StepRow> = (1..=STEPS).map(row).collect();
    let long = long();
    let apps = [
        ("20,000 steps", App::from_recording(Config::default(), &rows, &[], &[])),
        ("a million steps, 4 other runs, smoothed", compared(&long)),
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
            for (width, height) in [(80, 24), (160, 45), (200, 60)] {
                frames(what, app, width, height);
            }
        }
        busy.store(false, Ordering::Relaxed);
    });
}

fn frames(what: &str, app: &App, width: u16, height: u16) {
    let mut times: Vec<f64> = (0..FRAMES)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(draw_to_buffer(app, width, height));
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
