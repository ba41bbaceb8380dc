//! The memory that this process holds, as the system tells it.

use std::time::{Duration, Instant};

/// Least time between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// Asks the system, now and then.
#[derive(Debug, Default)]
pub struct Gauge {
    looked: Option<Instant>,
    told: Option<u64>,
}

impl Gauge {
    /// Resident MiB, if it is time to look and they have changed. Nothing where the system does not tell.
    pub fn poll(&mut self) -> Option<u64> {
        if self.looked.is_some_and(|at| at.elapsed() < EVERY) {
            return None;
        }
        self.looked = Some(Instant::now());
        let now = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| resident(&status))?;
        (self.told.replace(now) != Some(now)).then_some(now)
    }
}

/// The MiB of the line `VmRSS:  176128 kB`.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib.div_ceil(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_part_is_read_and_nothing_else() {
        let status = "Name:\tdim-tui\nVmPeak:\t  999999 kB\nVmHWM:\t  888888 kB\nVmRSS:\t  176128 kB\nThreads:\t3\n";
        assert_eq!(resident(status), Some(172));
        for odd in ["", "VmRSS:", "VmRSS:\tmuch kB", "VmRSS:\t12 pages", "VmPeak:\t12 kB"] {
            assert_eq!(resident(odd), None, "{odd}");
        }
    }

    #[test]
    fn it_is_asked_for_once_a_second_and_told_when_it_has_changed() {
        let just_looked = Some(Instant::now());
        assert_eq!(Gauge { looked: just_looked, told: None }.poll(), None, "not yet");
        let first = Gauge::default().poll();
        assert_eq!(first.is_some(), cfg!(target_os = "linux"));
        assert!(first.is_none_or(|mib| (1..1_000_000).contains(&mib)), "{first:?}");
    }
}
