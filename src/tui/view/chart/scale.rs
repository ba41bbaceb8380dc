//! From values to the height of the plot and from steps to its width, with ticks at 1-2-5.

use unicode_width::UnicodeWidthStr;

use super::number;
use crate::train::history::Axis;

/// A tick: where it is (0 = bottom or left, 1 = top or right) and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    pub at: f64,
    pub label: String,
}

/// The vertical axis. `lo < hi`, both finite; in log₁₀ of the value if `log`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    lo: f64,
    hi: f64,
    log: bool,
}

impl Scale {
    /// An axis from `range` if it is usable, otherwise around the finite (positive, if `log`) values of `data`.
    /// `None` if there is nothing to show.
    pub fn new(range: Option<(f64, f64)>, data: impl Iterator<Item = f64>, log: bool) -> Option<Self> {
        let axis = |v: f64| axis(v, log);
        let (lo, hi) = data
            .filter_map(axis)
            .fold(None, |r: Option<(f64, f64)>, v| Some(r.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v)))))?;
        if let Some((a, b)) = range
            && let (Some(a), Some(b)) = (axis(a), axis(b))
            && a < b
        {
            return Some(Self { lo: a, hi: b, log });
        }
        let (lo, hi) = padded(lo, hi, log);
        Some(Self { lo, hi, log })
    }

    /// The same axis stretched to show `v` too, if that takes at most `more` times its present height.
    pub fn reaching(self, v: f64, more: f64) -> Self {
        let Some(v) = axis(v, self.log) else { return self };
        let limit = (self.hi / 2.0 - self.lo / 2.0) * 2.0 * more;
        let edge = (self.hi / 2.0 - self.lo / 2.0) * 0.08;
        if v > self.hi && v - self.hi <= limit {
            Self { hi: (v + edge).min(f64::MAX), ..self }
        } else if v < self.lo && self.lo - v <= limit {
            Self { lo: (v - edge).max(f64::MIN), ..self }
        } else {
            self
        }
    }

    /// Height of `v`: 0 at the bottom, 1 at the top; beyond them (at most ten heights) for values out of range.
    /// `None` for what has no place: not finite, or not positive on a logarithmic axis.
    pub fn fraction(&self, v: f64) -> Option<f64> {
        axis(v, self.log).map(|v| self.place(v))
    }

    /// Halves first: the difference of two huge numbers must not overflow.
    fn place(&self, v: f64) -> f64 {
        ((v / 2.0 - self.lo / 2.0) / (self.hi / 2.0 - self.lo / 2.0)).clamp(-10.0, 11.0)
    }

    /// Ticks for a plot of `rows` rows with labels of at most `width` columns; `percent` labels shares in per cent.
    pub fn ticks(&self, rows: u16, width: usize, percent: bool) -> Vec<Tick> {
        if rows < 2 {
            return Vec::new();
        }
        let gap = f64::from(if rows >= 12 { 3u16 } else { 2 }) / f64::from(rows);
        let found = if self.log { self.log_ticks(gap) } else { self.linear_ticks(self.lo, self.hi, gap, percent) };
        let found: Vec<Tick> = found.into_iter().filter(|t| t.label.width() <= width).collect();
        if found.len() >= 2 {
            return found;
        }
        let few = self.two_round(gap, percent);
        if few.len() == 2 && few.iter().all(|t| t.label.width() <= width) {
            return few;
        }
        // Nothing round fits: name the ends of the axis.
        let end = |at: f64, v: f64| {
            let v = if self.log { 10f64.powf(v) } else { v };
            let label = if percent { format!("{:.0}%", v * 100.0) } else { number::within(v, width) };
            Tick { at, label: number::fit(&label, width) }
        };
        vec![end(0.0, self.lo), end(1.0, self.hi)]
    }

    /// The lowest and the highest round number on the axis, as round as can be with half the plot between them: where there are too few
    /// rows for round numbers at equal distances.
    fn two_round(&self, gap: f64, percent: bool) -> Vec<Tick> {
        let apart = |ticks: Vec<Tick>| {
            let ends = [ticks.first()?.clone(), ticks.last()?.clone()];
            (ends[1].at - ends[0].at >= 0.5).then(|| ends.to_vec())
        };
        if self.log && self.hi - self.lo >= LINEAR {
            return [&MANTISSAS[..1], &MANTISSAS].into_iter().find_map(|m| apart(self.powers(m))).unwrap_or_default();
        }
        let (lo, hi) = if self.log { (10f64.powf(self.lo), 10f64.powf(self.hi)) } else { (self.lo, self.hi) };
        // Each at most twice as fine as the one before.
        (1..8).find_map(|k| apart(self.linear_ticks(lo, hi, gap / 2f64.powi(k), percent))).unwrap_or_default()
    }

    /// A tick at 10^e.
    fn power(&self, e: f64) -> Tick {
        let v = 10f64.powf(e);
        Tick { at: self.place(e), label: number::tick(v, v, v) }
    }

    /// In each decade those with these mantissas.
    fn powers(&self, mantissas: &[f64]) -> Vec<Tick> {
        let all = decades_below(self.lo, self.hi).into_iter().flat_map(|d| mantissas.iter().map(move |m| d + m.log10()));
        all.filter(|e| (self.lo - 1e-9..=self.hi + 1e-9).contains(e)).map(|e| self.power(e)).collect()
    }

    fn linear_ticks(&self, lo: f64, hi: f64, gap: f64, percent: bool) -> Vec<Tick> {
        let unit = if percent { 100.0 } else { 1.0 };
        let (lo, hi) = (lo * unit, hi * unit);
        let step = nice_at_least((hi - lo) * gap);
        let values = multiples(lo, hi, step);
        let largest = values.iter().fold(0f64, |a, v| a.max(v.abs()));
        let label = |v: f64| number::tick(v, step, largest) + if percent { "%" } else { "" };
        let place = |v: f64| if self.log { self.fraction(v / unit) } else { Some(self.place(v / unit)) };
        values.into_iter().filter_map(|v| Some(Tick { at: place(v)?, label: label(v) })).collect()
    }

    /// 1-2-5 in each decade if there is room, else the decades, else every 2nd, 5th, 10th, ... decade.
    fn log_ticks(&self, gap: f64) -> Vec<Tick> {
        let span = self.hi - self.lo;
        let least = span * gap;
        if span < LINEAR {
            // Round numbers as on a plain axis, thinned where they crowd.
            let (lo, hi) = (10f64.powf(self.lo), 10f64.powf(self.hi));
            let mut last = f64::NEG_INFINITY;
            let mut ticks = self.linear_ticks(lo, hi, gap, false);
            ticks.retain(|t| {
                t.at - last >= gap * 0.9 && {
                    last = t.at;
                    true
                }
            });
            return ticks;
        }
        let decades = |k: f64| multiples(self.lo, self.hi, k);
        if least <= 0.3 {
            let mut last = f64::NEG_INFINITY;
            let mut ticks = self.powers(&MANTISSAS);
            ticks.retain(|t| {
                (t.at - last) * span >= least * 0.999 && {
                    last = t.at;
                    true
                }
            });
            return ticks;
        }
        let few = decades(nice_at_least(least.max(1.0)));
        few.into_iter().map(|e| self.power(e)).collect()
    }
}

