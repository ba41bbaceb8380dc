//! One curve: its points, and a pyramid of their extremes.

use std::ops::Range;

use super::Grid;

/// What one column of a chart shows: the extremes of the finite values in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Step of the column's first and last point.
    pub first: u64,
    pub last: u64,
    /// Where these lie on the axis.
    pub x: (f64, f64),
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
    /// levels[k][i] is over points i·16^(k+1) .. (i+1)·16^(k+1), whole blocks only.
    levels: Vec<Vec<Block>>,
}

/// What a block of points comes to: extremes, sum and number of its finite values, and whether there are others.
#[derive(Debug, Clone, Copy)]
struct Block {
    min: f64,
    max: f64,
    sum: f64,
    finite: u32,
    gap: bool,
}

impl Block {
    const EMPTY: Block = Block { min: f64::INFINITY, max: f64::NEG_INFINITY, sum: 0.0, finite: 0, gap: false };

    fn of(v: f64) -> Self {
        if v.is_finite() { Self { min: v, max: v, sum: v, finite: 1, gap: false } } else { Self { gap: true, ..Self::EMPTY } }
    }

    fn and(self, b: Self) -> Self {
        Self {
            min: self.min.min(b.min),
            max: self.max.max(b.max),
            sum: self.sum + b.sum,
            finite: self.finite + b.finite,
            gap: self.gap || b.gap,
        }
    }
}

impl Curve {
    pub fn push(&mut self, step: u64, value: f64) {
        self.steps.push(step);
        self.values.push(value);
        let (mut block, mut level) = (FAN, 0);
        while self.values.len().is_multiple_of(block) {
            let i = self.values.len() / block - 1;
            let summary = if level == 0 {
                self.values[i * FAN..].iter().fold(Block::EMPTY, |a, &v| a.and(Block::of(v)))
            } else {
                self.levels[level - 1][i * FAN..].iter().fold(Block::EMPTY, |a, &v| a.and(v))
            };
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(summary);
            block *= FAN;
            level += 1;
        }
    }

    /// What the points `range` come to, from the coarsest whole blocks.
    fn over(&self, range: Range<usize>) -> Block {
        let (mut i, mut out) = (range.start, Block::EMPTY);
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
                out = out.and(self.levels[level][i / block]);
                i += block;
            } else {
                out = out.and(Block::of(self.values[i]));
                i += 1;
            }
        }
        out
    }

    /// What lies in each column of the grid that is not empty, and the mean of its finite values (NaN if there are none).
    pub fn over_grid(&self, grid: &Grid) -> Vec<(Column, f64)> {
        let columns = grid.edges.len().saturating_sub(1);
        let mut out = Vec::with_capacity(columns);
        let Some(&left) = grid.edges.first() else { return out };
        let mut start = self.steps.partition_point(|&s| (s as f64) < left);
        for c in 0..columns {
            let right = grid.edges[c + 1];
            // The right edge of the last column belongs to it.
            let end = if c + 1 == columns {
                start + self.steps[start..].partition_point(|&s| s as f64 <= right)
            } else {
                self.first_at(start, right)
            };
            if end > start {
                let (first, last, b) = (self.steps[start], self.steps[end - 1], self.over(start..end));
                let x = (grid.place(c, first), grid.place(c, last));
                out.push((Column { first, last, x, min: b.min, max: b.max, gap: b.gap }, b.sum / f64::from(b.finite)));
            }
            start = end;
        }
        out
    }

    /// The first point from the `start`-th on that is not before step `edge`. Steps are mostly recorded at even distances: then
    /// a look at where it should be is enough.
    fn first_at(&self, start: usize, edge: f64) -> usize {
        let steps = &self.steps[start..];
        let (Some(&first), Some(&last)) = (steps.first(), steps.last()) else { return start };
        if last as f64 >= edge && first as f64 <= edge && last > first {
            let share = (edge - first as f64) / (last - first) as f64;
            let guess = (share * (steps.len() - 1) as f64).ceil() as usize;
            for i in guess.saturating_sub(1)..(guess + 2).min(steps.len()) {
                if steps[i] as f64 >= edge && (i == 0 || (steps[i - 1] as f64) < edge) {
                    return start + i;
                }
            }
        }
        start + steps.partition_point(|&s| (s as f64) < edge)
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
