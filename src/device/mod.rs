//! Which device computes, and why; what its GPU is doing.
//!
//! A build has the GPU support it was made with (features `cuda`, `metal`). Whether a GPU answers is asked when a run begins.

#[cfg(feature = "cuda")]
mod cuda;
mod usage;

use std::panic::{AssertUnwindSafe, catch_unwind};

use candle_core::Device;

pub use usage::{Meter, Usage};

use crate::config::DeviceName;

/// The device of a run.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub device: Device,
    /// As `run.device` would ask for it; never `auto`.
    pub name: DeviceName,
    /// Why it is this one, in a few words.
    pub reason: String,
}

/// A device that was asked for by name cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("run.device = {asked}: {why}; \"cpu\" computes everywhere")]
pub struct DeviceError {
    asked: DeviceName,
    why: String,
}

/// The GPUs that this build can use, in the order in which `auto` tries them.
pub const GPUS: &[DeviceName] = &[
    #[cfg(feature = "cuda")]
    DeviceName::Cuda(0),
    #[cfg(feature = "metal")]
    DeviceName::Metal,
];

/// The device for `run.device`: what is named, or for `auto` the first GPU that answers, else the CPU. With `tf32`, an NVIDIA GPU
/// multiplies matrices with 10 bits of mantissa instead of 23.
///
/// # Errors
/// If a device that is asked for by name is not in this build or does not answer.
pub fn choose(asked: DeviceName, tf32: bool) -> Result<Chosen, DeviceError> {
    use_tf32(tf32);
    let cpu = |reason: String| Chosen { device: Device::Cpu, name: DeviceName::Cpu, reason };
    match asked {
        DeviceName::Cpu => Ok(cpu("asked for".into())),
        DeviceName::Auto if GPUS.is_empty() => Ok(cpu("no GPU in this build".into())),
        DeviceName::Auto => {
            let mut faults = Vec::new();
            for &name in GPUS {
                match open(name) {
                    Ok(device) => return Ok(Chosen { device, name, reason: "the first GPU that answers".into() }),
                    Err(why) => faults.push(why),
                }
            }
            Ok(cpu(format!("no GPU answers: {}", faults.join("; "))))
        }
        name => match open(name) {
            Ok(device) => Ok(Chosen { device, name, reason: "asked for".into() }),
            Err(why) => Err(DeviceError { asked, why }),
        },
    }
}

/// Whether NVIDIA GPUs multiply f32 matrices in TF32 from now on.
pub fn use_tf32(yes: bool) {
    candle_core::cuda::set_gemm_reduced_precision_f32(yes);
}

/// Opens a GPU and has it compute a sum; what is in the way, if it does not.
fn open(name: DeviceName) -> Result<Device, String> {
    let device = match name {
        #[cfg(feature = "cuda")]
        DeviceName::Cuda(number) => cuda::open(number)?,
        #[cfg(not(feature = "cuda"))]
        DeviceName::Cuda(_) => return Err("this build has no support for NVIDIA GPUs (cargo feature \"cuda\")".into()),
        DeviceName::Metal if cfg!(feature = "metal") => Device::new_metal(0).map_err(|e| e.to_string())?,
        DeviceName::Metal => return Err("this build has no support for the GPU of a Mac (cargo feature \"metal\")".into()),
        DeviceName::Auto | DeviceName::Cpu => return Ok(Device::Cpu),
    };
    // NVIDIA's libraries are asked for their functions when these are first needed, and a missing one is a panic.
    match catch_unwind(AssertUnwindSafe(|| sum_on(&device))) {
        Ok(Ok(6.0)) => Ok(device),
        Ok(Ok(sum)) => Err(format!("it makes {sum} of 1 + 2 + 3")),
        Ok(Err(e)) => Err(first_line(&e.to_string())),
        Err(_) => Err("its libraries lack a function that is needed: they may be too old".into()),
    }
}

/// A first kernel: code that was compiled for other GPUs fails here.
fn sum_on(device: &Device) -> candle_core::Result<f32> {
    candle_core::Tensor::new(&[1f32, 2.0, 3.0], device)?.sum_all()?.to_scalar()
}

/// Candle's errors carry a backtrace.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// Whether an error says that the device's memory is full.
pub fn is_out_of_memory(error: &candle_core::Error) -> bool {
    let text = error.to_string().to_lowercase();
    ["out of memory", "out_of_memory", "outofmemory", "alloc_failed"].iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_gives_a_device_and_says_why() {
        let chosen = choose(DeviceName::Auto, false).unwrap();
        assert_ne!(chosen.name, DeviceName::Auto);
        assert!(!chosen.reason.is_empty());
        if GPUS.is_empty() {
            assert_eq!((chosen.name, chosen.reason.as_str()), (DeviceName::Cpu, "no GPU in this build"));
        }
        assert_eq!(choose(DeviceName::Cpu, false).unwrap().reason, "asked for");
    }

    #[test]
    fn a_gpu_that_is_not_there_is_refused_with_the_way_out() {
        // No machine has so many.
        let error = choose(DeviceName::Cuda(999), false).unwrap_err().to_string();
        assert!(error.starts_with("run.device = cuda:999: ") && error.ends_with("\"cpu\" computes everywhere"), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }

    #[test]
    fn full_memory_is_told_from_other_errors() {
        let error = |text: &str| candle_core::Error::Msg(text.into());
        assert!(is_out_of_memory(&error("DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")")));
        assert!(!is_out_of_memory(&error("shape mismatch")));
    }
}