/// Of the round numbers of a decade.
const MANTISSAS: [f64; 3] = [1.0, 2.0, 5.0];
/// Decades below which a logarithmic axis has ticks as a plain one: less than a factor of five.
const LINEAR: f64 = 0.7;

fn axis(v: f64, log: bool) -> Option<f64> {
    match log {
        _ if !v.is_finite() => None,
        false => Some(v),
        true => (v > 0.0).then(|| v.log10()),
    }
}

/// Room above and below; an axis of data that never go below zero does not either.
fn padded(lo: f64, hi: f64, log: bool) -> (f64, f64) {
    let span = hi / 2.0 - lo / 2.0;
    let size = lo.abs().max(hi.abs());
    let pad = match span {
        s if s > size * 1e-12 && s > f64::MIN_POSITIVE => s * 0.12,
        _ if log => 0.5,
        _ if size > f64::MIN_POSITIVE => (size * 0.1).max(f64::MIN_POSITIVE),
        _ => 1.0,
    };
    let low = if !log && lo >= 0.0 { (lo - pad).max(0.0) } else { lo - pad };
    (low.max(f64::MIN), (hi + pad).min(f64::MAX))
}

fn decades_below(lo: f64, hi: f64) -> Vec<f64> {
    multiples(lo.floor(), hi, 1.0)
}

