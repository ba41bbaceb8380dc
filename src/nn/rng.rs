//! Seeded draws: every random number is a pure function of (seed, purpose, step, attempt).
//!
//! No generator is ever carried from step to step, so a resumed run, a run in another order, or one with a term switched
//! off draws the same numbers. Candle's own generators cannot be seeded on the CPU and are never used.
//!
//! The key: `purpose` is hashed with 64-bit FNV-1a; then each of the four 64-bit words of ChaCha8's key starts from
//! its index and absorbs seed, hash, step and attempt, one after the other, through the splitmix64 finaliser. Nothing
//! depends on the platform's word size or byte order.

use std::collections::HashSet;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// What all draws of a run depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    /// The run's seed.
    pub seed: u64,
    /// How often the run was rolled back: a second attempt at a step must not draw what failed the first time.
    pub attempt: u64,
}

impl Draws {
    /// The generator for one purpose at one step.
    pub fn rng(&self, purpose: &str, step: u64) -> ChaCha8Rng {
        let hash = fnv1a(purpose.as_bytes());
        let mut key = [0u8; 32];
        for (lane, bytes) in key.chunks_exact_mut(8).enumerate() {
            let word = [self.seed, hash, step, self.attempt]
                .into_iter()
                .fold(splitmix(lane as u64), |state, input| splitmix(state ^ splitmix(input)));
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        ChaCha8Rng::from_seed(key)
    }
}

/// 64-bit FNV-1a.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// One step of splitmix64 (Steele, Lea & Flood 2014): add the golden ratio, then mix.
fn splitmix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A double in [0, 1) with 53 random bits.
fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// `n` numbers uniform on [lo, hi] (hi itself only by rounding to f32).
pub fn uniform(rng: &mut ChaCha8Rng, n: usize, lo: f64, hi: f64) -> Vec<f32> {
    // 32 random bits exceed what an f32 can hold.
    let scale = (hi - lo) / (1u64 << 32) as f64;
    (0..n).map(|_| (lo + f64::from(rng.next_u32()) * scale) as f32).collect()
}

/// `n` standard normal numbers (Box and Muller 1958).
pub fn normal(rng: &mut ChaCha8Rng, n: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(n + 1);
    while out.len() < n {
        // 1 − u lies in (0, 1], so the logarithm is finite.
        let radius = (-2.0 * (1.0 - unit(rng)).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * unit(rng)).sin_cos();
        out.push((radius * cos) as f32);
        out.push((radius * sin) as f32);
    }
    out.truncate(n);
    out
}

/// One of 0..n, each with the same probability exactly (Lemire 2019). `n` = 0 counts as 1.
pub fn below(rng: &mut ChaCha8Rng, n: u32) -> u32 {
    let n = n.max(1);
    let mut wide = u64::from(rng.next_u32()) * u64::from(n);
    if (wide as u32) < n {
        let threshold = n.wrapping_neg() % n;
        while (wide as u32) < threshold {
            wide = u64::from(rng.next_u32()) * u64::from(n);
        }
    }
    (wide >> 32) as u32
}

/// 0..n in random order, every order equally likely (Fisher–Yates).
pub fn permutation(rng: &mut ChaCha8Rng, n: usize) -> Vec<u32> {
    shuffled_prefix(rng, n, n)
}

/// `k` distinct numbers of 0..pool in random order; the whole pool if `k` exceeds it.
///
/// O(k) on average. Which of the three methods is taken depends on `k` and `pool` alone.
pub fn distinct(rng: &mut ChaCha8Rng, k: usize, pool: usize) -> Vec<u32> {
    let k = k.min(pool);
    if 2 * k >= pool {
        return shuffled_prefix(rng, k, pool);
    }
    // At most half the pool is taken, so a rejected draw is the exception. Drawing until something new comes up
    // leaves every ordered choice equally likely.
    let mut out: Vec<u32> = Vec::with_capacity(k);
    if k <= 32 {
        while out.len() < k {
            let candidate = below(rng, pool as u32);
            if !out.contains(&candidate) {
                out.push(candidate);
            }
        }
    } else {
        let mut seen = HashSet::with_capacity(k);
        while out.len() < k {
            let candidate = below(rng, pool as u32);
            if seen.insert(candidate) {
                out.push(candidate);
            }
        }
    }
    out
}

/// The first `k` of a random order of 0..pool.
fn shuffled_prefix(rng: &mut ChaCha8Rng, k: usize, pool: usize) -> Vec<u32> {
    let mut all: Vec<u32> = (0..pool as u32).collect();
    for i in 0..k {
        let j = i + below(rng, (pool - i) as u32) as usize;
        all.swap(i, j);
    }
    all.truncate(k);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: Draws = Draws { seed: 7, attempt: 0 };

    #[test]
    fn a_draw_depends_on_each_of_the_four_and_on_nothing_else() {
        let first = |draws: Draws, purpose: &str, step| draws.rng(purpose, step).next_u64();
        let base = first(DRAWS, "negatives", 3);
        assert_eq!(base, first(Draws { seed: 7, attempt: 0 }, "negatives", 3));
        assert_ne!(base, first(Draws { seed: 8, attempt: 0 }, "negatives", 3));
        assert_ne!(base, first(Draws { seed: 7, attempt: 1 }, "negatives", 3));
        assert_ne!(base, first(DRAWS, "prior", 3));
        assert_ne!(base, first(DRAWS, "negatives", 4));
        // Swapping step and attempt, or moving one into the other, is another draw too.
        assert_ne!(first(Draws { seed: 7, attempt: 1 }, "a", 0), first(Draws { seed: 7, attempt: 0 }, "a", 1));
    }

    #[test]
    fn the_mixers_match_their_published_vectors() {
        // FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ (empty string, "a", "foobar").
        assert_eq!(fnv1a(b""), 0xcbf29ce484222325);
        assert_eq!(fnv1a(b"a"), 0xaf63dc4c8601ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x85944171f73967e8);
        // splitmix64 from state 0: the first output of the reference generator.
        assert_eq!(splitmix(0), 0xe220a8397b1dcdaf);
    }

    #[test]
    fn uniform_has_the_bounds_and_moments_of_its_interval() {
        let x = uniform(&mut DRAWS.rng("u", 0), 40_000, -2.0, 4.0);
        assert!(x.iter().all(|v| (-2.0..=4.0).contains(v)));
        let mean = x.iter().map(|&v| f64::from(v)).sum::<f64>() / 40_000.0;
        let var = x.iter().map(|&v| (f64::from(v) - 1.0).powi(2)).sum::<f64>() / 40_000.0;
        // sd of the mean: √3/200 = 0.009; of the variance: √(7.2/40000) = 0.013.
        assert!((mean - 1.0).abs() < 0.05 && (var - 3.0).abs() < 0.07, "{mean} {var}");
    }

    #[test]
    fn normal_has_the_moments_of_a_standard_normal() {
        let x = normal(&mut DRAWS.rng("n", 0), 40_001);
        assert_eq!(x.len(), 40_001);
        let moment = |p| x.iter().map(|&v| f64::from(v).powi(p)).sum::<f64>() / x.len() as f64;
        // Standard errors: 0.005, 0.007, 0.019, 0.049.
        assert!(moment(1).abs() < 0.025 && (moment(2) - 1.0).abs() < 0.035, "{} {}", moment(1), moment(2));
        assert!(moment(3).abs() < 0.1 && (moment(4) - 3.0).abs() < 0.25, "{} {}", moment(3), moment(4));
    }

    #[test]
    fn below_is_uniform_and_in_range() {
        let mut rng = DRAWS.rng("b", 0);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[below(&mut rng, 7) as usize] += 1;
        }
        // Binomial sd = √(70000·(1/7)(6/7)) = 93.
        assert!(counts.iter().all(|&c| c.abs_diff(10_000) < 470), "{counts:?}");
        assert_eq!(below(&mut rng, 1), 0);
    }

