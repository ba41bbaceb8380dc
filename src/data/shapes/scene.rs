//! One image: its factors, how they are drawn and how they become pixels.

use std::f32::consts::TAU;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    SIDE,
    background::{Background, TEXTURES},
    outline::{CLASSES, REACH, distance},
};
use crate::data::{
    Column, Kind,
    draw::{below, uniform},
};

/// Half the amplitude of a texture, as a part of full brightness: faint beside the shape.
const TEXTURE_DEPTH: f32 = 0.03;

/// The factors of an image, all independent of one another.
///
/// Background and noise are faint, the colours pale: an objective that tells images apart would else live on these
/// alone, and its code would never need to know the outline.
pub struct Scene {
    /// Number in [`CLASSES`]; the image's number modulo ten, so that every split is balanced.
    pub class: usize,
    /// Colour of the shape, in turns of the colour wheel.
    pub hue: f32,
    /// Centre of the shape, in pixels from the image's centre, right and down.
    pub x: f32,
    pub y: f32,
    /// Diameter of the shape, as a part of the image's side.
    pub scale: f32,
    /// In degrees, clockwise; within a range in which no shape but circle and ring looks the same twice.
    pub rotation: f32,
    /// Number in [`TEXTURES`].
    pub background: usize,
    /// Mean brightness of the background.
    pub level: f32,
    /// Standard deviation of the noise on each value, as a part of full brightness.
    pub noise: f32,
}

impl Scene {
    /// Draws the factors of image `number`.
    pub fn draw(rng: &mut ChaCha8Rng, number: u64) -> Self {
        Self {
            class: (number % CLASSES.len() as u64) as usize,
            hue: uniform(rng, 0.0, 1.0),
            x: uniform(rng, -5.0, 5.0),
            y: uniform(rng, -5.0, 5.0),
            scale: uniform(rng, 0.5, 0.8),
            rotation: uniform(rng, -30.0, 30.0),
            background: below(rng, TEXTURES.len() as u64) as usize,
            level: uniform(rng, 0.15, 0.3),
            noise: uniform(rng, 0.0, 0.03),
        }
    }

    /// Fills one image (3 planes of 32×32 bytes). `rng` supplies what is no factor: the texture's lie, the noise itself.
    pub fn paint(&self, rng: &mut ChaCha8Rng, image: &mut [u8]) {
        let background = Background::draw(rng, self.background);
        let colour = colour(self.hue);
        let radius = self.scale * SIDE as f32 / 2.0;
        let (sin, cos) = (self.rotation / 360.0 * TAU).sin_cos();
        let beyond = REACH + 0.5 / radius;
        let plane = SIDE * SIDE;
        for place in 0..plane {
            let centre = (SIDE as f32 - 1.0) / 2.0;
            let (x, y) = ((place % SIDE) as f32 - centre, (place / SIDE) as f32 - centre);
            let (dx, dy) = ((x - self.x) / radius, (y - self.y) / radius);
            // A signed distance of half a pixel either way is a pixel fully in or out; between them it is partly covered.
            let cover = if dx * dx + dy * dy > beyond * beyond {
                0.0
            } else {
                let away = distance(self.class, cos * dx + sin * dy, cos * dy - sin * dx) * radius;
                (0.5 - away).clamp(0.0, 1.0)
            };
            let behind = self.level + TEXTURE_DEPTH * background.at(x, y);
            for (channel, full) in colour.iter().enumerate() {
                let value = behind + (full - behind) * cover + self.noise * normal(rng);
                image[channel * plane + place] = (value.clamp(0.0, 1.0) * 255.0).round() as u8;
            }
        }
    }
}

/// Nearly normal, mean 0, variance 1: the sum of a word's four bytes.
fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let sum: u32 = rng.next_u32().to_le_bytes().into_iter().map(u32::from).sum();
    // Mean 4·127.5, variance 4·(256² − 1)/12.
    (sum as f32 - 510.0) / 147.800_9
}

/// Red, green and blue of a hue at saturation 0.35 and value 0.95.
fn colour(hue: f32) -> [f32; 3] {
    let (saturation, value) = (0.35, 0.95);
    [0.0, 2.0, 4.0].map(|offset| {
        let ramp = ((hue * 6.0 - offset + 3.0).rem_euclid(6.0) - 3.0).abs();
        value * (1.0 - saturation * (ramp - 1.0).clamp(0.0, 1.0))
    })
}

/// The factors of all scenes, column by column.
pub fn columns(scenes: &[Scene]) -> Vec<Column> {
    let column = |name, about, kind, names: &[&'static str], value: fn(&Scene) -> f32| Column {
        name,
        about,
        kind,
        names: names.to_vec(),
        values: scenes.iter().map(value).collect(),
    };
    use Kind::{Categorical, Circular, Continuous};
    vec![
        column("class", "the shape", Categorical, &CLASSES, |s| s.class as f32),
        column("hue", "the shape's colour, turns of the colour wheel, 0 to 1", Circular, &[], |s| s.hue),
        column("x", "the shape's centre, pixels right of the middle, -5 to 5", Continuous, &[], |s| s.x),
        column("y", "the shape's centre, pixels below the middle, -5 to 5", Continuous, &[], |s| s.y),
        column("scale", "the shape's diameter / the image's side, 0.5 to 0.8", Continuous, &[], |s| s.scale),
        column("rotation", "degrees clockwise, -30 to 30 (unseen in circle and ring)", Continuous, &[], |s| s.rotation),
        column("background", "the texture behind the shape", Categorical, &TEXTURES, |s| s.background as f32),
        column("level", "mean brightness of the background, 0.15 to 0.3", Continuous, &[], |s| s.level),
        column("noise", "standard deviation of the pixel noise, 0 to 0.03 of full brightness", Continuous, &[], |s| s.noise),
    ]
}
