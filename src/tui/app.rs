//! The state of the workbench: everything the screen shows follows from this, and only `update` changes it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use ratatui::layout::Rect;
use toml::Value;

use super::{
    controls::CONTROLS,
    explain::Explaining,
    filter::{Filter, Lookup},
    lesson::Lesson,
    log::{Kind, Log},
    prompt::Prompt,
    requests::Requests,
    runs::{Page, Runs},
    sight::Sight,
    theme::Theme,
    ui::Ui,
    undo::Undo,
    view::{estimators::Term, probes::Looking},
};
use crate::{
    config::{Change, Config, SCRIPT_ENDING, Source, diff, script_label},
    doctor::{Doctor, Finding},
    train::{History, Outcome, Phase, Snapshot, Wanted, Watched},
};

/// All charts; a run has three of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChartId {
    Loss,
    Information,
    Accuracy,
    /// Of the arena's estimators.
    Bias,
    Deviation,
}

impl ChartId {
    /// Those of a run that trains an encoder.
    pub const TRAINING: [ChartId; 3] = [ChartId::Loss, ChartId::Information, ChartId::Accuracy];
    /// Those of the arena.
    pub const ARENA: [ChartId; 3] = [ChartId::Information, ChartId::Bias, ChartId::Deviation];
}

/// What the arrow keys act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panel {
    Controls,
    Chart(ChartId),
    Log,
}

/// What lies over the panels and takes the keys.
#[derive(Debug, Clone)]
pub enum Mode {
    Normal,
    Help {
        scroll: usize,
    },
    /// All estimators on the newest scores of a term.
    Estimators(Term),
    /// The codes of held-out images; this one is looked into.
    Representation {
        picked: usize,
    },
    /// What probes read, layer by layer.
    Probes(Looking),
    /// Other runs, their checkpoints, where their settings differ.
    Runs(Page),
    /// The images themselves.
    Data(Wanted),
    /// What the numbers of something mean.
    Explain(Box<Explaining>),
    /// This card of the tour.
    Tour(usize),
    /// The log in full; keys go into its filter while typing.
    Log {
        typing: bool,
    },
    /// Words are typed that the settings in the list must have.
    Filter,
    /// Quit while training?
    Quit,
    /// Restart while training?
    Restart,
    /// Leave this run for a checkpoint while training?
    Travel(Box<Travel>),
    Command(Prompt),
    /// A value typed for a key.
    Edit {
        key: &'static str,
        prompt: Prompt,
    },
}

impl Mode {
    /// What the trainer has to compute for it.
    pub fn watches(&self) -> Watched {
        match self {
            Mode::Estimators(_) => Watched::Readings,
            Mode::Representation { picked } => Watched::Portrait { picked: *picked },
            Mode::Data(wanted) => Watched::Data(*wanted),
            Mode::Explain(open) => open.over.watches(),
            _ => Watched::Nothing,
        }
    }
}

/// A new run from a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Travel {
    pub config: Config,
    pub step: u64,
    /// The run that the checkpoint is of.
    pub run: String,
    /// Under the present settings; else under those in force at the checkpoint.
    pub fork: bool,
}

/// Why the trainer was told to stop.
#[derive(Debug, Clone, PartialEq)]
pub enum Leaving {
    Quit,
    Signal(i32),
    /// A new run begins when this one has ended.
    Restart(Box<Config>),
}

/// The crosshair, shared by all charts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cursor {
    /// Its place on the axis.
    pub x: f64,
    /// Set by a click or a key: stays when the mouse leaves.
    pub pinned: bool,
}

/// A view that stands still while training goes on.
#[derive(Debug, Clone)]
pub struct Frozen {
    pub snapshot: Arc<Snapshot>,
    /// The step up to which the charts reach.
    pub until: u64,
}

/// The watched config file.
#[derive(Debug, Clone)]
pub struct WatchedFile {
    pub path: PathBuf,
    /// What it said when it was last valid.
    pub content: Config,
    /// Why it cannot be used now.
    pub broken: Option<String>,
}

/// A sentence on the bottom line until the next key.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub error: bool,
    pub text: String,
}

