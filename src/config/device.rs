//! What `run.device` may name.

use std::{fmt, str::FromStr};

/// A device to compute on, as the configuration names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceName {
    /// The first GPU that this build can use and that answers, else the CPU.
    Auto,
    Cpu,
    /// An NVIDIA GPU by its number, from 0.
    Cuda(usize),
    /// The GPU of a Mac.
    Metal,
}

impl DeviceName {
    /// The plain names; beside them there is `cuda:N`.
    pub const NAMES: &'static [&'static str] = &["auto", "cpu", "cuda", "metal"];
    /// What a number behind `cuda:` looks like, as a regular expression over the whole name.
    pub const NUMBERED: &'static str = "^cuda:[0-9]{1,3}$";
}

impl FromStr for DeviceName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            "metal" => Ok(Self::Metal),
            _ => {
                let digits = text.strip_prefix("cuda:").filter(|d| d.len() <= 3 && d.bytes().all(|b| b.is_ascii_digit()));
                digits.and_then(|d| d.parse().ok()).map(Self::Cuda).ok_or(())
            }
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(n) => write!(f, "cuda:{n}"),
            Self::Metal => f.write_str("metal"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for (text, name) in [("auto", "auto"), ("cpu", "cpu"), ("cuda", "cuda:0"), ("cuda:11", "cuda:11"), ("metal", "metal")] {
            let read: DeviceName = text.parse().unwrap();
            assert_eq!(read.to_string(), name);
            assert_eq!(name.parse(), Ok(read));
        }
        for text in ["", "cuda:", "cuda:x", "cuda:-1", "cuda:+1", "cuda:1000", "CPU", "tpu", "metal:0"] {
            assert!(text.parse::<DeviceName>().is_err(), "{text}");
        }
    }
}
