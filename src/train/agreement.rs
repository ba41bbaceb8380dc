//! Whether another device takes the steps that the CPU takes.

use std::{path::Path, sync::Arc};

use candle_core::Device;

use super::{Scripts, TrainError, Trainer};
use crate::{
    config,
    data::{self, Request},
    record::StepRow,
};

/// So far may a number of a step be off, of its size or of 1, whichever is more: f32 sums in another order.
pub const TOLERANCE: f64 = 1e-3;
const STEPS: usize = 3;

/// Settings of small runs which have, between them, all layers of a 32×32 encoder, both critics, all estimators and the prior.
pub const CASES: &[&[(&str, &str)]] = &[
    &[("objective.estimator", "jsd"), ("objective.prior.mode", "train"), ("objective.prior.kind", "uniform")],
    &[("objective.estimator", "infonce"), ("objective.local.critic", "concat"), ("objective.prior.mode", "off")],
    &[
        ("objective.estimator", "dv"),
        ("objective.global.mode", "train"),
        ("objective.global.critic", "dot"),
        ("objective.local.mode", "monitor"),
    ],
    &[("objective.estimator", "mine"), ("objective.global.mode", "train"), ("objective.global.layer", "fc")],
    &[("objective.estimator", "nwj"), ("objective.local.locations", "any")],
    &[("objective.estimator", "smile"), ("objective.prior.kind", "gaussian"), ("objective.prior.mode", "train")],
    &[("objective.estimator", "infonce"), ("objective.local.negatives", "3")],
    &[("objective.estimator", "wasserstein"), ("critic.norm", "layer"), ("objective.clip", "5")],
    &[
        ("objective.estimator", "hellinger"),
        ("optim.lr", "0.00001"),
        ("objective.include_positives", "true"),
        ("critic.norm", "layer"),
    ],
    &[("objective.estimator", "chi2"), ("optim.lr", "0.00001"), ("objective.clip", "2"), ("critic.norm", "layer")],
    &[
        ("objective.estimator", "rkl"),
        ("optim.lr", "0.00001"),
        ("objective.clip", "2"),
        ("optim.clip_norm", "1"),
        ("data.augment.flip", "true"),
    ],
];

/// Sizes of all of them.
const SIZES: &[(&str, &str)] =
    &[("optim.batch", "16"), ("encoder.width", "8"), ("encoder.fc", "32"), ("critic.units", "32"), ("critic.hidden", "32")];

/// The number of three steps that is furthest from the CPU's.
#[derive(Debug, Clone, PartialEq)]
pub struct Worst {
    pub step: u64,
    pub name: &'static str,
    pub here: f64,
    pub on_cpu: f64,
}

impl Worst {
    /// How far it is off, of its size or of 1, whichever is more; infinite if it is not a number.
    pub fn off(&self) -> f64 {
        let off = (self.here - self.on_cpu).abs() / self.on_cpu.abs().max(1.0);
        if off.is_nan() { f64::INFINITY } else { off }
    }
}

/// The rows of a case's first steps on a device, on the built-in images.
///
/// # Errors
/// If a step fails.
pub fn rows(case: &[(&str, &str)], device: &Device) -> Result<Vec<StepRow>, TrainError> {
    let set: Vec<String> = SIZES.iter().chain(case).map(|(key, value)| format!("{key}={value}")).collect();
    let config = config::load(None, &set).map_err(|e| TrainError::Invalid(e.to_string()))?;
    let request = Request { dir: Path::new(""), train_limit: 64, side: 32, seed: 0, phase: &|_| {} };
    let dataset = data::load("shapes", &request).map_err(|e| TrainError::Invalid(e.to_string()))?;
    let mut trainer = Trainer::new(Arc::new(config), Scripts::default(), Arc::new(dataset), device.clone())?;
    (0..STEPS).map(|_| Ok(trainer.step()?.row)).collect()
}

/// The number that is furthest off between the same steps on two devices.
pub fn worst(here: &[StepRow], on_cpu: &[StepRow]) -> Option<Worst> {
    let pairs = here.iter().zip(on_cpu).flat_map(|(here, cpu)| {
        let found = numbers(here).into_iter().zip(numbers(cpu));
        found.map(|((name, here), (_, on_cpu))| Worst { step: cpu.step, name, here, on_cpu })
    });
    pairs.max_by(|a, b| a.off().total_cmp(&b.off()))
}

fn numbers(row: &StepRow) -> Vec<(&'static str, f64)> {
    let all = [
        ("loss", Some(row.loss)),
        ("global term", row.terms.global),
        ("local term", row.terms.local),
        ("prior term", row.terms.prior),
        ("discriminator", row.terms.discriminator),
        ("global estimate", row.mi.global),
        ("local estimate", row.mi.local),
        ("gradient norm", Some(row.grad_norm)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        device::{self, GPUS},
        nn::testing::elsewhere,
    };

    fn assert_agrees(what: &str, have: &[StepRow], want: &[StepRow]) {
        assert_eq!((have.len(), want.len()), (STEPS, STEPS));
        let worst = worst(have, want).unwrap();
        assert!(worst.off() <= TOLERANCE, "{what}: {worst:?}");
    }

    #[test]
    fn layers_as_other_devices_have_them_take_the_same_steps() {
        for case in CASES {
            let want = rows(case, &Device::Cpu).unwrap();
            let have = elsewhere(|| rows(case, &Device::Cpu)).unwrap();
            assert_agrees(&format!("{case:?}"), &have, &want);
            // If all bits agreed, it would have been the kernels that ran.
            assert_ne!(have[STEPS - 1].grad_norm.to_bits(), want[STEPS - 1].grad_norm.to_bits(), "{case:?}");
        }
    }

    #[test]
    fn every_gpu_takes_the_steps_of_the_cpu() {
        let mut present = 0;
        for &name in GPUS {
            match device::choose(name, false) {
                Ok(gpu) => {
                    present += 1;
                    for case in CASES {
                        let (have, want) = (rows(case, &gpu.device).unwrap(), rows(case, &Device::Cpu).unwrap());
                        assert_agrees(&format!("{name}, {case:?}"), &have, &want);
                    }
                }
                Err(e) => eprintln!("skipped: {e}"),
            }
        }
        if present == 0 {
            eprintln!("skipped: no GPU to compare with the CPU");
        }
    }

    #[test]
    fn what_is_off_or_no_number_is_found() {
        let want = rows(CASES[0], &Device::Cpu).unwrap();
        let mut have = want.clone();
        assert_eq!(worst(&have, &want).unwrap().off(), 0.0);
        have[1].grad_norm = 1.01 * want[1].grad_norm.max(1.0);
        assert_eq!((worst(&have, &want).unwrap().step, worst(&have, &want).unwrap().name), (2, "gradient norm"));
        have[2].loss = f64::NAN;
        let found = worst(&have, &want).unwrap();
        assert_eq!((found.step, found.name, found.off()), (3, "loss", f64::INFINITY));
    }
}
