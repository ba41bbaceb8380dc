//! The textures behind the shapes: one number per pixel, in [−1, 1].

use std::f32::consts::TAU;

use rand_chacha::ChaCha8Rng;

use crate::data::draw::uniform;

/// The textures, in the order of the factor's values.
pub const TEXTURES: [&str; 5] = ["flat", "stripes", "checker", "gradient", "dots"];

/// A texture with its direction, period and phase (nuisances: drawn, not kept as factors).
pub struct Background {
    texture: usize,
    cos: f32,
    sin: f32,
    period: f32,
    phase: [f32; 2],
}

impl Background {
    pub fn draw(rng: &mut ChaCha8Rng, texture: usize) -> Self {
        let (sin, cos) = uniform(rng, 0.0, TAU).sin_cos();
        let period = uniform(rng, 5.0, 9.0);
        let phase = [uniform(rng, 0.0, 1.0), uniform(rng, 0.0, 1.0)];
        Self { texture, cos, sin, period, phase }
    }

    /// The texture at (x, y), in pixels from the image's centre.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let (u, v) = (self.cos * x + self.sin * y, self.cos * y - self.sin * x);
        let (p, q) = (u / self.period + self.phase[0], v / self.period + self.phase[1]);
        // A wave cut off at ±1 is a soft-edged square wave: anti-aliased stripes.
        let wave = |t: f32| (2.0 * (t * TAU).sin()).clamp(-1.0, 1.0);
        match TEXTURES[self.texture] {
            "stripes" => wave(p),
            "checker" => wave(p * 0.5) * wave(q * 0.5),
            "gradient" => (u / 16.0).clamp(-1.0, 1.0),
            "dots" => {
                let (a, b) = (p - p.floor() - 0.5, q - q.floor() - 0.5);
                (0.5 + (0.28 - (a * a + b * b).sqrt()) * self.period).clamp(0.0, 1.0) * 2.0 - 1.0
            }
            _ => 0.0,
        }
    }
}
