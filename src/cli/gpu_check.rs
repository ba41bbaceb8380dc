//! `dim-tui gpu-check`: is a GPU right, how fast is it, and what does it wait for.

use std::{thread, time::Duration};

use anyhow::anyhow;
use candle_core::Device;
use clap::Args;
use dim_tui::{
    config::{self, Config, DeviceName},
    device::{self, Chosen, Meter},
    measure::speed::{self, StepTime},
    train::{
        TrainError,
        agreement::{self, TOLERANCE},
    },
};

use super::{BAD_USAGE, FAILED, Failure, print};

const ABOUT: &str = "\
Takes the same steps on a GPU and on the CPU and compares every number, then times whole training steps (images, both passes, Adam and
the reading of the scalars) at several batch sizes, and says in one line what came of it. Exit code 1 if a number is off by more than a
thousandth.

The settings are the defaults at the paper's size (encoder.width 64, encoder.fc 1024, critic.units 2048, all three terms, jsd) unless
--set says otherwise. A step of two images computes next to nothing: its share of a larger step is about what a GPU spends on
starting kernels, and what PyTorch's --compile would save.";

/// Paper size, all terms.
const SETTINGS: &[&str] = &[
    "encoder.width=64",
    "encoder.fc=1024",
    "encoder.code=64",
    "critic.units=2048",
    "objective.estimator=jsd",
    "objective.global.mode=train",
    "objective.local.mode=train",
    "objective.prior.mode=train",
];
/// The batch that shows what a step costs before it computes anything.
const NEXT_TO_NOTHING: usize = 2;
const STACK: usize = 64 << 20;

#[derive(Debug, Args)]
#[command(long_about = ABOUT)]
pub struct GpuCheckArgs {
    /// Device to check: auto, cpu, cuda, cuda:N or metal
    #[arg(long, value_name = "NAME", default_value = "auto")]
    device: String,
    /// Batch sizes to time
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_values_t = [64, 256, 1024])]
    batches: Vec<usize>,
    /// Seconds for each
    #[arg(long, value_name = "S", default_value_t = 5.0)]
    seconds: f64,
    /// Set a key of the timed run, e.g. critic.units=512; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Do not time the CPU beside it
    #[arg(long)]
    no_cpu: bool,
}

impl GpuCheckArgs {
    /// Checks; 0 if the numbers agree.
    ///
    /// # Errors
    /// If there is no such device, or a step fails.
    pub fn run(&self) -> Result<i32, Failure> {
        let (config, chosen) = self.checked().map_err(|e| (BAD_USAGE, e))?;
        // The reverse pass recurses over the graph.
        let told = thread::scope(|scope| {
            let work = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || self.check(&config, &chosen))?;
            work.join().unwrap_or_else(|_| Err(anyhow!("the check panicked; the message is above")))
        });
        told.map_err(|e| (FAILED, e))
    }

    fn checked(&self) -> anyhow::Result<(Config, Chosen)> {
        let asked: DeviceName = self
            .device
            .parse()
            .map_err(|()| anyhow!("--device takes auto, cpu, cuda, cuda:N or metal, not '{}'", self.device))?;
        if self.batches.iter().any(|&n| n < NEXT_TO_NOTHING) {
            return Err(anyhow!("--batches takes whole numbers of at least {NEXT_TO_NOTHING}"));
        }
        if !(0.0..=3600.0).contains(&self.seconds) {
            return Err(anyhow!("--seconds takes a number from 0 to 3600"));
        }
        let set: Vec<String> = SETTINGS.iter().map(|s| s.to_string()).chain(self.set.iter().cloned()).collect();
        let config = config::load(None, &set)?;
        let chosen = device::choose(asked, config.run.tf32)?;
        if asked == DeviceName::Auto && chosen.name == DeviceName::Cpu {
            return Err(anyhow!("there is no GPU to check ({}); --device cpu checks the CPU", chosen.reason));
        }
        Ok((config, chosen))
    }

    fn check(&self, config: &Config, chosen: &Chosen) -> anyhow::Result<i32> {
        let tf32 = if config.run.tf32 { ", TF32" } else { "" };
        print(&format!(
            "device: {} ({}{tf32})\n\nagreement with the CPU, three steps of small runs\n",
            chosen.name, chosen.reason
        ))?;
        // What is to agree to a thousandth is computed in full precision.
        device::use_tf32(false);
        let worst = agreement(chosen)?;
        device::use_tf32(config.run.tf32);
        print("\nstep at full size\n")?;
        let mut batches = self.batches.clone();
        batches.insert(0, NEXT_TO_NOTHING);
        let dataset = speed::images(config, &batches)?;
        let about = Duration::from_secs_f64(self.seconds);
        let meter = Meter::of(chosen);
        let mut times = Vec::new();
        for &batch in &batches {
            match speed::time_steps(config, &dataset, chosen, batch, about) {
                Ok(time) => {
                    let memory = meter.as_ref().and_then(Meter::read).map(|u| format!("; GPU: {u}")).unwrap_or_default();
                    print(&format!("  batch {batch:>5}: {}{memory}\n", said(time)))?;
                    times.push(time);
                }
                Err(e @ TrainError::Memory { .. }) => print(&format!("  batch {batch:>5}: {e}\n"))?,
                Err(e) => return Err(e.into()),
            }
        }
        let cpu = match (self.no_cpu || chosen.name == DeviceName::Cpu, times.get(1)) {
            (false, Some(time)) => {
                let cpu = device::choose(DeviceName::Cpu, false)?;
                let on_cpu = speed::time_steps(config, &dataset, &cpu, time.batch, about)?;
                print(&format!("  batch {:>5}: {}, on the CPU\n", time.batch, said(on_cpu)))?;
                Some(on_cpu)
            }
            _ => None,
        };
        print(&format!("\n{}\n", verdict(chosen, worst, &times, cpu)))?;
        Ok(i32::from(worst > TOLERANCE))
    }
}

