//! The list of settings on the screen: which, in which order, under which short name, and how a value is written.

use toml::{Table, Value};

use crate::config::{self, Config, Key};

/// One line of the controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    pub key: &'static str,
    pub label: &'static str,
    /// True for a setting of the term above it.
    pub inner: bool,
}

const fn top(key: &'static str, label: &'static str) -> Control {
    Control { key, label, inner: false }
}
const fn inner(key: &'static str, label: &'static str) -> Control {
    Control { key, label, inner: true }
}

/// The settings, most used first; shown are those that do something with the data set at hand. Those from [`RESTART_FROM`] on take a new run.
pub const CONTROLS: &[Control] = &[
    top("gaussian.information", "information"),
    top("gaussian.estimators", "estimators"),
    top("gaussian.cubed", "y cubed"),
    top("objective.estimator", "estimator"),
    top("objective.local.mode", "local"),
    inner("objective.local.weight", "weight β"),
    inner("objective.local.negatives", "negatives K"),
    inner("objective.local.locations", "locations"),
    inner("objective.local.critic", "critic"),
    top("objective.global.mode", "global"),
    inner("objective.global.weight", "weight α"),
    inner("objective.global.negatives", "negatives K"),
    inner("objective.global.critic", "critic"),
    top("objective.prior.mode", "prior"),
    inner("objective.prior.weight", "weight γ"),
    inner("objective.prior.kind", "kind"),
    top("optim.lr", "learn rate"),
    top("optim.batch", "batch"),
    top("optim.steps", "steps"),
    top("probe.every", "probe every"),
    top("objective.clip", "score clip"),
    top("optim.clip_norm", "grad clip"),
    top("optim.lr_schedule", "lr schedule"),
    top("optim.warmup", "warm-up"),
    top("optim.epochs", "epochs"),
    top("data.augment.crop", "shift images"),
    top("data.augment.flip", "flip images"),
    top("data.augment.colour", "recolour"),
    top("objective.on_swap", "on swap"),
    top("objective.on_nonfinite", "on nonfinite"),
    top("objective.include_positives", "pos. among K"),
    top("objective.options.ema", "mine ema"),
    top("objective.options.tau", "smile τ"),
    top("objective.local.estimator", "local est."),
    top("objective.local.clip", "local clip"),
    top("objective.local.options.ema", "local ema"),
    top("objective.local.options.tau", "local τ"),
    top("objective.global.estimator", "global est."),
    top("objective.global.clip", "global clip"),
    top("objective.global.options.ema", "global ema"),
    top("objective.global.options.tau", "global τ"),
    top("probe.train", "probe train"),
    top("probe.test", "probe test"),
    top("metrics.every", "record every"),
    top("checkpoint.every", "save every"),
    top("checkpoint.keep", "saves kept"),
    top("checkpoint.keep_best", "best kept"),
    top("data.name", "data"),
    top("data.train_limit", "data limit"),
    top("data.side", "image side"),
    top("gaussian.dimension", "dimension"),
    top("gaussian.critic", "critic"),
    top("encoder.kind", "encoder"),
    top("encoder.width", "width"),
    top("encoder.fc", "fc units"),
    top("encoder.code", "code Y"),
    top("critic.units", "dot units"),
    top("critic.hidden", "concat units"),
    top("critic.norm", "critic norm"),
    top("objective.global.layer", "global layer"),
    top("seed", "seed"),
    top("run.threads", "threads"),
    top("data.dir", "data folder"),
];

/// Index of the first control whose key takes a new run.
pub const RESTART_FROM: usize = 47;

/// Index of the control of a key.
pub fn index_of(key: &str) -> Option<usize> {
    CONTROLS.iter().position(|c| c.key == key)
}

impl Control {
    /// The label where the term above it may not be seen: `L weight β`.
    pub fn alone(&self) -> String {
        let term = self.term().and_then(|term| term.chars().next());
        term.map_or_else(|| self.label.to_owned(), |term| format!("{} {}", term.to_uppercase(), self.label))
    }

    /// The term that it stands under.
    pub fn term(&self) -> Option<&'static str> {
        self.key.split('.').nth(1).filter(|_| self.inner)
    }

    /// What the config says of the key. Every control has one (a test holds it so).
    pub fn spec(&self) -> Option<&'static Key> {
        config::key(self.key)
    }
}

/// The value of a dotted key in a table of values.
pub fn lookup<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    let mut parts = key.split('.');
    let mut value = table.get(parts.next()?)?;
    for part in parts {
        value = value.as_table()?.get(part)?;
    }
    Some(value)
}

/// A value as the screen writes it: text without quotes, numbers short.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(s) if s.is_empty() => "–".into(),
        Value::String(s) => config::script_label(s).into_owned(),
        Value::Float(v) => number(*v),
        Value::Integer(i) => i.to_string(),
        Value::Array(list) => format!("[{} entries]", list.len()),
        other => other.to_string(),
    }
}

/// A number without needless digits: `0.5`, `1e-4`.
pub fn number(v: f64) -> String {
    let plain = format!("{v}");
    let short = format!("{v:e}");
    if v != 0.0 && (v.abs() < 0.001 || plain.len() > short.len() + 2) { short } else { plain }
}

/// As [`shown`], with what the value stands for: `auto (63)`, `off` for a clip of 0, `never` for a probe every 0 steps.
pub fn explained(key: &str, value: &Value, config: &Config) -> String {
    let zero = value.as_float() == Some(0.0) || value.as_integer() == Some(0);
    match key {
        "objective.local.negatives" if value.is_str() => format!("{} ({})", shown(value), config.local_negatives()),
        "objective.global.negatives" if value.is_str() => format!("{} ({})", shown(value), config.global_negatives()),
        "objective.clip"
        | "optim.clip_norm"
        | "objective.local.clip"
        | "objective.global.clip"
        | "optim.epochs"
        | "data.augment.crop"
        | "data.augment.colour"
            if zero =>
        {
            "off".into()
        }
        "probe.every" if zero => "never".into(),
        "checkpoint.every" if zero => "at the end".into(),
        "data.train_limit" if zero => "all".into(),
        "run.threads" if zero => "all cores".into(),
        _ => shown(value),
    }
}

/// The term a control belongs to, if that term can be off: its mode key.
pub fn mode_key(key: &str) -> Option<&'static str> {
    ["local", "global", "prior"]
        .iter()
        .zip(["objective.local.mode", "objective.global.mode", "objective.prior.mode"])
        .find(|(term, mode)| key.split('.').nth(1) == Some(term) && key != *mode && key.starts_with("objective."))
        .map(|(_, mode)| mode)
}
