//! Facts of a run in words, and the configuration with its machine-dependent values filled in.

use std::io;

use super::{Facts, trainer::Trainer};
use crate::config::{self, Config, DeviceName};

/// `data.dir` made absolute, `run.threads` and `run.device` what is really used, so that a replay repeats them. A run is one point of no sweep, and has no lesson.
pub fn resolved(mut config: Config, device: DeviceName) -> io::Result<Config> {
    if !config.data.dir.as_os_str().is_empty() {
        config.data.dir = std::path::absolute(&config.data.dir)?;
    }
    config.run.threads = threads();
    config.run.device = device.to_string();
    config.sweep = None;
    config.lesson = None;
    Ok(config)
}

/// Says so if the threads asked for are not those there are: pools cannot change their size in a running program.
pub fn threads_differ(config: &Config) -> Option<String> {
    let (asked, there) = (config.run.threads, threads());
    (asked != 0 && asked != there)
        .then(|| format!("run.threads = {asked} takes effect when the program is started again; now there are {there}"))
}

/// Threads of Candle's pools, as `main` set them.
fn threads() -> usize {
    std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.parse().ok()).unwrap_or_else(rayon::current_num_threads)
}

/// True for the keys that each start of a run decides anew: where the data lie, on what it is computed.
pub fn belongs_to_start(key: &str) -> bool {
    key.starts_with("run.") || key == "data.dir"
}

/// On resume: what of `set` can change; refuses what is fixed for the whole run.
pub fn live(set: &[(String, toml::Value)]) -> Result<Vec<(String, toml::Value)>, String> {
    if let Some((key, _)) = set.iter().find(|(key, _)| !config::is_live(key) && !belongs_to_start(key)) {
        return Err(format!("'{key}' cannot change when a run is resumed: it is fixed for the whole run"));
    }
    Ok(set.iter().filter(|(key, _)| !belongs_to_start(key)).cloned().collect())
}

/// On resume: the configuration in force at the checkpoint, with the values of `set` (`--set` beside `--resume`) over it.
/// `asked` gives what belongs to this start: where the data lie, threads, device.
pub fn carry_over(in_force: &Config, asked: &Config, set: &[(String, toml::Value)]) -> Result<Config, String> {
    let mut now = in_force.with(&live(set)?).map_err(|e| e.to_string())?;
    now.run = asked.run.clone();
    now.data.dir = asked.data.dir.clone();
    Ok(now)
}

/// Of training on images.
pub fn facts(trainer: &Trainer) -> Facts {
    let (config, data) = (&trainer.config, &trainer.dataset);
    let kind = config.resolved_encoder().name();
    Facts {
        data: format!(
            "{}: {}{} train, {} test, {}×{}×{}, {} classes",
            data.name,
            data.unlabelled.as_ref().map(|images| format!("{} unlabelled, ", images.len())).unwrap_or_default(),
            data.train.len(),
            data.test.len(),
            data.train.width,
            data.train.height,
            data.train.channels,
            data.classes.len()
        ),
        encoder: format!("{kind} width {} → {}", config.encoder.width, config.encoder.code),
        threads: config.run.threads,
        train_images: data.training().len(),
        classes: data.classes.clone(),
        parameters: trainer.networks.parameters(),
        ..Facts::default()
    }
}