fn said(time: StepTime) -> String {
    let rate = time.batch as f64 / time.median;
    format!("{:.2} ms a step (fastest {:.2}, {} steps), {rate:.0} images/s", 1e3 * time.median, 1e3 * time.fastest, time.steps)
}

/// Prints what is furthest off in each case; the worst of all.
fn agreement(chosen: &Chosen) -> anyhow::Result<f64> {
    let mut all = 0f64;
    for case in agreement::CASES {
        let words: Vec<String> = case.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let (here, on_cpu) = (agreement::rows(case, &chosen.device)?, agreement::rows(case, &Device::Cpu)?);
        let Some(worst) = agreement::worst(&here, &on_cpu) else { continue };
        let mark = if worst.off() <= TOLERANCE { "ok " } else { "OFF" };
        print(&format!(
            "  {mark} {:.1e} at most: {} of step {} is {:.6}, on the CPU {:.6} ({})\n",
            worst.off(),
            worst.name,
            worst.step,
            worst.here,
            worst.on_cpu,
            words.join(" ")
        ))?;
        all = all.max(worst.off());
    }
    Ok(all)
}

/// One line: right or not, how fast, and what a step waits for.
fn verdict(chosen: &Chosen, worst: f64, times: &[StepTime], cpu: Option<StepTime>) -> String {
    let right = match worst <= TOLERANCE {
        true => format!("GOOD: {} agrees with the CPU to {worst:.0e}", chosen.name),
        false => format!("BAD: {} is off the CPU by {worst:.0e}, more than {TOLERANCE:.0e}", chosen.name),
    };
    let [small, first, ..] = times else { return format!("{right}; no batch fits into its memory") };
    let launches = format!(
        "a step of {} images takes {:.0} % of the time of one of {}",
        small.batch,
        1e2 * small.median / first.median,
        first.batch
    );
    let faster = cpu.map(|cpu| format!("; {:.1} times as fast as this CPU at batch {}", cpu.median / first.median, cpu.batch));
    format!("{right}; {launches}{}", faster.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_says_what_is_off_and_what_is_fast() {
        let chosen = device::choose(DeviceName::Cpu, false).unwrap();
        let time = |batch, median| StepTime { batch, median, fastest: median, steps: 3 };
        let times = [time(2, 0.003), time(64, 0.004)];
        let good = verdict(&chosen, 2e-5, &times, Some(time(64, 0.2)));
        assert_eq!(
            good,
            "GOOD: cpu agrees with the CPU to 2e-5; a step of 2 images takes 75 % of the time of one of 64; 50.0 times as fast as this \
             CPU at batch 64"
        );
        assert!(verdict(&chosen, 0.5, &times, None).starts_with("BAD: cpu is off the CPU by 5e-1, more than 1e-3; "));
        assert!(verdict(&chosen, f64::INFINITY, &[], None).ends_with("; no batch fits into its memory"));
    }
}
