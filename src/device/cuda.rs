//! Opening an NVIDIA GPU without falling over where there is none.

use std::panic::{AssertUnwindSafe, catch_unwind};

use candle_core::Device;

/// Libraries that a step calls, each under the names it may have. The program opens them when it first needs them, and a missing
/// one would be a panic there.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("the NVIDIA driver", &["libcuda.so", "libcuda.so.1", "nvcuda.dll"]),
    ("cuBLAS", &["libcublas.so", "libcublas.so.13", "libcublas.so.12", "libcublas.so.11", "cublas64_13.dll", "cublas64_12.dll"]),
    ("cuRAND", &["libcurand.so", "libcurand.so.10", "curand64_10.dll"]),
];

/// The GPU with this number; what is in the way, if it cannot be had.
pub(super) fn open(number: usize) -> Result<Device, String> {
    for (name, files) in LIBRARIES {
        // SAFETY: the initialisers of NVIDIA's libraries ask nothing of their caller.
        if !files.iter().any(|&file| unsafe { libloading::Library::new(file) }.is_ok()) {
            return Err(format!("{name} ({}) is not found", files[0]));
        }
    }
    match catch_unwind(AssertUnwindSafe(|| Device::new_cuda(number))) {
        Ok(Ok(device)) => {
            if let Ok(cuda) = device.as_cuda_device() {
                // SAFETY: a device has one stream here, and one thread gives it work, so that its work is done in order without
                // the two events that each tensor would have.
                unsafe { cuda.disable_event_tracking() };
            }
            Ok(device)
        }
        Ok(Err(e)) => Err(super::first_line(&e.to_string())),
        Err(_) => Err("NVIDIA's libraries lack a function that is needed: they may be too old".into()),
    }
}

/// The GPU's name for the management library, which numbers GPUs otherwise.
pub(super) fn uuid(device: &Device) -> Option<String> {
    let id = device.as_cuda_device().ok()?.cuda_stream().context().uuid().ok()?;
    let hex: String = id.bytes.iter().map(|b| format!("{:02x}", *b as u8)).collect();
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Some(format!("GPU-{}", parts.join("-")))
}