/// The whole state.
#[derive(Debug, Clone)]
pub struct App {
    pub theme: Theme,
    pub ui: Ui,
    pub area: Rect,
    /// The newest state of the trainer.
    pub live: Arc<Snapshot>,
    pub history: Arc<History>,
    pub frozen: Option<Frozen>,
    pub requests: Requests,
    /// What was accepted and can be taken back.
    pub undo: Undo,
    pub doctor: Doctor,
    /// Keys whose last request was refused, with the reason.
    pub refused: BTreeMap<String, String>,
    /// Scripts in force whose saved text is faulty, by the key that names them: the last good text stays in force.
    pub broken_scripts: BTreeMap<String, String>,
    /// Scripts that lie where they are looked for; the arrows step through them too.
    pub scripts: Vec<String>,
    /// Values that wait for a new run.
    pub next_run: BTreeMap<String, Value>,
    pub selected: usize,
    /// Which settings are in the list.
    pub filter: Filter,
    /// Which lines of the help are shown.
    pub help: Lookup,
    pub focus: Panel,
    pub zoom: Option<ChartId>,
    pub cursor: Option<Cursor>,
    pub log_axis: BTreeSet<ChartId>,
    /// What of the curves is shown.
    pub sight: Sight,
    /// Curves of every step are smoothed, with what they were behind them.
    pub smooth: bool,
    pub runs: Runs,
    /// The lesson that is taken.
    pub lesson: Option<Lesson>,
    pub mode: Mode,
    pub notice: Option<Notice>,
    pub log: Log,
    /// Commands typed, oldest first.
    pub typed: Vec<String>,
    pub file: Option<WatchedFile>,
    /// Keys whose values in the run and in the file differ.
    pub differs: BTreeSet<String>,
    pub leaving: Option<Leaving>,
    /// How the trainer ended; `None` while it lives.
    pub ended: Option<Outcome>,
    /// True once a trainer has been ready: a refusal before that ends the program.
    pub was_ready: bool,
    /// Nobody sees the screen any more.
    pub closed: bool,
    /// MiB of memory that this process holds, as far as the system tells.
    pub memory: Option<u64>,
}

impl App {
    pub fn new(theme: Theme, live: Arc<Snapshot>, history: Arc<History>, file: Option<WatchedFile>) -> Self {
        let mut app = Self {
            theme,
            ui: Ui::default(),
            area: Rect::new(0, 0, 80, 24),
            live,
            history,
            frozen: None,
            requests: Requests::default(),
            undo: Undo::default(),
            doctor: Doctor::default(),
            refused: BTreeMap::new(),
            broken_scripts: BTreeMap::new(),
            scripts: Vec::new(),
            next_run: BTreeMap::new(),
            selected: 0,
            filter: Filter::default(),
            help: Lookup::default(),
            focus: Panel::Controls,
            zoom: None,
            cursor: None,
            log_axis: BTreeSet::new(),
            sight: Sight::default(),
            smooth: false,
            runs: Runs::default(),
            lesson: None,
            mode: Mode::Normal,
            notice: None,
            log: Log::default(),
            typed: Vec::new(),
            file,
            differs: BTreeSet::new(),
            leaving: None,
            ended: None,
            was_ready: false,
            closed: false,
            memory: None,
        };
        app.settle();
        app.compare_with_file();
        app
    }

    /// Selection, focus and zoom to what this run has.
    pub fn settle(&mut self) {
        let controls = self.controls();
        if !controls.contains(&self.selected) {
            self.selected = controls[0];
        }
        if !self.panels().contains(&self.focus) {
            self.focus = Panel::Controls;
        }
        self.zoom = self.zoom.filter(|id| self.charts().contains(id));
    }

    /// The state on the screen: the newest, or the frozen one.
    pub fn shown(&self) -> &Arc<Snapshot> {
        self.frozen.as_ref().map_or(&self.live, |f| &f.snapshot)
    }

    /// The charts of this run, top to bottom.
    pub fn charts(&self) -> [ChartId; 3] {
        if self.live.config.has_encoder() { ChartId::TRAINING } else { ChartId::ARENA }
    }

