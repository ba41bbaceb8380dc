//! `dim-tui mi-bench --consistency`: estimators against themselves, on images.

use std::{collections::BTreeMap, fmt::Write, path::PathBuf};

use clap::Args;
use dim_tui::{
    data::{self, Dataset},
    mi::{
        self, Choice, CriticKind,
        consistency::{Plan, Report, Row},
    },
};

use super::{BAD_USAGE, DIVERGED, FAILED, Failure, failure, mutual::bar, print, warn};

/// Flags of this mode alone.
#[derive(Debug, Args)]
#[command(next_help_heading = "Self-consistency on images")]
pub struct ImageArgs {
    /// Report ratios that are known for images although their information is not
    #[arg(long)]
    pub consistency: bool,
    /// Which images: shapes, cifar10, mnist or fashion-mnist [default: shapes]
    #[arg(long, value_name = "NAME")]
    data_set: Option<String>,
    /// Folder with the images [default: the cache, then a download]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How many of its rows Y_t keeps [default: an eighth, a quarter and half of them]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    rows: Vec<usize>,
}

/// What it shares with the other modes of `mi-bench`.
pub struct Common {
    pub choices: Vec<Choice>,
    pub critic: CriticKind,
    pub steps: u64,
    pub batch: usize,
    pub seed: u64,
    pub seeds: u64,
    pub json: bool,
}

impl ImageArgs {
    /// The first flag given that needs `--consistency`.
    pub fn given(&self) -> Option<&'static str> {
        let given = [("--data-set", self.data_set.is_some()), ("--data", self.data.is_some()), ("--rows", !self.rows.is_empty())];
        given.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }

    pub fn run(&self, common: Common) -> Result<i32, Failure> {
        let images = self.load()?;
        let Common { choices, critic, steps, batch, seed, seeds, json } = common;
        let plan = Plan { images: &images, rows: self.rows.clone(), steps, batch, seeds, first_seed: seed, critic };
        let plan = plan.checked().map_err(failure)?;
        let bar = bar(plan.all_steps(&choices));
        let found = mi::on_big_stack(|| mi::consistency::run(&plan, &choices, &mut || bar.inc(1)));
        bar.finish_and_clear();
        let found = found.map_err(failure)?;
        found.warnings.iter().for_each(|text| warn(text));
        let text =
            if json { serde_json::to_string_pretty(&found).map_err(|e| (FAILED, e.into()))? + "\n" } else { human(&found) };
        print(&text).map_err(|e| (FAILED, e))?;
        Ok(if found.rows.iter().all(|row| row.nats.is_none()) { DIVERGED } else { 0 })
    }

    fn load(&self) -> Result<Dataset, Failure> {
        let name = self.data_set.as_deref().unwrap_or("shapes");
        if let (Some(dir), "shapes") = (&self.data, name) {
            let dir = dir.display();
            let why = format!("--data {dir}: the built-in shapes need no folder; name the images too, e.g. --data-set cifar10");
            return Err(failure(mi::Error::Input(why)));
        }
        let spinner = bar(0);
        let phase = |text| spinner.println(text);
        let dir = self.data.clone().unwrap_or_default();
        let loaded = data::load(name, &data::Request { dir: &dir, train_limit: 0, side: 64, seed: 0, phase: &phase });
        spinner.finish_and_clear();
        loaded.map_err(|e| (BAD_USAGE, e.into()))
    }
}

/// One line for each estimator and t, and what the columns are below.
fn human(found: &Report) -> String {
    let width = found.rows.iter().map(|r| r.estimator.len()).max().unwrap_or(0).max("estimator".len());
    let Report { data_set, held_out, steps, batch, seeds, .. } = found;
    let plural = if *seeds == 1 { "" } else { "s, ± standard error over them" };
    let mut text = format!(
        "{data_set}, {}×{}; {held_out} held-out pairs, {steps} steps, batch {batch}, {seeds} seed{plural}; nats\n\n",
        found.height, found.width
    );
    let mut head = ["estimator", "t", "I(X;Y_t)"].map(String::from).to_vec();
    head.extend(found.tests.iter().map(|test| test.name.to_owned()));
    let mut ideal = ["ideal", "", ""].map(String::from).to_vec();
    ideal.extend(found.tests.iter().map(|test| test.ideal.to_owned()));
    for cells in [head, ideal].into_iter().chain(found.rows.iter().map(cells)) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{:<width$}  {:>3}", cells[0], cells[1]);
        for cell in &cells[2..] {
            let _ = write!(text, "  {cell:>15}");
        }
        text.push('\n');
    }
    text.push('\n');
    text.extend(notes(found));
    text
}

/// The numbers of a row, as they stand in the table.
fn cells(row: &Row) -> Vec<String> {
    let number = |value: Option<f64>, se: Option<f64>| match (value, se) {
        (None, _) => "-".to_owned(),
        (Some(value), None) => format!("{value:.3}"),
        (Some(value), Some(se)) => format!("{value:.3} ± {se:.3}"),
    };
    let mut cells = vec![row.estimator.clone(), row.t.to_string(), number(row.nats, row.se)];
    cells.extend(row.ratios.iter().map(|r| number(r.value, r.se)));
    cells
}

/// What the columns are, what to mind, and why numbers are missing; a line each.
fn notes(found: &Report) -> Vec<String> {
    let mut lines: Vec<String> = found.tests.iter().map(|t| format!("{}: {}\n", t.name, t.ratio)).collect();
    lines.push(
        "No bound guarantees these ratios, and a ratio of two poor estimates can be right: they are reported, not judged.\n"
            .into(),
    );
    let mut named: Vec<&str> = Vec::new();
    for row in &found.rows {
        if let Some(ceiling) = row.ceiling.filter(|_| !named.contains(&row.estimator.as_str())) {
            named.push(&row.estimator);
            lines.push(format!(
                "{} cannot exceed {ceiling:.3} nats with {} negatives: near that, its ratios are near 1 whatever the truth is.\n",
                row.estimator,
                found.batch - 1
            ));
        }
    }
    lines.extend(reasons(found).into_iter().map(|((t, what, why), who)| format!("{}; t = {t}, {what}: {why}\n", who.join(", "))));
    lines
}

/// Why there is no number for a t and a column, and of which estimators that is said.
fn reasons(found: &Report) -> BTreeMap<(usize, &str, &str), Vec<&str>> {
    let mut reasons: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for row in &found.rows {
        let own = row.reason.iter().map(|why| ("I(X;Y_t)", why));
        let of_ratios = row.ratios.iter().filter_map(|r| Some((r.test, r.reason.as_ref()?)));
        for (what, why) in own.chain(of_ratios) {
            reasons.entry((row.t, what, why.as_str())).or_default().push(&row.estimator);
        }
    }
    reasons
}
