//! From the columns of a curve to dots: every extreme is drawn, nothing is drawn where there is no curve.

use crate::train::history::Column;

use super::{Break, canvas::Bitmap, scale::Scale};

/// Where curves go: `x.0..=x.1` of the axis across, `y` up.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    pub x: (f64, f64),
    pub y: Scale,
    pub breaks: &'a [Break],
}

/// One column on the grid: dot column, lowest and highest value in dots from the top.
struct Bar {
    x: usize,
    low: f64,
    high: f64,
}

/// Draws `columns` into a bitmap of `width` × `height` dots.
pub fn trace(columns: &[Column], frame: &Frame, width: usize, height: usize) -> Bitmap {
    let mut map = Bitmap::new(width, height);
    if width == 0 || height == 0 {
        return map;
    }
    let mut before: Option<(&Column, Bar)> = None;
    for column in columns {
        let Some(bar) = place(column, frame, width, height) else {
            before = None;
            continue;
        };
        if crosses(frame.breaks, column.first, column.last) {
            // Both sides of the break in one column: show the extremes, but do not join them.
            map.bar(bar.x, row(bar.high), row(bar.high));
            map.bar(bar.x, row(bar.low), row(bar.low));
            before = None;
            continue;
        }
        map.bar(bar.x, row(bar.high), row(bar.low));
        if let Some((last, from)) = before.take()
            && !column.gap
            && !crosses(frame.breaks, last.last, column.first)
        {
            join(&mut map, &from, &bar);
        }
        before = (!column.gap).then_some((column, bar));
    }
    map
}

/// A break lies between the steps `a` and `z` if it took effect after `a` and not after `z`.
fn crosses(breaks: &[Break], a: u64, z: u64) -> bool {
    breaks.iter().any(|b| a < b.step && b.step <= z)
}

fn place(c: &Column, frame: &Frame, width: usize, height: usize) -> Option<Bar> {
    let middle = c.x.0 / 2.0 + c.x.1 / 2.0;
    let (a, b) = frame.x;
    if c.x.1 < a || c.x.0 > b {
        return None;
    }
    let x = ((middle - a) / (b - a) * width as f64).floor().clamp(0.0, width as f64 - 1.0) as usize;
    let down = |f: f64| (1.0 - f) * (height as f64 - 1.0);
    let high = frame.y.fraction(c.max)?;
    // On a logarithmic axis a column may reach below everything: down to the bottom then.
    let low = if c.min.is_finite() { frame.y.fraction(c.min).unwrap_or(-1.0) } else { return None };
    Some(Bar { x, low: down(low), high: down(high) })
}

fn row(y: f64) -> i64 {
    y.round() as i64
}

/// A line between two bars, unless they touch already. Steep lines fill each dot column they pass.
fn join(map: &mut Bitmap, from: &Bar, to: &Bar) {
    // Rows grow downwards: `high` is the smaller number.
    let (start, end) = if to.high > from.low {
        (from.low, to.high)
    } else if to.low < from.high {
        (from.high, to.low)
    } else {
        let middle = (from.high.max(to.high) + from.low.min(to.low)) / 2.0;
        (middle, middle)
    };
    let across = to.x.abs_diff(from.x);
    if across == 0 || to.x < from.x {
        return map.bar(to.x, row(start), row(end));
    }
    let at = |t: f64| start + (end - start) * (t / across as f64).clamp(0.0, 1.0);
    for i in 0..=across {
        let (a, b) = (at(i as f64 - 0.5), at(i as f64 + 0.5));
        // Half a dot less at the far side: neighbours meet at a corner instead of overlapping.
        let (a, b) = if (b - a).abs() > 1.0 { (a, b - (b - a).signum()) } else { ((a + b) / 2.0, (a + b) / 2.0) };
        map.bar(from.x + i, row(a), row(b));
    }
}

/// Which dots of a dashed curve are left out: patterns (on, off, on, off) for the 1st, 2nd, 3rd dashed curve of a chart.
const PATTERNS: [[usize; 4]; 3] = [[5, 3, 5, 3], [2, 2, 2, 2], [7, 3, 2, 3]];

/// From how many dots of height a column is part of a band rather than of a line.
const BAND: usize = 2;

/// Makes a curve dashed. A column that reaches beyond its drawn neighbours is kept: a dash must not hide a spike.
pub fn dash(map: &mut Bitmap, number: usize, fine: bool) {
    let pattern = PATTERNS[number % PATTERNS.len()].map(|n| if fine { n } else { n.div_ceil(3) });
    let period: usize = pattern.iter().sum();
    let on = |x: usize| {
        let p = x % period;
        p < pattern[0] || (p >= pattern[0] + pattern[1] && p < period - pattern[3])
    };
    let extents: Vec<Option<(usize, usize)>> = (0..map.width).map(|x| map.extent(x)).collect();
    for x in (0..map.width).filter(|&x| !on(x)) {
        let Some((top, bottom)) = extents[x] else { continue };
        let left = (0..x).rev().find(|&i| on(i)).and_then(|i| extents[i]);
        let right = (x + 1..map.width).find(|&i| on(i)).and_then(|i| extents[i]);
        // With a curve on one side only this is an end of it, and ends are kept.
        if let (Some(l), Some(r)) = (left, right)
            && top + 2 >= l.0.min(r.0)
            && bottom <= l.1.max(r.1) + 2
        {
            map.clear_column(x);
            if bottom - top >= BAND {
                // A noisy band is hollow between its dashes rather than torn to pieces.
                map.bar(x, top as i64, top as i64);
                map.bar(x, bottom as i64, bottom as i64);
            }
        }
    }
}
