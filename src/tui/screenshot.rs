//! A picture of the workbench from a recorded run, drawn through the same view as the live screen.

use std::{fs, path::Path};

use anyhow::Context;
use serde::de::DeserializeOwned;

use super::{
    app::{App, ChartId, Mode, Panel},
    layout, svg,
    view::{self, probes::Looking},
};
use crate::{config, record::Summary};

/// Draws the run in `run_dir` on a screen of `width` × `height` characters, as SVG. `panel` is `loss`, `mi`, `accuracy`
/// (that chart in full screen), `probes`, `help`, or `None` for the whole workbench.
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
        Some("help") => app.mode = Mode::Help { scroll: 0 },
        Some(other) => anyhow::bail!("unknown panel '{other}': loss, mi, accuracy, probes or help"),
    }
    Ok(svg::render(&view::draw_to_buffer(&app, width, height), "dim-tui"))
}

fn zoom(app: &mut App, id: ChartId) {
    app.zoom = Some(id);
    app.focus = Panel::Chart(id);
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
