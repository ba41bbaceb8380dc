//! What of the curves is in sight: which part of the axis, what the axis counts in, which lines are hidden.

use std::collections::BTreeSet;

use super::{
    app::{App, ChartId},
    view::chart::place_label,
};
use crate::train::history::{Axis, Series};

/// Where the axis begins and ends, and where on it the newest step of this run lies: other runs may reach further.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    pub from: f64,
    pub to: f64,
    pub newest: f64,
}

/// Which part of the axis the charts show, in its own unit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Range {
    #[default]
    All,
    /// As much as this up to the newest step, wherever that is.
    Last(f64),
    /// From here to there, whatever comes after.
    Fixed(f64, f64),
}

impl Range {
    /// Its edges.
    pub fn within(self, b: &Bounds) -> (f64, f64) {
        match self {
            Range::All => (b.from, b.to),
            Range::Last(width) => ((b.newest - width).max(b.from.min(b.newest)), b.newest),
            Range::Fixed(from, to) => (from, to),
        }
    }

    /// The range with these edges, moved to where there is something and no narrower than `least`. One that ends with the newest
    /// step follows it.
    fn settled((from, to): (f64, f64), b: &Bounds, least: f64) -> Self {
        let whole = b.to - b.from;
        let width = (to - from).max(least);
        if width >= whole {
            return Range::All;
        }
        let from = from.min(b.to - width).max(b.from);
        if (from + width - b.newest).abs() <= width * 1e-6 { Range::Last(width) } else { Range::Fixed(from, from + width) }
    }

    /// Narrower by `factor` (wider, if that is below one), with `about` staying where it is on the screen.
    pub fn zoomed(self, b: &Bounds, about: f64, factor: f64, least: f64) -> Self {
        let (from, to) = self.within(b);
        let width = ((to - from) / factor).max(least);
        let share = if to > from { (about - from) / (to - from) } else { 1.0 };
        // To the digit: what ends with the newest step is to go on doing so.
        let right = if about == to { to } else { about + (1.0 - share) * width };
        Self::settled((right - width, right), b, least)
    }

    /// Moved along the axis.
    pub fn panned(self, b: &Bounds, by: f64, least: f64) -> Self {
        let (from, to) = self.within(b);
        if self == Range::All { self } else { Self::settled((from + by, to + by), b, least) }
    }
}

/// What a legend entry stands for, whatever it is called at this width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    Curve(Series),
    /// The overlaid run with this place.
    Run(usize),
    /// The `n`-th line at a height.
    Reference(usize),
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    pub axis: Axis,
    pub range: Range,
    pub hidden: BTreeSet<(ChartId, Entry)>,
    /// The legend entry that the keys act on.
    pub picked: Option<(ChartId, Entry)>,
}

impl Sight {
    pub fn hides(&self, id: ChartId, entry: Entry) -> bool {
        self.hidden.contains(&(id, entry))
    }

    /// Hides an entry, or shows it again; true if it is hidden now.
    pub fn toggle(&mut self, id: ChartId, entry: Entry) -> bool {
        let hides = !self.hidden.remove(&(id, entry));
        if hides {
            self.hidden.insert((id, entry));
        }
        hides
    }

    /// Another run has begun: what stood still shows all of it, and the arena has no epochs.
    pub fn begin_anew(&mut self, has_encoder: bool) {
        if matches!(self.range, Range::Fixed(..)) {
            self.range = Range::All;
        }
        if !has_encoder && self.axis == Axis::Epochs {
            (self.axis, self.range) = (Axis::Steps, Range::All);
        }
        self.picked = None;
    }

    /// Of a run that is not over the charts any more nothing is hidden.
    pub fn forget_run(&mut self, place: usize) {
        self.hidden.retain(|(_, entry)| *entry != Entry::Run(place));
        self.picked = self.picked.filter(|(_, entry)| *entry != Entry::Run(place));
    }
}

/// Widths that `w` steps through: steps, seconds, epochs.
pub fn windows(axis: Axis) -> [f64; 2] {
    match axis {
        Axis::Steps => [1000.0, 200.0],
        Axis::Time => [600.0, 60.0],
        Axis::Epochs => [5.0, 1.0],
    }
}

/// Less is not shown.
pub fn least(axis: Axis) -> f64 {
    match axis {
        Axis::Steps => 10.0,
        Axis::Time => 0.1,
        Axis::Epochs => 1e-3,
    }
}

/// As much of the axis, in words: `200 steps`, `1:05`, `2.5 epochs`.
fn amount(axis: Axis, width: f64) -> String {
    match axis {
        Axis::Steps => format!("{} steps", place_label(axis, width, width)),
        Axis::Time => place_label(axis, width, width),
        Axis::Epochs => format!("{} epochs", place_label(axis, width, width)),
    }
}

