//! The learning rate as a pure function of the step.

use crate::config::LrSchedule;

/// The rate at `step` (the first is 1) of a run of `steps`.
///
/// Warm-up rises linearly and reaches the full rate at step `warmup`. Cosine is half a wave over the whole run, as
/// PyTorch's `CosineAnnealingLR` with `T_max = steps` has it: the first step has the base rate and the step after the
/// last would have 0. Both together multiply, so a longer run or another warm-up never makes the rate jump up.
pub fn learning_rate(base: f64, schedule: LrSchedule, warmup: u64, step: u64, steps: u64) -> f64 {
    let warm = if step < warmup { step as f64 / warmup as f64 } else { 1.0 };
    let shape = match schedule {
        LrSchedule::Constant => 1.0,
        LrSchedule::Cosine => {
            let done = (step.saturating_sub(1) as f64 / steps.max(1) as f64).min(1.0);
            0.5 * (1.0 + (std::f64::consts::PI * done).cos())
        }
    };
    base * warm * shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_is_the_base_rate_after_the_warm_up() {
        let at = |step| learning_rate(0.5, LrSchedule::Constant, 4, step, 100);
        assert_eq!([at(1), at(2), at(4), at(5), at(100)], [0.125, 0.25, 0.5, 0.5, 0.5]);
        assert_eq!(learning_rate(0.5, LrSchedule::Constant, 0, 1, 100), 0.5);
    }

    #[test]
    fn cosine_goes_from_the_base_rate_to_nothing() {
        let at = |step| learning_rate(2.0, LrSchedule::Cosine, 0, step, 100);
        assert_eq!(at(1), 2.0);
        // A quarter, half and three quarters of the way: 1 + cos(π/4), 1, 1 − cos(π/4).
        let half_root = std::f64::consts::FRAC_1_SQRT_2;
        for (step, want) in [(26, 1.0 + half_root), (51, 1.0), (76, 1.0 - half_root), (101, 0.0), (200, 0.0)] {
            assert!((at(step) - want).abs() < 1e-12, "{step}");
        }
    }

    #[test]
    fn warm_up_and_cosine_multiply() {
        let rate = learning_rate(1.0, LrSchedule::Cosine, 10, 6, 10);
        assert!((rate - 0.6 * 0.5).abs() < 1e-12);
    }
}
