//! A picture of the workbench from a recorded run, drawn through the same view as the live screen.

use std::{collections::VecDeque, fs, path::Path, sync::Arc};

use anyhow::Context;
use serde::de::DeserializeOwned;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{
    app::{App, ChartId, Mode, Panel},
    layout,
    message::{Done, Effect, Message},
    runs::{MOST, reader::answer},
    svg,
    update::update,
    view::{self, probes::Looking},
};
use crate::{
    config::{self, Config},
    record::Summary,
    train::{Facts, Snapshot},
};

/// Draws the run in `run_dir` on a screen of `width` × `height` characters, as SVG. `panel` is `loss`, `mi`, `accuracy`
/// (that chart in full screen), `probes`, `runs` (the list of those in the same folder), `compare` (they lie over the charts), `explain`
/// (the second chart), `tour`, `log`, `palette` (after `:nce`), `zoom` (the newest quarter), `help`, or `None` for the whole workbench.
///
/// # Errors
/// If a file of the run is missing or foreign, the panel is unknown, or the size is below the smallest screen.
pub fn screenshot(run_dir: &Path, width: u16, height: u16, panel: Option<&str>) -> anyhow::Result<String> {
    let (w, h) = layout::SMALLEST;
    anyhow::ensure!(
        (w..=1000).contains(&width) && (h..=500).contains(&height),
        "a picture takes at least {w}×{h} characters, at most 1000×500"
    );
    let mut app = load(run_dir)?;
    match panel {
        None => {}
        Some("loss") => zoom(&mut app, ChartId::Loss),
        Some("mi") => zoom(&mut app, ChartId::Information),
        Some("accuracy") => zoom(&mut app, ChartId::Accuracy),
        Some("probes") => app.mode = Mode::Probes(Looking::default()),
        Some("runs") => mark_others(&mut app, run_dir),
        Some("compare") => {
            mark_others(&mut app, run_dir);
            app.mode = Mode::Normal;
        }
        Some("explain") => {
            app.focus = Panel::Chart(app.charts()[1]);
            press(&mut app, KeyCode::Char('i'));
        }
        Some("tour") => super::tour::show(&mut app, 2),
        Some("log") => press(&mut app, KeyCode::Char('g')),
        Some("palette") => ":nce".chars().for_each(|c| press(&mut app, KeyCode::Char(c))),
        Some("zoom") => {
            app.focus = Panel::Chart(app.charts()[1]);
            "++".chars().for_each(|c| press(&mut app, KeyCode::Char(c)));
            app.notice = None;
        }
        Some("help") => app.mode = Mode::Help { scroll: 0 },
        Some(other) => anyhow::bail!(
            "unknown panel '{other}': loss, mi, accuracy, probes, runs, compare, explain, tour, log, palette, zoom or help"
        ),
    }
    Ok(svg::render(&view::draw_to_buffer(&app, width, height), "dim-tui"))
}

/// Writes the screen as it is to `screen-STEP.svg` in the run directory; to `screen-STEP-2.svg`, ... where that is there.
pub(super) fn keep(app: &App) -> Done {
    let dir = &app.live.facts.run_dir;
    if dir.as_os_str().is_empty() {
        return Done::Failed("there is no run directory for a picture yet".into());
    }
    let svg = svg::render(&view::draw_to_buffer(app, app.area.width, app.area.height), "dim-tui");
    let name = |n: u32| match n {
        1 => format!("screen-{}.svg", app.live.step),
        n => format!("screen-{}-{n}.svg", app.live.step),
    };
    let path = (1..).map(|n| dir.join(name(n))).find(|path| !path.exists()).unwrap_or_default();
    match fs::write(&path, svg) {
        Ok(()) => Done::Note(format!("picture of the screen: {}", path.display())),
        Err(e) => Done::Failed(format!("no picture: {}: {e}", path.display())),
    }
}

fn zoom(app: &mut App, id: ChartId) {
    app.zoom = Some(id);
    app.focus = Panel::Chart(id);
}

/// Opens the list of the runs in the folder of this one and marks as many as can be told apart.
fn mark_others(app: &mut App, run_dir: &Path) {
    // Those in `run.dir` are no concern of the picture.
    let mut config = (*app.live.config).clone();
    config.run.dir = run_dir.parent().unwrap_or(run_dir).to_owned();
    recorded_in(app, run_dir, config);
    press(app, KeyCode::Char('o'));
    for _ in 0..app.runs.rows.len().min(MOST) {
        press(app, KeyCode::Down);
        press(app, KeyCode::Char(' '));
    }
    press(app, KeyCode::Home);
    // Nor is where it lies on this machine.
    let config = (*app.live.config).clone();
    recorded_in(app, &Path::new("runs").join(run_dir.file_name().unwrap_or_default()), config);
}

fn recorded_in(app: &mut App, run_dir: &Path, config: Config) {
    let live = (*app.live).clone();
    let facts = Facts { run_dir: run_dir.to_owned(), ..(*live.facts).clone() };
    app.live = Arc::new(Snapshot { facts: Arc::new(facts), config: Arc::new(config), ..live });
}

/// A key, and whatever is to be read for it.
fn press(app: &mut App, code: KeyCode) {
    let key = KeyEvent::new(code, KeyModifiers::NONE);
    let mut effects = VecDeque::from(update(app, Message::Key(key)));
    while let Some(effect) = effects.pop_front() {
        if let Effect::Read(ask) = effect {
            answer(ask, &mut |found| {
                effects.extend(update(app, Message::Found(found)));
                true
            });
        }
    }
}

/// The state from a run directory.
fn load(run_dir: &Path) -> anyhow::Result<App> {
    let config = config::load(Some(&run_dir.join("config.toml")), &[])?;
    let steps = rows(&run_dir.join("metrics.jsonl"))?;
    let probes = rows(&run_dir.join("probes.jsonl"))?;
    let journal = rows(&run_dir.join("journal.jsonl"))?;
    let mut app = App::from_recording(config, &steps, &probes, &journal);
    let summary = fs::read(run_dir.join("summary.json")).ok().and_then(|text| serde_json::from_slice::<Summary>(&text).ok());
    if let Some(summary) = summary {
        app.describe(&summary);
    }
    Ok(app)
}

/// One row per line.
fn rows<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(i, line)| serde_json::from_str(line).with_context(|| format!("{}:{}: not a row of a run", path.display(), i + 1)))
        .collect()
}
