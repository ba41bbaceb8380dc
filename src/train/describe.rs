//! Facts of a run in words, and the configuration with its machine-dependent values filled in.

use std::{io, path::Path};

use super::{Facts, trainer::Trainer};
use crate::config::{Config, EncoderChoice};

/// `data.dir` made absolute and `run.threads` what is really used, so that a replay repeats them.
pub fn resolved(mut config: Config) -> io::Result<Config> {
    if !config.data.dir.as_os_str().is_empty() {
        config.data.dir = std::path::absolute(&config.data.dir)?;
    }
    config.run.threads = threads();
    config.run.device = "cpu".into();
    Ok(config)
}

/// Threads of Candle's pools, as `main` set them.
fn threads() -> usize {
    std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.parse().ok()).unwrap_or_else(rayon::current_num_threads)
}

/// On resume the configuration in force at the checkpoint stays, but for the keys whose value was asked for anew.
pub fn carry_over(in_force: &mut Config, asked: &Config) {
    in_force.run = asked.run.clone();
    in_force.data.dir = asked.data.dir.clone();
    in_force.optim.steps = asked.optim.steps.max(in_force.optim.steps);
    in_force.schedule = asked.schedule.clone();
}

pub fn facts(trainer: &Trainer, run_dir: &Path) -> Facts {
    let (config, data) = (&trainer.config, &trainer.dataset);
    let kind = match config.resolved_encoder() {
        EncoderChoice::Auto | EncoderChoice::Conv32 => "conv32",
        EncoderChoice::Conv28 => "conv28",
        EncoderChoice::Conv64 => "conv64",
    };
    Facts {
        data: format!(
            "{}: {} train, {} test, {}×{}×{}, {} classes",
            data.name,
            data.train.len(),
            data.test.len(),
            data.train.width,
            data.train.height,
            data.train.channels,
            data.classes.len()
        ),
        encoder: format!("{kind} width {} → {}", config.encoder.width, config.encoder.code),
        device: "cpu".into(),
        device_reason: "no GPU in this build".into(),
        threads: config.run.threads,
        train_images: data.train.len(),
        classes: data.classes.clone(),
        parameters: trainer.networks.parameters(),
        run_dir: run_dir.into(),
    }
}
