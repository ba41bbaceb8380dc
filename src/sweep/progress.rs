//! What a sweep says: a line when a run begins and when it ends, with the time that is about left.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use indicatif::HumanDuration;

/// Lines to standard output, failures to standard error. Nobody has to read either.
#[derive(Debug)]
pub(super) struct Progress {
    began: Instant,
    total: usize,
    done: usize,
    took: Vec<Duration>,
}

impl Progress {
    /// Of `total` runs, `done` were there already.
    pub fn new(total: usize, done: usize) -> Self {
        Self { began: Instant::now(), total, done, took: Vec::new() }
    }

    pub fn begins(&self, name: &str, goes_on: bool) {
        line(&format!("{name} {}", if goes_on { "goes on" } else { "begins" }));
    }

    /// `waiting` runs have not begun yet, `jobs` go side by side, those under way have taken `under_way` so far.
    pub fn ended(&mut self, name: &str, took: Duration, what: &str, waiting: usize, jobs: usize, under_way: &[Duration]) {
        self.done += 1;
        self.took.push(took);
        let left = remaining(&self.took, waiting, jobs, under_way);
        let left = if left.is_zero() { String::new() } else { format!(", about {} left", HumanDuration(left)) };
        line(&format!(
            "{} of {}: {name} {what} in {}; {} so far{left}",
            self.done,
            self.total,
            HumanDuration(took),
            HumanDuration(self.began.elapsed()),
        ));
    }
}

/// If the others take as long as those that have ended.
fn remaining(took: &[Duration], waiting: usize, jobs: usize, under_way: &[Duration]) -> Duration {
    let Some(mean) = u32::try_from(took.len()).ok().and_then(|n| took.iter().sum::<Duration>().checked_div(n)) else {
        return Duration::ZERO;
    };
    let begun: Duration = under_way.iter().map(|so_far| mean.saturating_sub(*so_far)).sum();
    let rest = mean.saturating_mul(u32::try_from(waiting).unwrap_or(u32::MAX)).saturating_add(begun);
    rest / u32::try_from(jobs.max(1)).unwrap_or(u32::MAX)
}

pub(super) fn line(text: &str) {
    let mut out = io::stdout();
    // Nobody may be reading any more.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

pub(super) fn warning(text: &str) {
    let _ = writeln!(io::stderr(), "warning: {text}");
}

pub(super) fn error(text: &str) {
    let _ = writeln!(io::stderr(), "error: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_from_what_was_done() {
        let s = Duration::from_secs;
        // 10 s each: six to come and one half done, two at a time.
        assert_eq!(remaining(&[s(8), s(12)], 6, 2, &[s(5)]), Duration::from_millis(32_500));
        assert_eq!(remaining(&[s(10)], 0, 1, &[s(30)]), Duration::ZERO, "slower than the others");
        assert_eq!(remaining(&[], 6, 2, &[]), Duration::ZERO, "nothing is known");
    }
}