/// The smallest of 1, 2, 5 × 10^k that is at least `v`.
pub fn nice_at_least(v: f64) -> f64 {
    if !v.is_finite() {
        return f64::MAX;
    }
    if v < 1e-300 {
        return 1e-300;
    }
    let power = 10f64.powf(v.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|m| m * power);
    steps.into_iter().find(|s| *s >= v * (1.0 - 1e-9)).unwrap_or(v)
}

/// The multiples of `step` between `lo` and `hi`, at most a thousand.
fn multiples(lo: f64, hi: f64, step: f64) -> Vec<f64> {
    let slack = 1e-9;
    let (first, last) = ((lo / step - slack).ceil(), (hi / step + slack).floor());
    if !(first.is_finite() && last.is_finite()) || last - first > 1000.0 || first.abs().max(last.abs()) > 9e15 {
        return Vec::new();
    }
    (0..=(last - first).max(-1.0) as i64).map(|i| (first + i as f64) * step).filter(|_| last >= first).collect()
}

/// A usable span of the axis, whatever the caller gave.
pub fn span((a, b): (f64, f64)) -> (f64, f64) {
    let finite = |v: f64| if v.is_finite() { v.clamp(-1e18, 1e18) } else { 0.0 };
    let (a, b) = (finite(a), finite(b));
    let least = (a.abs() * 1e-9).max(1e-6);
    (a, if b - a >= least { b } else { a + least.max(1.0) })
}

/// Ticks at round places for a plot of `width` columns, their labels at least two columns apart.
pub fn place_ticks(axis: Axis, (a, b): (f64, f64), width: u16) -> Vec<Tick> {
    let columns = f64::from(width.max(1));
    // A label has a character at least.
    let mut least = (b - a) / columns * 5.0;
    if axis == Axis::Steps {
        least = least.max(1.0);
    }
    for _ in 0..60 {
        let step = round_at_least(axis, least);
        let values = multiples(a, b, step);
        let largest = values.iter().fold(0f64, |m, v| m.max(v.abs()));
        let label = |v: f64| match axis {
            Axis::Steps => number::tick(v, step, largest.max(1.0)),
            Axis::Epochs => number::tick(v, step, largest),
            Axis::Time => number::clock(v, step, largest),
        };
        let ticks: Vec<Tick> = values.iter().map(|v| Tick { at: (v - a) / (b - a), label: label(*v) }).collect();
        let widest = ticks.iter().map(|t| t.label.width()).max().unwrap_or(0);
        if !ticks.is_empty() && step / (b - a) * columns >= (widest + 4) as f64 {
            return ticks;
        }
        if step > (b - a) * 2.0 {
            return ticks.into_iter().take(1).collect();
        }
        least = step * 1.5;
    }
    Vec::new()
}

/// Distances of ticks in seconds up to a day.
const CLOCK: [f64; 17] =
    [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0, 43_200.0];

