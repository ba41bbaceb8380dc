//! What a soak has shown, and whether that will do.

/// Acknowledgements may come so many steps after the one that was under way when the change was sent.
pub const LATE: u64 = 4;
/// Memory held that grows by less, MiB a minute, is flat.
pub const FLAT: f64 = 0.25;
/// Of the samples of so many seconds the lowest counts: what stays between two probes, views and larger batches.
const ASIDE: f64 = 30.0;

/// What was counted.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub sent: u64,
    pub accepted: u64,
    pub refused: u64,
    /// Steps from sending to the step at which an answer took effect, at most.
    pub latest: u64,
    /// Memory held: seconds since the start, MiB.
    pub memory: Vec<(f64, f64)>,
    /// What went wrong, in sentences.
    pub faults: Vec<String>,
}

impl Tally {
    /// Notes the answer to a change that was sent after step `sent_at` at the latest: `expected` is whether it is valid, `answer` the
    /// reason if it was refused, `step` where the answer counts from.
    pub fn answered(&mut self, what: &str, sent_at: u64, expected: bool, step: u64, answer: Result<(), String>) {
        // A change that meets no step on its way counts from the next.
        let late = step.saturating_sub(sent_at + 1);
        self.latest = self.latest.max(late);
        if late > LATE {
            self.faults.push(format!("{what}: answered {late} steps late"));
        }
        match (&answer, expected) {
            (Ok(()), true) => self.accepted += 1,
            (Err(_), false) => self.refused += 1,
            (Ok(()), false) => self.faults.push(format!("{what}: accepted, though it is invalid")),
            (Err(reason), true) => self.faults.push(format!("{what}: refused, though it is valid: {reason}")),
        }
    }

    /// The lowest sample of each [`ASIDE`] seconds.
    pub fn lows(&self) -> Vec<(f64, f64)> {
        let spans = self.memory.chunk_by(|a, b| (a.0 / ASIDE).floor() == (b.0 / ASIDE).floor());
        spans.filter_map(|span| span.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))).collect()
    }

    /// Growth of the memory after the first third, MiB a minute: the slope of a straight line through its lows. `None` of fewer than
    /// three.
    pub fn growth(&self) -> Option<f64> {
        let lows = self.lows();
        let rest = &lows[lows.len() / 3..];
        if rest.len() < 3 {
            return None;
        }
        let n = rest.len() as f64;
        let (x, y) = (rest.iter().map(|s| s.0).sum::<f64>() / n, rest.iter().map(|s| s.1).sum::<f64>() / n);
        let above: f64 = rest.iter().map(|s| (s.0 - x) * (s.1 - y)).sum();
        let below: f64 = rest.iter().map(|s| (s.0 - x).powi(2)).sum();
        (below > 0.0).then(|| 60.0 * above / below)
    }

    /// Everything that is wrong; nothing, if it will do.
    pub fn verdict(&self) -> Vec<String> {
        let mut wrong = self.faults.clone();
        let unanswered = self.sent.saturating_sub(self.accepted + self.refused + self.faults.len() as u64);
        if unanswered > 0 {
            wrong.push(format!("{unanswered} of {} changes were never answered", self.sent));
        }
        if self.accepted == 0 || self.refused == 0 {
            wrong.push("too short to tell: it takes changes accepted and changes refused".into());
        }
        match self.growth() {
            Some(growth) if growth > FLAT => {
                wrong.push(format!("memory grows by {growth:.2} MiB a minute, which is more than {FLAT}"));
            }
            Some(_) => {}
            None => wrong.push("too short to tell whether memory grows".into()),
        }
        wrong
    }
}