    #[test]
    fn a_permutation_holds_each_number_once_and_every_order_is_equally_likely() {
        let mut sorted = permutation(&mut DRAWS.rng("p", 1), 500);
        sorted.sort_unstable();
        assert!(sorted.iter().enumerate().all(|(i, &v)| i as u32 == v));
        let mut rng = DRAWS.rng("p", 2);
        let mut counts = std::collections::HashMap::new();
        for _ in 0..24_000 {
            *counts.entry(permutation(&mut rng, 4)).or_insert(0u32) += 1;
        }
        // 24 orders, 1000 each, sd 31.
        assert_eq!(counts.len(), 24);
        assert!(counts.values().all(|&c| c.abs_diff(1000) < 155), "{counts:?}");
    }

    #[test]
    fn distinct_never_repeats_and_is_uniform_by_every_method() {
        // Linear scan, hash set, shuffle, everything, more than everything.
        for (k, pool) in [(0, 5), (3, 64), (32, 100), (40, 100), (63, 64), (64, 64), (90, 64)] {
            let draw = distinct(&mut DRAWS.rng("d", k as u64), k, pool);
            assert_eq!(draw.len(), k.min(pool));
            let set: HashSet<_> = draw.iter().collect();
            assert!(set.len() == draw.len() && draw.iter().all(|&v| (v as usize) < pool), "{draw:?}");
        }
        for (k, pool, rounds) in [(3, 12, 12_000u32), (35, 80, 8_000), (9, 12, 12_000)] {
            let mut rng = DRAWS.rng("d2", pool as u64);
            // How often each number comes first, and how often it comes at all.
            let (mut first, mut any) = (vec![0u32; pool], vec![0u32; pool]);
            for _ in 0..rounds {
                let draw = distinct(&mut rng, k, pool);
                first[draw[0] as usize] += 1;
                draw.iter().for_each(|&v| any[v as usize] += 1);
            }
            let close = |count: u32, p: f64| {
                let (mean, sd) = (f64::from(rounds) * p, (f64::from(rounds) * p * (1.0 - p)).sqrt());
                (f64::from(count) - mean).abs() < 5.0 * sd
            };
            assert!(first.iter().all(|&c| close(c, 1.0 / pool as f64)), "{first:?}");
            assert!(any.iter().all(|&c| close(c, k as f64 / pool as f64)), "{any:?}");
        }
    }
}
