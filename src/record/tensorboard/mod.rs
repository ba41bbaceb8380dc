//! `events.out.tfevents.*`: the run as TensorBoard reads it. Scalars by tag, changes as text, settings as hyperparameters, histograms,
//! pictures.

mod frame;
mod hparams;
mod pictures;
mod proto;
#[cfg(test)]
mod tests;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use super::{
    ArenaRow, FactorScores, JournalKind, JournalRow, Picture, ProbeRow, Sink, StepRow, Summary, append::Append, jsonl::Durable,
};
use crate::config::Config;
use proto::{Event, What};

const PREFIX: &str = "events.out.tfevents.";

/// One event file.
#[derive(Debug)]
pub(super) struct EventFile<W> {
    name: String,
    events: Append<W>,
}

impl EventFile<File> {
    /// Begins a new event file in `dir`. `resumed`: the checkpoint's step; whatever older files say of later steps is
    /// void, which the session marker tells TensorBoard. `config` is what the run begins with.
    pub fn create(dir: &Path, config: &Config, resumed: Option<u64>) -> io::Result<Self> {
        let path = next_path(dir)?;
        let file = OpenOptions::new().create_new(true).append(true).open(&path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut this = Self::over(file, name)?;
        match resumed {
            Some(step) => this.session(step)?,
            None => this.values(0, vec![hparams::begun(config, seconds_now())])?,
        }
        Ok(this)
    }
}

impl<W: Write> EventFile<W> {
    fn over(out: W, name: String) -> io::Result<Self> {
        let mut this = Self { name, events: Append::new(out) };
        this.push(0, What::FileVersion("brain.Event:2".into()))?;
        Ok(this)
    }

    /// TensorBoard drops what it has read of this step and later ones.
    fn session(&mut self, after: u64) -> io::Result<()> {
        self.push(after + 1, What::SessionLog(proto::SessionLog { status: proto::SESSION_START }))
    }

    fn push(&mut self, step: u64, what: What) -> io::Result<()> {
        let event = Event { wall_time: seconds_now(), step: i64::try_from(step).unwrap_or(i64::MAX), what: Some(what) };
        self.events.push(&frame::framed(&prost::Message::encode_to_vec(&event)))
    }

    fn scalars(&mut self, step: u64, values: &[(&str, Option<f64>)]) -> io::Result<()> {
        self.values(step, values.iter().filter_map(|(tag, v)| v.map(|v| proto::scalar(tag, v as f32))).collect())
    }

    fn values(&mut self, step: u64, value: Vec<proto::Value>) -> io::Result<()> {
        if value.is_empty() { Ok(()) } else { self.push(step, What::Summary(proto::Summary { value })) }
    }

    /// Estimators beside the truth, all under `arena/`.
    fn arena(&mut self, step: u64, row: &ArenaRow) -> io::Result<()> {
        let kinds = [("nats", &row.nats), ("bias", &row.bias), ("deviation", &row.deviation)];
        let values =
            kinds.iter().flat_map(|(kind, values)| values.iter().map(move |(name, v)| (format!("arena/{kind}/{name}"), *v)));
        let all: Vec<_> = values.chain([("arena/truth".to_owned(), Some(row.truth))]).collect();
        let all: Vec<_> = all.iter().map(|(tag, value)| (tag.as_str(), *value)).collect();
        self.scalars(step, &all)
    }
}

impl<W: Write + Send + Durable> Sink for EventFile<W> {
    fn name(&self) -> &str {
        &self.name
    }

    fn step(&mut self, row: &StepRow) -> io::Result<()> {
        if let Some(arena) = &row.arena {
            self.arena(row.step, arena)?;
        }
        self.scalars(
            row.step,
            &[
                ("loss", Some(row.loss)),
                ("loss/global", row.terms.global),
                ("loss/local", row.terms.local),
                ("loss/prior", row.terms.prior),
                ("loss/discriminator", row.terms.discriminator),
                ("mi/global", row.mi.global),
                ("mi/local", row.mi.local),
                ("mi/global_ceiling", row.ceiling.global),
                ("mi/local_ceiling", row.ceiling.local),
                ("optim/lr", Some(row.lr)),
                ("optim/grad_norm", Some(row.grad_norm)),
                ("speed/examples_per_second", Some(row.examples_per_second)),
            ],
        )
    }

    fn probe(&mut self, row: &ProbeRow) -> io::Result<()> {
        let a = &row.accuracy;
        self.scalars(
            row.step,
            &[
                ("probe/linear_conv", Some(a.linear.conv)),
                ("probe/linear_fc", Some(a.linear.fc)),
                ("probe/linear_y", Some(a.linear.y)),
                ("probe/knn_y", Some(a.knn.y)),
                ("probe/chance", Some(row.chance)),
                ("mi/global_heldout", row.mi_heldout.global),
                ("mi/local_heldout", row.mi_heldout.local),
                ("mi/global_guaranteed", row.mi_guaranteed.global),
                ("mi/local_guaranteed", row.mi_guaranteed.local),
                ("probe/linear_pixels", row.pixels),
            ],
        )?;
        let layers = |f: &FactorScores| {
            [("conv", f.score.conv), ("fc", f.score.fc), ("y", f.score.y)].map(|(l, v)| (format!("factor/{}_{l}", f.name), v))
        };
        let factors: Vec<_> = row.factors.iter().flat_map(layers).collect();
        self.scalars(row.step, &factors.iter().map(|(tag, value)| (tag.as_str(), *value)).collect::<Vec<_>>())?;
        let histograms = row.histograms.iter().map(|h| proto::histogram(&h.name, &h.bins()));
        self.values(row.step, histograms.collect())?;
        self.values(row.step, pictures::confusions(row).iter().filter_map(pictures::value).collect())
    }

    fn pictures(&mut self, step: u64, pictures: &[Picture]) -> io::Result<()> {
        self.values(step, pictures.iter().filter_map(pictures::value).collect())
    }

    fn journal(&mut self, rows: &[JournalRow]) -> io::Result<()> {
        let told = |row: &&JournalRow| matches!(row.kind, JournalKind::Change | JournalKind::Nonfinite | JournalKind::Resumed);
        rows.iter().filter(told).try_for_each(|row| {
            let value = vec![proto::text("changes", &row.sentence())];
            self.push(row.step, What::Summary(proto::Summary { value }))
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.events.flush()
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        self.values(summary.steps, hparams::ended(&summary.outcome, seconds_now()).into_iter().collect())?;
        self.events.flush()?;
        self.events.inner().sync()
    }

    fn rewind(&mut self, step: u64) -> io::Result<()> {
        self.session(step)
    }

    fn take_dropped(&mut self) -> u64 {
        self.events.take_dropped()
    }
}

fn seconds_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

/// `events.out.tfevents.SECONDS.dim-tui.N`. TensorBoard reads files in the order of their names, so a new one sorts after
/// those that are there, even if the clock went backwards.
fn next_path(dir: &Path) -> io::Result<PathBuf> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (mut seconds, mut count) = (now, 0);
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        if let Some(rest) = name.to_str().and_then(|n| n.strip_prefix(PREFIX)) {
            count += 1;
            seconds = seconds.max(rest.split('.').next().and_then(|s| s.parse().ok()).unwrap_or(0));
        }
    }
    Ok(dir.join(format!("{PREFIX}{seconds:010}.dim-tui.{count:03}")))
}
