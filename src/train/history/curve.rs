//! One curve: its points, and a pyramid of their extremes.

use std::ops::Range;

/// What one column of a chart shows: the extremes of the finite values in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Step of the column's first and last point.
    pub first: u64,
    pub last: u64,
    pub min: f64,
    pub max: f64,
    /// True if a point in the column was not finite.
    pub gap: bool,
}

/// Points or blocks in a block of the next level.
const FAN: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Curve {
    pub steps: Vec<u64>,
    pub values: Vec<f64>,
    /// levels[k][i] = (min, max, any non-finite) over points i·16^(k+1) .. (i+1)·16^(k+1), whole blocks only.
    levels: Vec<Vec<(f64, f64, bool)>>,
}

fn merge(a: (f64, f64, bool), b: (f64, f64, bool)) -> (f64, f64, bool) {
    (a.0.min(b.0), a.1.max(b.1), a.2 || b.2)
}

const EMPTY: (f64, f64, bool) = (f64::INFINITY, f64::NEG_INFINITY, false);

fn leaf(v: f64) -> (f64, f64, bool) {
    if v.is_finite() { (v, v, false) } else { (EMPTY.0, EMPTY.1, true) }
}

impl Curve {
    pub fn push(&mut self, step: u64, value: f64) {
        self.steps.push(step);
        self.values.push(value);
        let (mut block, mut level) = (FAN, 0);
        while self.values.len().is_multiple_of(block) {
            let i = self.values.len() / block - 1;
            let summary = if level == 0 {
                self.values[i * FAN..].iter().fold(EMPTY, |a, &v| merge(a, leaf(v)))
            } else {
                self.levels[level - 1][i * FAN..].iter().fold(EMPTY, |a, &v| merge(a, v))
            };
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(summary);
            block *= FAN;
            level += 1;
        }
    }

    /// Extremes over the points `range`, from the coarsest whole blocks.
    fn extremes(&self, range: Range<usize>) -> (f64, f64, bool) {
        let (mut i, mut out) = (range.start, EMPTY);
        while i < range.end {
            let (mut block, mut level, mut found) = (FAN, 0, None);
            while i.is_multiple_of(block)
                && i + block <= range.end
                && level < self.levels.len()
                && i / block < self.levels[level].len()
            {
                found = Some((level, block));
                block *= FAN;
                level += 1;
            }
            if let Some((level, block)) = found {
                out = merge(out, self.levels[level][i / block]);
                i += block;
            } else {
                out = merge(out, leaf(self.values[i]));
                i += 1;
            }
        }
        out
    }

    pub fn columns(&self, from: f64, to: f64, columns: usize) -> Vec<Column> {
        let mut out = Vec::with_capacity(columns);
        let width = (to - from) / columns.max(1) as f64;
        let mut start = self.steps.partition_point(|&s| (s as f64) < from);
        for c in 0..columns {
            let right = if c + 1 == columns { to } else { from + width * (c + 1) as f64 };
            let inside = |s: u64| if c + 1 == columns { s as f64 <= right } else { (s as f64) < right };
            let end = start + self.steps[start..].partition_point(|&s| inside(s));
            if end > start {
                let (min, max, gap) = self.extremes(start..end);
                out.push(Column { first: self.steps[start], last: self.steps[end - 1], min, max, gap });
            }
            start = end;
        }
        out
    }

    /// Forgets all points after `step`.
    pub fn cut_back(&mut self, step: u64) {
        let keep = self.steps.partition_point(|&s| s <= step);
        self.steps.truncate(keep);
        self.values.truncate(keep);
        let mut block = FAN;
        for level in &mut self.levels {
            level.truncate(keep / block);
            block *= FAN;
        }
    }
}
