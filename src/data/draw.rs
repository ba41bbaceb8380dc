//! Seeded draws of the data modules: a generator as a pure function of (seed, purpose, index).

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The generator of (seed, purpose, index).
///
/// ChaCha's 32-byte key is, little-endian: seed (8 bytes), index (8), FNV-1a 64 of the purpose (8), `b"dim-data"` (8).
/// Different triples are different keys, hence unrelated streams.
pub fn rng(seed: u64, purpose: &str, index: u64) -> ChaCha8Rng {
    let hash = purpose.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let mut key = [0_u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&index.to_le_bytes());
    key[16..24].copy_from_slice(&hash.to_le_bytes());
    key[24..].copy_from_slice(b"dim-data");
    ChaCha8Rng::from_seed(key)
}

/// Uniform in [low, high), from the top 24 bits of one word.
pub fn uniform(rng: &mut ChaCha8Rng, low: f32, high: f32) -> f32 {
    low + (high - low) * ((rng.next_u32() >> 8) as f32 / 16_777_216.0)
}

/// Uniform in 0..n, from one 64-bit word (its bias, below n / 2⁶⁴, is beyond measuring).
pub fn below(rng: &mut ChaCha8Rng, n: u64) -> u64 {
    ((u128::from(rng.next_u64()) * u128::from(n)) >> 64) as u64
}

/// Brings `items` into random order: Fisher-Yates, written out so that it never changes with a library.
pub fn shuffle<T>(rng: &mut ChaCha8Rng, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last as u64 + 1) as usize);
    }
}
