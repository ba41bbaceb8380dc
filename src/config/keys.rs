//! The table of keys: for every leaf of the config tree whether it can change live, what it takes, and what it means.
//!
//! This is the one place that says live or restart. Validation, the JSON schema, the controls of the workbench and the
//! reference in the README read it; a test holds it equal to the leaves of `Config::default()`.

use super::{Range, script::SCRIPT_ENDING};

/// Names of the built-in estimators, in the order in which a key steps through them.
pub const ESTIMATORS: &[&str] = &["dv", "mine", "jsd", "infonce", "nwj", "smile", "rkl", "hellinger", "chi2", "wasserstein"];
/// Estimator scripts that come with the program.
pub const SCRIPTS: &[&str] = &["dv-copy.rhai", "robust-dv.rhai", "tempered-jsd.rhai", "alpha-infonce.rhai"];
const ESTIMATOR_NAMES: [&str; 14] = joined([ESTIMATORS, SCRIPTS]);
const TERM_ESTIMATOR_NAMES: [&str; 15] = joined([&["inherit"], &ESTIMATOR_NAMES]);
const ESTIMATOR: Range = Range::ChoiceOrFile { names: &ESTIMATOR_NAMES, ending: SCRIPT_ENDING };
const TERM_ESTIMATOR: Range = Range::ChoiceOrFile { names: &TERM_ESTIMATOR_NAMES, ending: SCRIPT_ENDING };
/// Other names of estimators, and the name each is stored by.
pub(super) const ALIASES: &[(&str, &str)] = &[("gan", "jsd"), ("kl", "nwj")];
/// Names of the data sets.
pub const DATA_SETS: &[&str] =
    &["shapes", "cifar10", "cifar100", "stl10", "mnist", "fashion-mnist", "folder", "parquet", "gaussian"];

const MODES: &[&str] = &["train", "monitor", "off"];
const CRITICS: &[&str] = &["dot", "concat"];
/// Batches above this are a slip of the finger: the scores of one step alone would need hundreds of gigabytes.
const MAX_BATCH: u64 = 100_000;
/// The largest pool there can be: `any` location of the largest batch, 15×15 of them with alex64.
const NEGATIVES: Range = Range::CountOr { min: 1, max: MAX_BATCH * 225, names: &["all", "auto"] };
/// Largest magnitude that still leaves room in the f32 the networks compute with.
const FINITE: f64 = 1e30;
const NOT_NEGATIVE: Range = Range::Float { min: 0.0, max: FINITE };
const CLIP: Range = Range::FloatOr { min: 0.0, max: FINITE, names: &["inherit"] };
/// Nearer to 1 single precision would not see the mean move.
const EMA: Range = Range::Float { min: 0.0, max: MAX_EMA };
const TERM_EMA: Range = Range::FloatOr { min: 0.0, max: MAX_EMA, names: &["inherit"] };
const MAX_EMA: f64 = 0.9999;
const TAU: Range = Range::Float { min: MIN_TAU, max: FINITE };
const TERM_TAU: Range = Range::FloatOr { min: MIN_TAU, max: FINITE, names: &["inherit"] };
const MIN_TAU: f64 = 1e-6;
const STEPS: u64 = 1_000_000_000_000;

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Key {
    /// Dotted name, e.g. `objective.local.negatives`.
    pub name: &'static str,
    /// True if it can change between two steps of a running job; false if it takes a new run.
    pub live: bool,
    /// A few words for lists and hints.
    pub doc: &'static str,
    /// What it takes on its own. Rules between keys (K against the batch size, say) come on top.
    pub range: Range,
}

