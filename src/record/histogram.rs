//! How many numbers lie where.

use serde::{Deserialize, Serialize};

/// Counts in bins of equal width from `low` to `high`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    pub name: String,
    pub low: f64,
    pub high: f64,
    pub counts: Vec<u64>,
}

impl Histogram {
    /// Of the finite ones among the values, from the least to the largest; `None` if there are none. Equal values lie in the first bin of
    /// a width of 1.
    pub fn of(name: &str, values: &[f32], bins: usize) -> Option<Self> {
        let finite = || values.iter().copied().filter(|v| v.is_finite()).map(f64::from);
        let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if low > high || bins == 0 {
            return None;
        }
        let high = if high > low { high } else { low + 1.0 };
        let (mut counts, per_unit) = (vec![0; bins], bins as f64 / (high - low));
        for v in finite() {
            // The largest value belongs to the last bin.
            counts[(((v - low) * per_unit) as usize).min(bins - 1)] += 1;
        }
        Some(Self { name: name.into(), low, high, counts })
    }

    /// Left end, right end and count of each bin.
    pub fn bins(&self) -> Vec<[f64; 3]> {
        let width = (self.high - self.low) / self.counts.len().max(1) as f64;
        let end = |i: usize| if i == self.counts.len() { self.high } else { self.low + width * i as f64 };
        self.counts.iter().enumerate().map(|(i, &n)| [end(i), end(i + 1), n as f64]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_value_is_counted_once() {
        let h = Histogram::of("h", &[0.0, 0.1, 1.0, 2.0, 4.0, 4.0, f32::NAN, f32::INFINITY], 4).unwrap();
        assert_eq!((h.low, h.high, &h.counts[..]), (0.0, 4.0, &[2, 1, 1, 2][..]));
        assert_eq!(h.bins()[1], [1.0, 2.0, 1.0]);
        assert_eq!(h.bins().iter().map(|b| b[2]).sum::<f64>(), 6.0);
    }

    #[test]
    fn equal_values_and_none_at_all() {
        let h = Histogram::of("h", &[3.0; 5], 3).unwrap();
        assert_eq!((h.low, h.high, h.counts), (3.0, 4.0, vec![5, 0, 0]));
        assert!(Histogram::of("h", &[f32::NAN], 3).is_none() && Histogram::of("h", &[], 3).is_none());
    }
}
