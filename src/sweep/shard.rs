//! A part of a sweep, for machines that share one.

use std::{fmt, str::FromStr};

use super::SweepError;

/// Every n-th run, beginning with the i-th; `1/1` is all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    pub i: usize,
    pub n: usize,
}

impl Default for Shard {
    fn default() -> Self {
        Self { i: 1, n: 1 }
    }
}

impl Shard {
    /// True if the run of this index (from 0) is in it.
    pub fn has(self, index: usize) -> bool {
        index % self.n == self.i - 1
    }
}

impl FromStr for Shard {
    type Err = SweepError;

    fn from_str(text: &str) -> Result<Self, SweepError> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
        match parts {
            Some((i, n)) if (1..=n).contains(&i) => Ok(Self { i, n }),
            _ => Err(SweepError::Shard(text.to_owned())),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.i, self.n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_part_the_runs() {
        let shards: Vec<Shard> = ["1/3", "2/3", "3/3"].iter().map(|s| s.parse().unwrap()).collect();
        let of = |shard: Shard| (0..8).filter(|&i| shard.has(i)).collect::<Vec<_>>();
        assert_eq!(shards.iter().map(|s| of(*s)).collect::<Vec<_>>(), [vec![0, 3, 6], vec![1, 4, 7], vec![2, 5]]);
        assert_eq!(of(Shard::default()).len(), 8);
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for text in ["0/3", "4/3", "1/0", "1", "a/b", "-1/2", "1/2/3", ""] {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains("I/N"), "{text}: {error}");
        }
    }
}
