//! How long training steps take on a device.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    config::Config,
    data::{self, Dataset, Request},
    device::Chosen,
    train::{Scripts, TrainError, Trainer},
};

/// Steps before the clock starts: memory is taken and kernels are loaded in them.
const WARM: usize = 3;
/// Steps timed, at least, however long they take.
const LEAST: usize = 3;

/// Time of one step, seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepTime {
    pub batch: usize,
    pub median: f64,
    pub fastest: f64,
    pub steps: usize,
}

/// The images that steps of these batches are drawn from.
///
/// # Errors
/// If they cannot be read.
pub fn images(config: &Config, batches: &[usize]) -> Result<Arc<Dataset>, TrainError> {
    let most = batches.iter().copied().max().unwrap_or(1);
    let request = Request {
        dir: &config.data.dir,
        train_limit: if config.data.dir == Path::new("") { 2 * most } else { config.data.train_limit },
        side: config.data.side,
        seed: config.seed,
        phase: &|_| {},
    };
    data::load(&config.data.name, &request).map(Arc::new).map_err(|e| TrainError::Invalid(e.to_string()))
}

/// Whole steps of training, images and read-out of the scalars included, for about so long.
///
/// # Errors
/// If a step fails or is not finite; [`TrainError::Memory`] if the device cannot hold the batch.
pub fn time_steps(
    config: &Config,
    dataset: &Arc<Dataset>,
    chosen: &Chosen,
    batch: usize,
    about: Duration,
) -> Result<StepTime, TrainError> {
    let batch_key = [("optim.batch".to_owned(), toml::Value::Integer(batch as i64))];
    let config = config.with(&batch_key).map_err(|e| TrainError::Invalid(e.to_string()))?;
    let mut trainer = Trainer::new(Arc::new(config), Scripts::default(), dataset.clone(), chosen.device.clone())?;
    let mut times = Vec::new();
    let mut started = Instant::now();
    for i in 0.. {
        let step = Instant::now();
        if let Some(what) = trainer.step()?.nonfinite {
            return Err(TrainError::Invalid(what));
        }
        if i < WARM {
            started = Instant::now();
            continue;
        }
        times.push(step.elapsed().as_secs_f64());
        if times.len() >= LEAST && started.elapsed() >= about {
            break;
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(StepTime { batch, median: times[times.len() / 2], fastest: times[0], steps: times.len() })
}
