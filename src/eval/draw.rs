//! Seeded draws of the probes: a generator as a pure function of (seed, purpose).

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// The generator of (seed, purpose): ChaCha's 32-byte key is, little-endian, the seed (8 bytes), FNV-1a 64 of the purpose (8),
/// zeros (8) and `b"dim-eval"` (8).
pub(super) fn rng(seed: u64, purpose: &str) -> ChaCha8Rng {
    let hash = purpose.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let mut key = [0_u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&hash.to_le_bytes());
    key[24..].copy_from_slice(b"dim-eval");
    ChaCha8Rng::from_seed(key)
}

/// Uniform in [low, high), from the top 24 bits of one word.
pub(super) fn uniform(rng: &mut ChaCha8Rng, low: f32, high: f32) -> f32 {
    low + (high - low) * ((rng.next_u32() >> 8) as f32 / 16_777_216.0)
}

/// Uniform in 0..n, from one 64-bit word (its bias, below n / 2⁶⁴, is beyond measuring). `n` is not 0.
pub(super) fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}

/// Puts `order` into a random order, every order equally likely (Fisher–Yates).
pub(super) fn shuffle(rng: &mut ChaCha8Rng, order: &mut [usize]) {
    for i in (1..order.len()).rev() {
        order.swap(i, below(rng, i + 1));
    }
}

/// A standard normal number (Box and Muller 1958), for tests.
#[cfg(test)]
pub(super) fn normal(rng: &mut ChaCha8Rng) -> f32 {
    // 1 − u lies in (0, 1], so the logarithm is finite.
    let radius = (-2.0 * f64::from(1.0 - uniform(rng, 0.0, 1.0)).ln()).sqrt();
    (radius * (std::f64::consts::TAU * f64::from(uniform(rng, 0.0, 1.0))).cos()) as f32
}