const fn live(name: &'static str, range: Range, doc: &'static str) -> Key {
    Key { name, live: true, doc, range }
}
const fn restart(name: &'static str, range: Range, doc: &'static str) -> Key {
    Key { name, live: false, doc, range }
}
const fn int(min: u64, max: u64) -> Range {
    Range::Int { min, max }
}
/// Two lists as one.
const fn joined<const N: usize>(parts: [&[&'static str]; 2]) -> [&'static str; N] {
    let mut all = [""; N];
    let mut i = 0;
    while i < N {
        all[i] = if i < parts[0].len() { parts[0][i] } else { parts[1][i - parts[0].len()] };
        i += 1;
    }
    all
}
const fn choice(names: &'static [&'static str]) -> Range {
    Range::Choice(names)
}

static KEYS: &[Key] = &[
    restart("seed", int(0, i64::MAX as u64), "seed of every random draw"),
    restart("data.name", choice(DATA_SETS), "which images"),
    restart("data.dir", Range::Text, "folder of the data; empty: the cache, then a download"),
    restart("data.train_limit", int(0, 1_000_000_000), "use only so many training images (0: all)"),
    restart("data.side", Range::OneOf(&[32, 64]), "pixels a side that folder and parquet images are scaled to"),
    live("data.augment.crop", int(0, 16), "training images: shift by up to so many pixels; 0: off"),
    live("data.augment.flip", Range::Bool, "training images: every second one turned around"),
    live("data.augment.colour", Range::Float { min: 0.0, max: 1.0 }, "training images: colours times 1 ± this; 0: off"),
    restart("encoder.kind", choice(&["auto", "conv32", "conv28", "conv64", "alex64"]), "encoder; auto fits the images"),
    restart("encoder.width", int(1, 1024), "channels of the first convolution (paper: 64)"),
    restart("encoder.fc", int(1, 16_384), "units of a fully connected layer (paper: 1024)"),
    restart("encoder.code", int(1, 4096), "dimension of the code Y (paper: 64)"),
    restart("critic.units", int(1, 16_384), "embedding of the dot critic (paper: 2048)"),
    restart("critic.hidden", int(1, 16_384), "hidden layers of the concat critic (paper: 512)"),
    restart("critic.norm", choice(&["none", "layer"]), "LayerNorm at the end of the dot critic"),
    live("objective.estimator", ESTIMATOR, "estimator of both terms"),
    live("objective.options.ema", EMA, "how much of its running mean mine keeps"),
    live("objective.options.tau", TAU, "where smile cuts marginal scores, ±τ"),
    live("objective.clip", NOT_NEGATIVE, "score clip c·tanh(T/c); 0: off"),
    live("objective.include_positives", Range::Bool, "positives among their own negatives"),
    live("objective.on_swap", choice(&["keep", "align", "reset-critics"]), "critics at a swap of estimator"),
    live("objective.on_nonfinite", choice(&["pause", "stop", "rollback"]), "what a non-finite loss does"),
    live("objective.global.mode", choice(MODES), "global term: train, monitor, off"),
    live("objective.global.weight", NOT_NEGATIVE, "α, weight of the global term"),
    live("objective.global.critic", choice(CRITICS), "global critic; a change starts it anew"),
    live("objective.global.negatives", NEGATIVES, "negatives K of the global term"),
    restart("objective.global.layer", choice(&["conv", "fc"]), "features the global term pairs with Y"),
    live("objective.global.estimator", TERM_ESTIMATOR, "estimator of the global term"),
    live("objective.global.options.ema", TERM_EMA, "mine's running mean in the global term"),
    live("objective.global.options.tau", TERM_TAU, "smile's cut in the global term"),
    live("objective.global.clip", CLIP, "score clip of the global term"),
    live("objective.local.mode", choice(MODES), "local term: train, monitor, off"),
    live("objective.local.weight", NOT_NEGATIVE, "β, weight of the local term"),
    live("objective.local.critic", choice(CRITICS), "local critic; a change starts it anew"),
    live("objective.local.negatives", NEGATIVES, "negatives K of the local term"),
    live("objective.local.locations", choice(&["same", "one", "any"]), "where local negatives come from"),
    live("objective.local.estimator", TERM_ESTIMATOR, "estimator of the local term"),
    live("objective.local.options.ema", TERM_EMA, "mine's running mean in the local term"),
    live("objective.local.options.tau", TERM_TAU, "smile's cut in the local term"),
    live("objective.local.clip", CLIP, "score clip of the local term"),
    live("objective.prior.mode", choice(MODES), "prior matching: train, monitor, off"),
    live("objective.prior.weight", NOT_NEGATIVE, "γ, weight of prior matching"),
    live("objective.prior.kind", choice(&["uniform", "gaussian"]), "prior the code is matched to"),
    live("gaussian.information", Range::Float { min: 0.0, max: 1000.0 }, "true information of the pairs, nats"),
    live("gaussian.estimators", Range::Text, "estimators side by side, parted by commas"),
    live("gaussian.cubed", Range::Bool, "y cubed: the same information, a harder distribution"),
    restart("gaussian.dimension", int(1, 4096), "numbers a side of the pairs"),
    restart("gaussian.critic", choice(&["separable", "joint"]), "how x and y of a pair meet"),
    live("optim.lr", Range::Positive { max: FINITE }, "base learning rate (Adam)"),
    live("optim.batch", int(2, MAX_BATCH), "images per step"),
    live("optim.steps", int(1, STEPS), "length of the run in steps"),
    live("optim.epochs", int(0, 1_000_000_000), "length in epochs instead (0: steps count)"),
    live("optim.lr_schedule", choice(&["constant", "cosine"]), "course of the learning rate"),
    live("optim.warmup", int(0, STEPS), "steps of linear warm-up"),
    live("optim.clip_norm", NOT_NEGATIVE, "largest gradient norm; 0: off"),
    live("probe.every", int(0, STEPS), "steps between probes; 0: never"),
    live("probe.train", int(0, 10_000_000), "images a probe is fitted on"),
    live("probe.test", int(0, 10_000_000), "held-out images a probe is judged on"),
    live("metrics.every", int(1, STEPS), "steps between recorded rows"),
    restart("metrics.csv", Range::Bool, "the rows also as CSV files"),
    live("checkpoint.every", int(0, STEPS), "steps between checkpoints; 0: only at the end"),
    live("checkpoint.keep", int(1, 100_000), "checkpoints kept"),
    live("checkpoint.keep_best", Range::Bool, "keep the one with the best probe too"),
    restart("start.checkpoint", Range::Text, "fork: begin with the state of this checkpoint"),
    restart("run.threads", int(0, 1024), "CPU threads; 0: one per physical core"),
    restart("run.device", Range::Device, "device to compute on: auto takes a GPU if one answers"),
    restart("run.tf32", Range::Bool, "NVIDIA GPUs: faster matrix products with 10 bits of mantissa"),
    restart("run.dir", Range::Text, "folder in which run directories are made"),
];

/// All keys, in the order of the schema.
pub fn keys() -> &'static [Key] {
    KEYS
}

