//! When each recorded step was taken: what an axis of time or of epochs needs to know of a run.

/// What a chart counts in from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Axis {
    #[default]
    Steps,
    /// Training time, pauses excluded, seconds.
    Time,
    /// Passes over the training images.
    Epochs,
}

impl Axis {
    pub const ALL: [Axis; 3] = [Axis::Steps, Axis::Time, Axis::Epochs];
}

/// Places beyond this are as far as can be.
const FAR: f64 = 1e15;

/// Seconds and epochs at the recorded steps; neither ever goes back. Between them, and beyond, both are interpolated.
#[derive(Debug, Default)]
pub(super) struct Clock {
    steps: Vec<u64>,
    seconds: Vec<f64>,
    /// As long as `steps`, unless a row came without.
    epochs: Vec<f64>,
    /// What ran before the run that the newest row is of: its seconds begin at nought.
    before: f64,
}

impl Clock {
    pub fn push(&mut self, step: u64, seconds: f64, epoch: Option<f64>) {
        let last = self.seconds.last().copied().unwrap_or(0.0);
        let seconds = if seconds.is_finite() { seconds } else { last - self.before };
        if seconds + self.before < last {
            self.before = last;
        }
        let newest = self.epochs.last().copied().unwrap_or(0.0);
        if let Some(epoch) = epoch.filter(|e| e.is_finite() && self.epochs.len() == self.steps.len()) {
            self.epochs.push(epoch.clamp(newest, FAR));
        }
        self.steps.push(step);
        self.seconds.push((seconds + self.before).clamp(last, FAR));
    }

    pub fn cut_back(&mut self, step: u64) {
        let keep = self.steps.partition_point(|&s| s <= step);
        self.steps.truncate(keep);
        self.seconds.truncate(keep);
        self.epochs.truncate(keep);
    }

    /// Where the steps lie on an axis other than that of steps; `None` if that is not known.
    fn places(&self, axis: Axis) -> Option<&[f64]> {
        let places = match axis {
            Axis::Steps => return None,
            Axis::Time => &self.seconds,
            Axis::Epochs => &self.epochs,
        };
        (!places.is_empty() && places.len() == self.steps.len()).then_some(places)
    }

    pub fn knows(&self, axis: Axis) -> bool {
        axis == Axis::Steps || self.places(axis).is_some()
    }

    /// How much of the axis a step takes, on the whole.
    fn rate(&self, places: &[f64]) -> f64 {
        let (n, first) = (places.len() - 1, self.steps[0] as f64);
        let over = |steps: f64, way: f64| (steps > 0.0 && way > 0.0).then_some(way / steps);
        let whole = over(self.steps[n] as f64 - first, places[n] - places[0]);
        whole.or_else(|| over(self.steps[n] as f64, places[n])).unwrap_or(1e-9)
    }

    /// Where `step` lies on the axis. Where nothing is known of it, steps count as they are.
    pub fn place(&self, axis: Axis, step: f64) -> f64 {
        let Some(places) = self.places(axis) else { return step };
        let n = self.steps.len();
        let i = self.steps.partition_point(|&s| s as f64 <= step);
        let at = |i: usize| (self.steps[i] as f64, places[i]);
        let place = if i == 0 {
            // A run begins at nought with step 0, a fork somewhere before its first step.
            let (first, place) = at(0);
            let share = if first > 0.0 { place * step / first } else { place };
            let rate = if n > 1 && at(1).0 > first { (at(1).1 - place) / (at(1).0 - first) } else { 0.0 };
            share.min(place - rate * (first - step)).max(0.0)
        } else if i == n {
            let (last, place) = at(n - 1);
            place + self.rate(places) * (step - last)
        } else {
            let ((a, from), (b, to)) = (at(i - 1), at(i));
            from + (to - from) * (step - a) / (b - a)
        };
        place.clamp(-FAR, FAR)
    }