impl App {
    /// Left and right edge of the charts, in the unit of their axis.
    pub fn x_range(&self) -> (f64, f64) {
        self.sight.range.within(&self.bounds())
    }

    /// The whole axis: of what there was when the view was frozen, if it is.
    pub fn bounds(&self) -> Bounds {
        let axis = self.sight.axis;
        let last = self.frozen.as_ref().map_or_else(|| self.live_until(), |frozen| frozen.until);
        let first = self.history.span().map_or(1, |(first, _)| first).min(last);
        let at = |step: u64| self.history.place(axis, step as f64);
        let mut bounds = Bounds { from: at(first), to: at(last), newest: at(last) };
        // All of the axis is that of the runs that lie behind this one, too.
        for (_, curves) in self.runs.laid().filter(|_| self.live.config.has_encoder()) {
            let Some((first, last)) = curves.history.span().filter(|_| curves.history.knows(axis)) else { continue };
            bounds.from = bounds.from.min(curves.history.place(axis, first as f64));
            bounds.to = bounds.to.max(curves.history.place(axis, last as f64));
        }
        bounds
    }

    /// The step up to which the charts reach while nothing is frozen.
    pub fn live_until(&self) -> u64 {
        let (first, last) = self.history.span().unwrap_or((1, 1));
        // The first steps grow into a chart that is there already.
        last.max(self.live.step).max(first.saturating_add(20))
    }

    /// The newest step of this run that is shown.
    pub fn shown_until(&self) -> u64 {
        self.step_at(self.x_range().1)
    }

    /// The step of this run at a place on the axis, or the last one before it.
    pub fn step_at(&self, x: f64) -> u64 {
        self.history.step_at(self.sight.axis, x) as u64
    }

    /// What part of the axis is shown, in words; `None` if all of it is.
    pub fn range_words(&self) -> Option<String> {
        let axis = self.sight.axis;
        match self.sight.range {
            Range::All => None,
            Range::Last(width) => Some(format!("last {}", amount(axis, width))),
            Range::Fixed(from, to) => {
                let name = match axis {
                    Axis::Steps => "steps ",
                    Axis::Time => "",
                    Axis::Epochs => "epochs ",
                };
                let label = |x| place_label(axis, x, to - from);
                Some(format!("{name}{}–{}", label(from), label(to)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Bounds = Bounds { from: 1.0, to: 1001.0, newest: 1001.0 };

    #[test]
    fn zooming_at_the_end_follows_the_newest_step_and_back_out_shows_all() {
        let near = Range::All.zoomed(&WHOLE, 1001.0, 2.0, 10.0);
        assert_eq!(near, Range::Last(500.0));
        let grown = Bounds { to: 1200.0, newest: 1200.0, ..WHOLE };
        assert_eq!(near.within(&grown), (700.0, 1200.0));
        assert_eq!(near.zoomed(&WHOLE, 1001.0, 0.5, 10.0), Range::All);
        let nearest = (0..20).fold(near, |range, _| range.zoomed(&WHOLE, 1001.0, 2.0, 10.0));
        assert_eq!(nearest, Range::Last(10.0));
    }

    #[test]
    fn what_does_not_reach_the_newest_step_stays() {
        let range = Range::All.zoomed(&WHOLE, 251.0, 2.0, 10.0);
        assert_eq!(range, Range::Fixed(126.0, 626.0), "what is pointed at stays a quarter from the left");
        let grown = Bounds { to: 9000.0, newest: 9000.0, ..WHOLE };
        assert_eq!(range.within(&grown), (126.0, 626.0));
        assert_eq!(range.panned(&WHOLE, -200.0, 10.0), Range::Fixed(1.0, 501.0), "not beyond the first");
        assert_eq!(range.panned(&WHOLE, 1e9, 10.0), Range::Last(500.0), "at the end it follows");
        assert_eq!(Range::All.panned(&WHOLE, 50.0, 10.0), Range::All);
    }

    #[test]
    fn beside_a_longer_run_the_end_is_not_the_newest_step() {
        let longer = Bounds { to: 5001.0, ..WHOLE };
        assert_eq!(Range::All.zoomed(&longer, 5001.0, 2.0, 10.0), Range::Fixed(2501.0, 5001.0));
        assert_eq!(Range::Last(200.0).within(&longer), (801.0, 1001.0));
        assert_eq!(Range::Last(2000.0).within(&WHOLE), (1.0, 1001.0), "as much as there is");
    }
}
