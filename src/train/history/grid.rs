//! The columns of a chart: of the same width on the axis, each some steps.
//!
//! On an axis of steps each column has as many; on one of time a column has the steps that were taken in its seconds, so that a curve
//! keeps its extremes there, too, however the speed varied.

use super::Axis;

/// Where the columns of a chart begin and end.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    axis: Axis,
    from: f64,
    to: f64,
    /// The steps at the columns' edges, one more than there are columns.
    pub(super) edges: Vec<f64>,
}

impl Grid {
    /// Columns of equal numbers of steps.
    pub fn steps(from: f64, to: f64, columns: usize) -> Self {
        Self::along(Axis::Steps, (from, to), columns, |place| place)
    }

    /// Columns of equal width on an axis, on which `step` finds the step at a place.
    pub(super) fn along(axis: Axis, (from, to): (f64, f64), columns: usize, step: impl Fn(f64) -> f64) -> Self {
        let width = (to - from) / columns.max(1) as f64;
        let place = |edge: usize| if edge == columns { to } else { from + width * edge as f64 };
        let edges = if columns == 0 { Vec::new() } else { (0..=columns).map(|edge| step(place(edge))).collect() };
        Self { axis, from, to, edges }
    }

    /// How much of the axis it covers.
    pub fn width(&self) -> f64 {
        self.to - self.from
    }

    /// Where a step of column `c` lies on the axis: within the column in proportion.
    pub(super) fn place(&self, c: usize, step: u64) -> f64 {
        if self.axis == Axis::Steps {
            return step as f64;
        }
        let (left, right) = (self.edges[c], self.edges[c + 1]);
        let share = if right > left { ((step as f64 - left) / (right - left)).clamp(0.0, 1.0) } else { 0.5 };
        self.from + self.width() / (self.edges.len() - 1) as f64 * (c as f64 + share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::history::{History, Series};

    /// Ten steps a second, then one in ten seconds: a chart of time gives most of its columns to the slow ones, and none of the points
    /// is lost.
    #[test]
    fn a_column_of_time_has_the_steps_of_its_seconds() {
        let h = History::default();
        let seconds = |step: u64| if step <= 100 { step as f64 / 10.0 } else { 10.0 + (step - 100) as f64 * 10.0 };
        for step in 1..=109 {
            h.push_step(&crate::record::StepRow {
                seconds: seconds(step),
                ..crate::record::recorder_rows::step_row(step, step as f64)
            });
        }
        let columns = h.over(Series::Loss, &h.grid(Axis::Time, (0.0, 100.0), 20));
        assert_eq!((columns[0].first, columns[0].last), (1, 49), "steps before the fifth second");
        assert_eq!((columns[1].first, columns[1].last), (50, 99));
        let slow: Vec<_> = columns[2..].iter().map(|c| (c.first, c.last)).collect();
        assert_eq!(slow[0], (100, 100));
        assert_eq!(slow[1..], (101..=109).map(|s| (s, s)).collect::<Vec<_>>());
        for c in &columns {
            assert_eq!((c.min, c.max), (c.first as f64, c.last as f64));
            let (a, b) = (seconds(c.first), seconds(c.last));
            assert!((c.x.0 - a).abs() < 0.3 && (c.x.1 - b).abs() < 0.3, "{c:?} for {a}, {b}");
        }
    }
}