    /// The step that lies at `place` on the axis, or between which two it lies: the other way round.
    pub fn step(&self, axis: Axis, place: f64) -> f64 {
        let Some(places) = self.places(axis) else { return place };
        let n = self.steps.len();
        let i = until(places, place);
        let at = |i: usize| (self.steps[i] as f64, places[i]);
        let step = if i == 0 {
            let (first, from) = at(0);
            if from > 0.0 { first * place / from } else { first }
        } else if at(i - 1).1 == place {
            at(i - 1).0
        } else if i == n {
            let (last, from) = at(n - 1);
            last + (place - from) / self.rate(places)
        } else {
            let ((a, from), (b, to)) = (at(i - 1), at(i));
            a + (b - a) * (place - from) / (to - from)
        };
        step.clamp(-FAR, FAR)
    }
}

/// How many of the places are not beyond `place`. It is looked for where it would be at an even speed, then further around: a chart asks
/// for hundreds of them in a million.
fn until(places: &[f64], place: f64) -> usize {
    let n = places.len();
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return 0 };
    let share = ((place - first) / (last - first)).clamp(0.0, 1.0);
    let (guess, mut width) = ((share * n as f64) as usize, 64);
    let (mut low, mut high) = (guess.saturating_sub(width).min(n), (guess + width).min(n));
    while low > 0 && places[low - 1] > place {
        width *= 4;
        low = low.saturating_sub(width);
    }
    while high < n && places[high] <= place {
        width *= 4;
        high = (high + width).min(n);
    }
    low + places[low..high].partition_point(|&p| p <= place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_however_uneven_the_speed() {
        let places: Vec<f64> = (0..5000u32).map(|i| f64::from(i / 3).powi(3)).collect();
        for place in [-1.0, 0.0, 0.5, 1.0, 26.0, 1e6, 4.2e9, f64::from(4999 / 3u32).powi(3), 1e12] {
            assert_eq!(until(&places, place), places.partition_point(|&p| p <= place), "{place}");
        }
        assert_eq!(until(&[7.0; 300], 7.0), 300);
        assert_eq!(until(&[], 7.0), 0);
    }

    fn clock(rows: &[(u64, f64)]) -> Clock {
        let mut clock = Clock::default();
        rows.iter().for_each(|&(step, seconds)| clock.push(step, seconds, Some(step as f64 / 10.0)));
        clock
    }

    #[test]
    fn a_step_lies_where_it_was_taken_and_the_way_back_leads_to_it() {
        // A second each up to step 10, then ten.
        let c = clock(&[(2, 2.0), (4, 4.0), (10, 10.0), (12, 30.0), (20, 110.0)]);
        for (step, second) in [(0.0, 0.0), (1.0, 1.0), (4.0, 4.0), (7.0, 7.0), (11.0, 20.0), (16.0, 70.0), (20.0, 110.0)] {
            assert_eq!(c.place(Axis::Time, step), second, "step {step}");
            assert_eq!(c.step(Axis::Time, second), step, "second {second}");
        }
        assert_eq!(c.place(Axis::Steps, 7.5), 7.5);
        assert!((c.step(Axis::Epochs, 1.1) - 11.0).abs() < 1e-9);
        let beyond = c.place(Axis::Time, 26.0);
        assert!((beyond - 146.0).abs() < 1e-9, "at the speed of the whole: {beyond}");
        assert!((c.step(Axis::Time, beyond) - 26.0).abs() < 1e-9);
    }

    #[test]
    fn what_goes_on_from_another_run_adds_up_and_nothing_goes_back() {
        let c = clock(&[(1, 1.0), (2, 2.0), (3, 0.5), (4, f64::NAN), (5, 1.5)]);
        let at = |step: f64| c.place(Axis::Time, step);
        assert_eq!([at(2.0), at(3.0), at(4.0), at(5.0)], [2.0, 2.5, 2.5, 3.5]);
    }

    #[test]
    fn a_run_without_epochs_says_so() {
        let mut c = clock(&[(1, 1.0)]);
        assert!(c.knows(Axis::Epochs));
        c.push(2, 2.0, None);
        c.push(3, 3.0, Some(0.3));
        assert!(!c.knows(Axis::Epochs) && c.knows(Axis::Time) && !Clock::default().knows(Axis::Time));
        c.cut_back(1);
        assert_eq!(c.place(Axis::Time, 1.0), 1.0);
    }
}