/// The key of this dotted name.
pub fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|k| k.name == name)
}

/// True if `name` is a key that can change in a running job. `schedule` and unknown names cannot.
pub fn is_live(name: &str) -> bool {
    key(name).is_some_and(|k| k.live)
}

/// True if `name` is a table of keys, like `objective.local`.
pub(super) fn is_section(name: &str) -> bool {
    KEYS.iter().any(|k| k.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// The valid key or section that `name` was most likely meant to be, as a full dotted path.
pub(super) fn nearest_key(name: &str) -> Option<&'static str> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    let sections = KEYS.iter().flat_map(|k| k.name.match_indices('.').map(|(i, _)| &k.name[..i]));
    let candidates = sections.chain(KEYS.iter().map(|k| k.name)).chain(["schedule", "sweep", "lesson"]);
    let depth = |path: &str| path.matches('.').count();
    let score = |candidate: &'static str| {
        let whole = strsim::normalized_damerau_levenshtein(name, candidate);
        // A right last word in the wrong table (`lr` for `optim.lr`) is worth nearly as much as a near miss.
        let word = strsim::normalized_damerau_levenshtein(&last(name), &last(candidate)) * 0.75;
        // Between equals, the one at the same depth.
        let same_depth = if depth(name) == depth(candidate) { 0.01 } else { 0.0 };
        whole.max(word) + same_depth
    };
    best(candidates, score, 0.55)
}

/// The one of `names` that `text` was most likely meant to be.
pub(super) fn nearest_name(text: &str, names: &[&'static str]) -> Option<&'static str> {
    let text = text.to_lowercase();
    best(names.iter().copied(), |n| strsim::normalized_damerau_levenshtein(&text, n), 0.4)
}

fn best(names: impl Iterator<Item = &'static str>, score: impl Fn(&'static str) -> f64, least: f64) -> Option<&'static str> {
    let mut found: Option<(&'static str, f64)> = None;
    for name in names {
        let s = score(name);
        if s >= least && found.is_none_or(|(_, b)| s > b) {
            found = Some((name, s));
        }
    }
    found.map(|(name, _)| name)
}
