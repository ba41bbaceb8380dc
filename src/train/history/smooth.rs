//! A curve smoothed for the screen: a debiased exponential moving average over steps.
//!
//! What is averaged are the means of the columns of a chart, so that it costs the same for a million points as for a thousand, and its
//! reach is a share of what the chart shows: smoothing is for the eye, and goes with the zoom.

use super::{Column, Grid, History, Series};

/// The reach as a share of the steps shown: values so far back count 1/e of the newest.
pub const REACH: f64 = 1.0 / 40.0;

/// A running mean in which a value counts e^(−distance/reach): no value counts more only for being the first.
#[derive(Debug, Clone, Copy, Default)]
struct Average {
    sum: f64,
    weight: f64,
    at: f64,
}

impl Average {
    fn add(&mut self, at: f64, value: f64, reach: f64) -> f64 {
        let kept = if self.weight > 0.0 { (-(at - self.at) / reach).exp() } else { 0.0 };
        *self = Self { sum: self.sum * kept + value, weight: self.weight * kept + 1.0, at };
        self.sum / self.weight
    }
}

impl History {
    /// [`History::columns`] of the smoothed curve: each has one value. It begins anew at each of `breaks` (the step before which
    /// something took effect).
    pub fn smoothed(&self, series: Series, from: f64, to: f64, columns: usize, breaks: &[u64]) -> Vec<Column> {
        self.raw_and_smoothed(series, &Grid::steps(from, to, columns), breaks).1
    }

    /// The curve in the columns of a grid, and the same smoothed, from one look at its points.
    pub fn raw_and_smoothed(&self, series: Series, grid: &Grid, breaks: &[u64]) -> (Vec<Column>, Vec<Column>) {
        let reach = (grid.width() * REACH).max(f64::MIN_POSITIVE);
        let (mut average, mut before) = (Average::default(), None::<u64>);
        let smooth = |(raw, mean): (Column, f64)| {
            if before.is_some_and(|before| breaks.iter().any(|&b| before < b && b <= raw.last)) {
                average = Average::default();
            }
            before = Some(raw.last);
            if !mean.is_finite() {
                return (raw, Column { min: f64::INFINITY, max: f64::NEG_INFINITY, gap: true, ..raw });
            }
            let value = average.add(raw.x.0 / 2.0 + raw.x.1 / 2.0, mean, reach);
            (raw, Column { min: value, max: value, gap: false, ..raw })
        };
        self.blocks(series, grid).into_iter().map(smooth).unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> History {
        let h = History::default();
        values.iter().enumerate().for_each(|(i, v)| h.push(Series::Loss, i as u64, *v));
        h
    }

    fn smooth(h: &History, to: f64, columns: usize, breaks: &[u64]) -> Vec<f64> {
        h.smoothed(Series::Loss, 0.0, to, columns, breaks).iter().map(|c| c.max).collect()
    }

    /// Steps 0 to 40 in a column each: the reach is one step. Of values 1, 2, 4 the last is (4 + 2/e + 1/e²) / (1 + 1/e + 1/e²).
    #[test]
    fn it_is_the_debiased_average_worked_by_hand() {
        let values = smooth(&of(&[1.0, 2.0, 4.0]), 40.0, 41, &[]);
        assert_eq!(values[0], 1.0, "the first value is itself, not drawn towards nought");
        assert!((values[1] - 1.731_058_578_630_004_8).abs() < 1e-12, "{}", values[1]);
        assert!((values[2] - 3.240_451_338_379_263).abs() < 1e-12, "{}", values[2]);
    }

    #[test]
    fn a_constant_stays_and_noise_shrinks_around_its_mean_however_many_points() {
        assert!(smooth(&of(&[0.7; 500]), 499.0, 100, &[]).iter().all(|v| (v - 0.7).abs() < 1e-12));
        let noisy: Vec<f64> = (0..100_000u64).map(|i| 3.0 + if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let h = of(&noisy);
        assert!(smooth(&h, 99_999.0, 200, &[]).iter().all(|v| (v - 3.0).abs() < 0.01));
        let raw = h.columns(Series::Loss, 0.0, 99_999.0, 200);
        assert!(raw.iter().all(|c| (c.min, c.max) == (2.0, 4.0)), "the raw curve keeps its extremes");
    }

    #[test]
    fn it_begins_anew_at_a_break_and_steps_over_what_is_no_number() {
        let h = of(&[1.0, 1.0, 1.0, f64::NAN, 1.0, 9.0, 9.0]);
        let values = smooth(&h, 40.0, 41, &[5]);
        assert_eq!((values[2], values[4], values[5], values[6]), (1.0, 1.0, 9.0, 9.0));
        assert!(!values[3].is_finite());
        assert!(smooth(&h, 40.0, 41, &[])[5] < 9.0, "without the break it lags behind");
    }
}
