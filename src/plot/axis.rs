//! An axis: from numbers to places, and where its ticks are.

use super::number::{percent, tick};

/// How numbers lie along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    #[default]
    Linear,
    /// Equal ratios are equal distances. Values must be positive.
    Log2,
}

/// What an axis shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Axis {
    pub label: String,
    pub scale: Scale,
    /// Its ends; `None`: those of the data.
    pub range: Option<(f64, f64)>,
    /// Where ticks are; empty: at round numbers.
    pub ticks: Vec<f64>,
    /// Values are shares, shown in per cent.
    pub percent: bool,
}

impl Axis {
    /// A linear axis of this name over its data.
    pub fn of(label: &str) -> Self {
        Self { label: label.into(), ..Self::default() }
    }

    /// With its range settled, `length` long.
    pub(super) fn placed(&self, data: impl Iterator<Item = f64>, pad: f64, length: f64) -> Placed {
        let spread = |v: f64| if self.scale == Scale::Log2 { v.log2() } else { v };
        let (low, high) = match self.range {
            Some((low, high)) => (spread(low), spread(high)),
            None => padded(data.map(spread), pad),
        };
        Placed { low, high, scale: self.scale, length }
    }

    /// Ticks and their labels within a placed axis.
    pub(super) fn marks(&self, placed: &Placed, about: usize) -> Vec<(f64, String)> {
        let step = round_step((placed.high - placed.low) / about.max(1) as f64);
        let at: Vec<f64> = match self.scale {
            _ if !self.ticks.is_empty() => self.ticks.clone(),
            Scale::Linear => {
                let (first, last) = ((placed.low / step - 1e-9).ceil() as i64, (placed.high / step + 1e-9).floor() as i64);
                (first..=last).map(|i| i as f64 * step).collect()
            }
            Scale::Log2 => {
                let (first, last) = (placed.low.ceil() as i32, placed.high.floor() as i32);
                let each = ((last - first) as usize).div_ceil(about.max(1)).max(1);
                (first..=last).step_by(each).map(|e| 2f64.powi(e)).collect()
            }
        };
        let label = |v: f64| match self.percent {
            true => percent(v).replace(".0 %", " %"),
            false if self.scale == Scale::Log2 || !self.ticks.is_empty() => super::value(v),
            false => tick(v, step),
        };
        at.into_iter().filter(|&v| placed.holds(v)).map(|v| (v, label(v))).collect()
    }
}

/// The ends of the finite ones among some numbers, each a share `pad` further out.
fn padded(data: impl Iterator<Item = f64>, pad: f64) -> (f64, f64) {
    let ends = data.filter(|v| v.is_finite()).fold(None, |ends: Option<(f64, f64)>, v| match ends {
        None => Some((v, v)),
        Some((low, high)) => Some((low.min(v), high.max(v))),
    });
    match ends {
        None => (0.0, 1.0),
        Some((low, high)) if high - low <= 1e-12 * high.abs().max(low.abs()) => {
            let room = if low == 0.0 { 1.0 } else { 0.5 * low.abs() };
            (low - room, high + room)
        }
        Some((low, high)) => (low - pad * (high - low), high + pad * (high - low)),
    }
}

/// 1, 2 or 5 times a power of ten, about `least` or more.
fn round_step(least: f64) -> f64 {
    if !(least.is_finite() && least > 0.0) {
        return 1.0;
    }
    let power = 10f64.powf(least.log10().floor());
    let times = least / power;
    let round = [(1.0, 1.0), (2.5, 2.0), (6.0, 5.0)].into_iter().find(|(most, _)| times <= *most);
    power * round.map_or(10.0, |(_, round)| round)
}

/// An axis with ends and a length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placed {
    low: f64,
    high: f64,
    scale: Scale,
    length: f64,
}

impl Placed {
    /// The distance of a value from the axis's low end; what lies far outside is moved to one length outside.
    pub fn at(&self, v: f64) -> f64 {
        let v = if self.scale == Scale::Log2 { v.log2() } else { v };
        (self.length * (v - self.low) / (self.high - self.low)).clamp(-self.length, 2.0 * self.length)
    }

    pub fn is_linear(&self) -> bool {
        self.scale == Scale::Linear
    }

    pub fn holds(&self, v: f64) -> bool {
        let at = self.at(v);
        (-1e-6..=self.length + 1e-6).contains(&at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, data: &[f64]) -> Vec<String> {
        let placed = axis.placed(data.iter().copied(), 0.0, 100.0);
        axis.marks(&placed, 5).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(&Axis::default(), &[0.0, 400.0]), ["0", "100", "200", "300", "400"]);
        assert_eq!(labels(&Axis::default(), &[-0.31, 0.72]), ["-0.2", "0", "0.2", "0.4", "0.6"].map(String::from)[..]);
        assert_eq!(
            labels(&Axis { percent: true, range: Some((0.0, 0.6)), ..Axis::default() }, &[]),
            ["0 %", "20 %", "40 %", "60 %"]
        );
        let log = Axis { scale: Scale::Log2, ..Axis::default() };
        assert_eq!(labels(&log, &[1.0, 64.0]), ["1", "4", "16", "64"]);
        assert_eq!(labels(&Axis { ticks: vec![1.0, 7.0, 63.0, 900.0], ..log }, &[1.0, 63.0]), ["1", "7", "63"]);
    }

    #[test]
    fn equal_ratios_are_equal_distances_on_a_logarithmic_axis() {
        let placed = Axis { scale: Scale::Log2, ..Axis::default() }.placed([1.0, 64.0].into_iter(), 0.0, 60.0);
        assert_eq!([1.0, 2.0, 8.0, 64.0].map(|v| placed.at(v)), [0.0, 10.0, 30.0, 60.0]);
    }

    #[test]
    fn nothing_one_number_and_the_absurd_have_an_axis() {
        for data in [&[][..], &[0.0], &[5.0, 5.0], &[f64::NAN], &[f64::INFINITY, 1.0]] {
            let placed = Axis::default().placed(data.iter().copied(), 0.05, 100.0);
            assert!(placed.high > placed.low && placed.at(0.3).is_finite(), "{data:?}");
            assert!(labels(&Axis::default(), data).len() < 20);
        }
        let placed = Axis::default().placed([0.0, 1.0].into_iter(), 0.0, 100.0);
        assert_eq!((placed.at(-1e30), placed.at(1e30)), (-100.0, 200.0));
    }
}
