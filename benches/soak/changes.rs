//! The changes a restless user makes: most of them valid, some not, all a function of the seed.

use dim_tui::config::{self, Config};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use toml::Value;

/// Live keys with values that small images on a small batch can stand.
const VALID: &[(&str, &str)] = &[
    ("objective.estimator", "dv mine jsd infonce nwj smile rkl hellinger chi2 wasserstein alpha-infonce.rhai"),
    ("objective.on_swap", "keep align reset-critics"),
    ("objective.clip", "0.0 5.0 20.0"),
    ("objective.include_positives", "true false"),
    ("objective.options.tau", "1.0 5.0"),
    ("objective.global.mode", "train monitor off"),
    ("objective.global.weight", "0.1 0.5 1.0"),
    ("objective.global.critic", "dot concat"),
    ("objective.global.negatives", "1 7 15 all"),
    ("objective.local.mode", "train monitor off"),
    ("objective.local.weight", "0.1 0.5 1.0"),
    ("objective.local.critic", "dot concat"),
    ("objective.local.negatives", "1 5 15 all auto"),
    ("objective.local.locations", "same one any"),
    ("objective.prior.mode", "train monitor off"),
    ("objective.prior.weight", "0.1 1.0"),
    ("objective.prior.kind", "uniform gaussian"),
    ("optim.lr", "0.00001 0.0001 0.001"),
    ("optim.batch", "16 24 32"),
    ("optim.clip_norm", "0.0 1.0"),
    ("optim.lr_schedule", "constant cosine"),
    ("optim.warmup", "0 100"),
    ("data.augment.crop", "0 4"),
    ("data.augment.flip", "true false"),
    ("data.augment.colour", "0.0 0.4"),
    ("probe.every", "0 200 500"),
    ("checkpoint.every", "0 300"),
    ("checkpoint.keep", "1 3"),
    ("metrics.every", "10 20"),
];

/// What must be refused: out of range, unknown, fixed for the run, or at odds with another key.
const INVALID: &[(&str, &str)] = &[
    ("optim.lr", "-1.0"),
    ("optim.lr", "nan"),
    ("optim.batch", "1"),
    ("optim.batch", "99999"),
    ("objective.estimator", "jds"),
    ("objective.estimator", "missing.rhai"),
    ("objective.local.negatives", "22500000"),
    ("objective.global.negatives", "5000"),
    ("encoder.width", "8"),
    ("optim.learning_rate", "0.1"),
    ("checkpoint.keep", "0"),
];
/// One change in so many is invalid.
const INVALID_EVERY: u32 = 8;

/// Some keys with their new values, to be taken as a whole or refused as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    pub values: Vec<(String, Value)>,
    /// Whether it must be accepted.
    pub valid: bool,
}

/// An endless course of edits.
pub struct Changes(ChaCha8Rng);

impl Changes {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// One more edit of a run in which `config` is in force: one to three keys.
    pub fn next(&mut self, config: &Config) -> Edit {
        let mut values: Vec<(String, Value)> = Vec::new();
        for _ in 0..self.0.random_range(1..=3) {
            let (key, all) = VALID[self.0.random_range(0..VALID.len())];
            let all: Vec<&str> = all.split(' ').collect();
            let value = parsed(all[self.0.random_range(0..all.len())]);
            values.retain(|(known, _)| known != key);
            values.push((key.to_owned(), value));
        }
        if self.0.random_range(0..INVALID_EVERY) == 0 {
            let (key, value) = INVALID[self.0.random_range(0..INVALID.len())];
            values.retain(|(known, _)| known != key);
            values.push((key.to_owned(), parsed(value)));
            return Edit { values, valid: false };
        }
        // Rules between keys (K against the batch, all terms off) may still forbid it.
        let valid = config.with(&values).is_ok() && values.iter().all(|(key, _)| config::is_live(key));
        Edit { values, valid }
    }
}

fn parsed(text: &str) -> Value {
    text.parse().unwrap_or_else(|_| Value::from(text))
}