/// The smallest round distance that is at least `v`: 1-2-5, of time as on a clock.
fn round_at_least(axis: Axis, v: f64) -> f64 {
    const DAY: f64 = 86_400.0;
    match axis {
        Axis::Time if v > 43_200.0 => nice_at_least((v / DAY).max(1.0)) * DAY,
        Axis::Time if v > 0.5 => CLOCK.into_iter().find(|step| *step >= v * (1.0 - 1e-9)).unwrap_or(DAY),
        _ => nice_at_least(v),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(s: &Scale, rows: u16) -> Vec<String> {
        s.ticks(rows, 6, false).into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn linear_ticks_are_round_and_increase() {
        let s = Scale::new(Some((0.0, 1.0)), [0.5].into_iter(), false).unwrap();
        assert_eq!(labels(&s, 16), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&s, 4), ["0", "0.5", "1.0"]);
        let s = Scale::new(Some((0.0, 0.8)), [0.5].into_iter(), false).unwrap();
        let t: Vec<_> = s.ticks(16, 6, true).into_iter().map(|t| t.label).collect();
        assert_eq!(t, ["0%", "20%", "40%", "60%", "80%"]);
    }

    #[test]
    fn few_rows_have_round_ticks_too() {
        let of = |range, rows, log| {
            let s = Scale::new(Some(range), [range.0].into_iter(), log).unwrap();
            let ticks = s.ticks(rows, 6, false);
            assert!(ticks[1].at - ticks[0].at >= 0.5, "{ticks:?}");
            ticks.into_iter().map(|t| t.label).collect::<Vec<_>>()
        };
        assert_eq!(of((0.109, 4.448), 3, false), ["1", "4"]);
        assert_eq!(of((0.109, 4.448), 2, false), ["1", "4"]);
        assert_eq!(of((-1.37, 0.93), 2, false), ["-1.0", "0.5"]);
        assert_eq!(of((0.31, 0.34), 3, false), ["0.32", "0.34"]);
        assert_eq!(of((0.3, 11.0), 3, true), ["1", "10"]);
        // Where no round number has room the ends are named after all.
        let close = Scale::new(Some((4.448_01, 4.448_02)), [4.448_01].into_iter(), false).unwrap();
        assert_eq!(labels(&close, 3).len(), 2);
    }

    #[test]
    fn decades_are_ticks_of_a_log_axis_and_evenly_spaced() {
        let s = Scale::new(Some((1e-4, 1.0)), [0.5].into_iter(), true).unwrap();
        let ticks = s.ticks(20, 6, false);
        assert_eq!(ticks.iter().map(|t| t.label.as_str()).collect::<Vec<_>>(), ["1e-4", "1e-3", "0.01", "0.1", "1"]);
        for (i, t) in ticks.iter().enumerate() {
            assert!((t.at - i as f64 / 4.0).abs() < 1e-9);
        }
        let wide = Scale::new(Some((1e-30, 1e30)), [0.5].into_iter(), true).unwrap();
        assert!((2..=8).contains(&wide.ticks(20, 6, false).len()));
        let narrow = Scale::new(Some((2.0, 6.0)), [3.0].into_iter(), true).unwrap();
        assert!(labels(&narrow, 20).contains(&"3".to_string()), "{:?}", labels(&narrow, 20));
    }

    #[test]
    fn a_log_axis_has_no_place_for_zero() {
        let s = Scale::new(None, [0.0, 1.0, 10.0].into_iter(), true).unwrap();
        assert_eq!(s.fraction(0.0), None);
        assert!(s.fraction(1.0) < s.fraction(10.0));
        assert_eq!(Scale::new(None, [0.0, -1.0].into_iter(), true), None);
    }

    #[test]
    fn any_data_lie_within_their_axis() {
        for data in [[1.0, 1.0], [0.0, 0.0], [f64::MIN, f64::MAX], [5e-324, 5e-324], [-3.0, 7.0], [1e300, 1e300]] {
            let s = Scale::new(None, data.into_iter(), false).unwrap();
            for v in data {
                let f = s.fraction(v).unwrap();
                assert!((0.0..=1.0).contains(&f), "{v} at {f} on {s:?}");
            }
        }
    }

    #[test]
    fn step_labels_stay_apart() {
        for (range, width) in [((0.0, 100_000.0), 80), ((0.0, 1.0), 11), ((37.0, 1234.0), 40), ((0.0, 3.2e6), 20)] {
            let ticks = place_ticks(Axis::Steps, range, width);
            assert!(!ticks.is_empty());
            for w in ticks.windows(2) {
                assert!((w[1].at - w[0].at) * f64::from(width) >= (w[1].label.width() + 1) as f64, "{w:?}");
            }
        }
    }

    #[test]
    fn ticks_of_time_are_those_of_a_clock_and_stay_apart() {
        let labels = |to, width| place_ticks(Axis::Time, (0.0, to), width).into_iter().map(|t| t.label).collect::<Vec<_>>();
        assert_eq!(labels(100.0, 60), ["0:00", "0:15", "0:30", "0:45", "1:00", "1:15", "1:30"]);
        assert_eq!(labels(9000.0, 60), ["0h00", "0h30", "1h00", "1h30", "2h00", "2h30"]);
        for (to, width) in [(0.5, 40), (7.0, 30), (59.0, 80), (4000.0, 25), (5e5, 60), (1e9, 60)] {
            let ticks = place_ticks(Axis::Time, (0.0, to), width);
            assert!(ticks.len() > 1, "{to}");
            for w in ticks.windows(2) {
                assert!((w[1].at - w[0].at) * f64::from(width) >= (w[1].label.width() + 1) as f64, "{w:?}");
            }
        }
        let epochs: Vec<_> = place_ticks(Axis::Epochs, (0.0, 2.4), 60).into_iter().map(|t| t.label).collect();
        assert_eq!(epochs, ["0", "0.5", "1.0", "1.5", "2.0"]);
    }
}