    /// All panels, in the order of Tab.
    pub fn panels(&self) -> [Panel; 5] {
        let [first, second, third] = self.charts().map(Panel::Chart);
        [Panel::Controls, first, second, third, Panel::Log]
    }

    /// The settings that do something in this run, as places in [`CONTROLS`].
    pub fn controls(&self) -> Vec<usize> {
        let heeded = CONTROLS.iter().enumerate().filter(|(_, c)| self.live.config.heeds(c.key));
        heeded.map(|(i, _)| i).collect()
    }

    /// True if curves are drawn smoothed: those of the arena are means already.
    pub fn smooths(&self) -> bool {
        self.smooth && self.live.config.has_encoder()
    }

    /// The configuration as it will be once everything requested is in force.
    pub fn wanted(&self) -> Config {
        self.requests.over(&self.live.config)
    }

    /// The configuration of a restart: as wanted, with what waits for a new run.
    pub fn next_config(&self) -> Config {
        let edits: Vec<(String, Value)> = self.next_run.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        let wanted = self.wanted();
        // Together, since they may only fit together; if they do not, each that fits.
        wanted
            .with(&edits)
            .unwrap_or_else(|_| edits.into_iter().fold(wanted, |config, edit| config.with(&[edit]).unwrap_or(config)))
    }

    /// True while there is a trainer to talk to.
    pub fn alive(&self) -> bool {
        self.ended.is_none()
    }

    /// True if quitting would cut training short.
    pub fn is_training(&self) -> bool {
        self.alive() && !matches!(self.live.phase, Phase::Finished | Phase::Ended | Phase::Failed(_))
    }

    /// The trainer's failure, if it failed.
    pub fn failure(&self) -> Option<&str> {
        match (&self.ended, &self.live.phase) {
            (Some(Outcome::Failed(m) | Outcome::Nonfinite(m) | Outcome::Refused(m)), _) | (_, Phase::Failed(m)) => Some(m),
            _ => None,
        }
    }

    /// What the doctor tells first, while there is a run to help.
    pub fn finding(&self) -> Option<&Finding> {
        self.doctor.findings().first().copied().filter(|_| self.alive())
    }

    /// Finds the keys in which file and run differ. Where a run is, where it began and on what it runs is not the file's affair.
    pub fn compare_with_file(&mut self) {
        self.differs = self.file.as_ref().map_or_else(BTreeSet::new, |file| {
            let changes = diff(&file.content, &self.live.config, Source::File);
            // The file names a script, the run its copy.
            let same_script = |c: &Change| match (c.from.as_str(), c.to.as_str()) {
                (Some(from), Some(to)) => to.contains(SCRIPT_ENDING) && script_label(from) == script_label(to),
                _ => false,
            };
            changes
                .into_iter()
                .filter(|c| !same_script(c))
                .map(|c| c.key)
                .filter(|k| !["run.", "start."].iter().any(|aside| k.starts_with(aside)) && k != "data.dir")
                .collect()
        });
    }

    pub fn note(&mut self, kind: Kind, text: impl Into<String>) {
        self.log.push(self.live.step, kind, text);
    }

    /// A sentence on the bottom line; `{pause}`, ... in it are the keys in force.
    pub fn say(&mut self, text: impl AsRef<str>) {
        self.notice = Some(Notice { error: false, text: self.ui.keys.said(text.as_ref()) });
    }

    /// An error on the bottom line, likewise.
    pub fn complain(&mut self, text: impl AsRef<str>) {
        self.notice = Some(Notice { error: true, text: self.ui.keys.said(text.as_ref()) });
    }

    /// The program's exit code if it ended now.
    pub fn exit_code(&self) -> i32 {
        match (&self.ended, &self.leaving) {
            (Some(Outcome::Failed(_)), _) => 1,
            (Some(Outcome::Refused(_)), _) => 2,
            (Some(Outcome::Nonfinite(_)), _) => 3,
            (_, Some(Leaving::Signal(n))) => 128 + n,
            _ => 0,
        }
    }
}
