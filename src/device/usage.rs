//! Memory, load and temperature of the GPU, as its management library tells them (NVIDIA's NVML, opened at run time).

use std::fmt;

use super::Chosen;

/// What a GPU is doing, all programs together. A field is `None` where the GPU does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// Bytes of its memory taken, and bytes there are.
    pub memory: Option<(u64, u64)>,
    /// Percent of the last moments in which something ran on it.
    pub load: Option<u32>,
    /// Degrees Celsius.
    pub temperature: Option<u32>,
}

/// E.g. "3.1 of 80 GiB, 97 %, 61 °C".
impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const GIB: f64 = (1u64 << 30) as f64;
        let memory = self.memory.map(|(used, all)| format!("{:.1} of {:.0} GiB", used as f64 / GIB, all as f64 / GIB));
        let load = self.load.map(|percent| format!("{percent} %"));
        let temperature = self.temperature.map(|degrees| format!("{degrees} °C"));
        let parts: Vec<String> = [memory, load, temperature].into_iter().flatten().collect();
        f.write_str(&parts.join(", "))
    }
}

/// Reads the usage of one GPU. Reading takes a fraction of a millisecond.
pub struct Meter {
    #[cfg(feature = "cuda")]
    nvml: nvml_wrapper::Nvml,
    #[cfg(feature = "cuda")]
    uuid: String,
}

impl Meter {
    /// `None` for a device whose usage nothing tells: the CPU, a Mac's GPU, a GPU without its management library.
    #[cfg(feature = "cuda")]
    pub fn of(chosen: &Chosen) -> Option<Self> {
        let meter = Self { uuid: super::cuda::uuid(&chosen.device)?, nvml: nvml_wrapper::Nvml::init().ok()? };
        meter.read().map(|_| meter)
    }

    /// `None`: this build knows no GPU whose usage something tells.
    #[cfg(not(feature = "cuda"))]
    pub fn of(_: &Chosen) -> Option<Self> {
        None
    }

    /// The usage now; `None` if the GPU has gone.
    #[cfg(feature = "cuda")]
    pub fn read(&self) -> Option<Usage> {
        let gpu = self.nvml.device_by_uuid(self.uuid.as_str()).ok()?;
        Some(Usage {
            memory: gpu.memory_info().ok().map(|m| (m.used, m.total)),
            load: gpu.utilization_rates().ok().map(|u| u.gpu),
            temperature: gpu.temperature(nvml_wrapper::enum_wrappers::device::TemperatureSensor::Gpu).ok(),
        })
    }

    /// The usage now.
    #[cfg(not(feature = "cuda"))]
    pub fn read(&self) -> Option<Usage> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_says_what_is_known() {
        let gib = 1 << 30;
        let all = Usage { memory: Some((3 * gib + gib / 10, 80 * gib)), load: Some(97), temperature: Some(61) };
        assert_eq!(all.to_string(), "3.1 of 80 GiB, 97 %, 61 °C");
        assert_eq!(Usage { load: Some(5), ..Usage::default() }.to_string(), "5 %");
        assert_eq!(Usage::default().to_string(), "");
    }
}
