//! The runs that lie beside the present one: what is known of them, which are laid over the charts, whose checkpoints are open.
//! Plain state; `reader` fills it off the screen's thread, `update/runs.rs` changes it.

pub mod overlay;
pub mod reader;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub use overlay::{Curves, MOST, Overlay};
pub use reader::{Ask, Found, Saved};

use super::filter::Filter;
use crate::record::Brief;

/// A run in the list; what there is to say of it comes later.
#[derive(Debug, Clone)]
pub struct Row {
    pub path: PathBuf,
    /// When it began, RFC 3339 UTC; empty if nobody knows.
    pub begun: String,
    /// Or why it cannot be read.
    pub brief: Option<Result<Arc<Brief>, String>>,
}

/// What of the view is in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    #[default]
    List,
    /// Of one run.
    Checkpoints,
    /// Keys in which this run and the marked ones differ.
    Differences { scroll: usize },
}

/// The checkpoints of a run.
#[derive(Debug, Clone)]
pub struct Opened {
    pub run: PathBuf,
    /// Newest first; `None` while they are read.
    pub rows: Option<Vec<Saved>>,
    pub selected: usize,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    /// Newest first, without the present run.
    pub rows: Vec<Row>,
    /// The present run's directory as the reader names directories, once it is known.
    pub present: Option<PathBuf>,
    /// False until the folders have been looked through.
    pub listed: bool,
    /// The line picked: 0 is the present run, then those that the filter lets through.
    pub selected: usize,
    pub filter: Filter,
    /// Keys go into the filter.
    pub typing: bool,
    pub opened: Option<Opened>,
    /// Laid over the charts, in the order of marking.
    pub overlays: Vec<Overlay>,
    /// Number of the newest look through the folders: older answers are stale.
    pub scan: u64,
}

impl Row {
    pub fn name(&self) -> String {
        name(&self.path)
    }

    pub fn known(&self) -> Option<&Brief> {
        self.brief.as_ref().and_then(|brief| brief.as_deref().ok())
    }

    /// True if the filter lets its line through.
    fn passes(&self, filter: &Filter) -> bool {
        if filter.is_empty() {
            return true;
        }
        let known = self.known().map(|b| {
            let c = &b.config;
            let estimators = [c.global_estimator(), c.local_estimator()].join(" ");
            [&c.data.name, c.resolved_encoder().name(), &estimators, reader::state_word(b.state)].join(" ")
        });
        filter.lets(&format!("{} {}", self.name(), known.unwrap_or_default()))
    }
}

/// The last part of a run's path.
pub fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

impl Runs {
    /// The rows that the filter lets through.
    pub fn shown(&self) -> Vec<&Row> {
        self.rows.iter().filter(|row| row.passes(&self.filter)).collect()
    }

    /// The row picked; `None`: the present run.
    pub fn picked(&self) -> Option<&Row> {
        self.shown().get(self.selected.checked_sub(1)?).copied()
    }

    /// How many rows are still to be read.
    pub fn unread(&self) -> usize {
        self.rows.iter().filter(|row| row.brief.is_none()).count()
    }

    pub fn overlay(&self, path: &Path) -> Option<&Overlay> {
        self.overlays.iter().find(|o| o.path == path)
    }

    /// Those of the overlaid runs whose curves are there.
    pub fn laid(&self) -> impl Iterator<Item = (&Overlay, &Curves)> {
        self.overlays.iter().filter_map(|o| Some((o, o.curves.as_deref()?)))
    }

    /// A place (colour and glyph) that no overlay has.
    pub fn free_place(&self) -> Option<usize> {
        (0..MOST).find(|place| self.overlays.iter().all(|o| o.place != *place))
    }
}

impl Opened {
    pub fn picked(&self) -> Option<&Saved> {
        self.rows.as_ref()?.get(self.selected)
    }

    /// The checkpoint whose own step was probed best on Y; of equals the earliest.
    pub fn best(&self) -> Option<usize> {
        let rows = self.rows.as_ref()?;
        let own = |row: &Saved| row.probe.as_ref().filter(|p| p.step == row.step).map(|p| p.accuracy.linear.y);
        let probed = rows.iter().enumerate().filter_map(|(i, row)| Some((i, own(row)?))).filter(|(_, y)| y.is_finite());
        probed.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i)
    }
}
