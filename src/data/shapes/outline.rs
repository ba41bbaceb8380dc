//! The ten outlines, as signed distances.
//!
//! Formulas for polygon and heart after Inigo Quilez, "2D distance functions" (iquilezles.org/articles/distfunctions2d).

use std::{f32::consts::TAU, sync::LazyLock};

/// The classes, in the order of their labels.
pub const CLASSES: [&str; 10] =
    ["circle", "square", "triangle", "star", "cross", "ring", "crescent", "heart", "hexagon", "arrow"];

/// Corners of the polygons among them, in units of the shape's radius, y pointing down.
static POLYGONS: LazyLock<[Vec<[f32; 2]>; 6]> = LazyLock::new(|| {
    let a = 0.3;
    [
        vec![[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
        regular(3, 1.1, 1.1),
        regular(10, 1.1, 0.45),
        vec![
            [-a, -1.0],
            [a, -1.0],
            [a, -a],
            [1.0, -a],
            [1.0, a],
            [a, a],
            [a, 1.0],
            [-a, 1.0],
            [-a, a],
            [-1.0, a],
            [-1.0, -a],
            [-a, -a],
        ],
        regular(6, 1.0, 1.0),
        vec![[1.05, 0.0], [0.15, -0.85], [0.15, -0.3], [-1.0, -0.3], [-1.0, 0.3], [0.15, 0.3], [0.15, 0.85]],
    ]
});

/// Corners on a circle, the first on top; every other one at the inner radius.
fn regular(corners: usize, outer: f32, inner: f32) -> Vec<[f32; 2]> {
    let corner = |i: usize| {
        let (sin, cos) = (i as f32 / corners as f32 * TAU).sin_cos();
        let radius = if i.is_multiple_of(2) { outer } else { inner };
        [radius * sin, -radius * cos]
    };
    (0..corners).map(corner).collect()
}

/// No shape reaches further from its centre, in units of its radius.
pub const REACH: f32 = 1.25;

/// Distance of (x, y) from the outline of `class`, negative inside, in units of the shape's radius.
pub fn distance(class: usize, x: f32, y: f32) -> f32 {
    let disc = |cx: f32, radius: f32| length(x - cx, y) - radius;
    match CLASSES[class] {
        "square" => polygon(&POLYGONS[0], x, y),
        "triangle" => polygon(&POLYGONS[1], x, y),
        "star" => polygon(&POLYGONS[2], x, y),
        "cross" => polygon(&POLYGONS[3], x, y),
        "ring" => disc(0.0, 0.75).abs() - 0.22,
        "crescent" => disc(0.0, 1.0).max(-disc(0.5, 0.8)),
        "heart" => heart(x * 0.6, 0.55 - y * 0.6) / 0.6,
        "hexagon" => polygon(&POLYGONS[4], x, y),
        "arrow" => polygon(&POLYGONS[5], x, y),
        _ => disc(0.0, 0.97),
    }
}

fn polygon(corners: &[[f32; 2]], x: f32, y: f32) -> f32 {
    let mut nearest = f32::INFINITY;
    let mut inside = false;
    let mut from = corners[corners.len() - 1];
    for &to in corners {
        let (ex, ey) = (from[0] - to[0], from[1] - to[1]);
        let (wx, wy) = (x - to[0], y - to[1]);
        let along = ((wx * ex + wy * ey) / (ex * ex + ey * ey)).clamp(0.0, 1.0);
        let (dx, dy) = (wx - ex * along, wy - ey * along);
        nearest = nearest.min(dx * dx + dy * dy);
        let (above, below, left) = (y >= to[1], y < from[1], ex * wy > ey * wx);
        if above == below && below == left {
            inside = !inside;
        }
        from = to;
    }
    if inside { -nearest.sqrt() } else { nearest.sqrt() }
}

/// Tip at the origin, y up, about 1.1 high and 1.2 wide.
fn heart(x: f32, y: f32) -> f32 {
    let x = x.abs();
    if x + y > 1.0 {
        return length(x - 0.25, y - 0.75) - 0.125_f32.sqrt();
    }
    let fold = 0.5 * (x + y).max(0.0);
    length(x, y - 1.0).min(length(x - fold, y - fold)).copysign(x - y)
}

/// Faster than `hypot`, whose care for overflow is not needed here.
fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on rays around the centre.
    fn rays(radius: f32) -> impl Iterator<Item = [f32; 2]> {
        (0..720).map(move |i| (i as f32 / 720.0 * TAU).sin_cos()).map(move |(sin, cos)| [radius * cos, radius * sin])
    }

    #[test]
    fn shapes_end_within_their_reach_and_fill_their_size() {
        for (class, name) in CLASSES.iter().enumerate() {
            let inside = |r: f32| rays(r).any(|[x, y]| distance(class, x, y) < 0.0);
            assert!(!inside(REACH), "{name} reaches beyond {REACH}");
            assert!(inside(0.9), "{name} is smaller than its radius");
        }
    }

    #[test]
    fn distances_are_distances() {
        // A distance grows by at most the way walked, and near a straight edge by exactly that.
        for (class, name) in CLASSES.iter().enumerate() {
            for [x, y] in [0.3, 0.7, 1.1].into_iter().flat_map(rays) {
                let step = 1e-2;
                let change = distance(class, x + step, y) - distance(class, x, y);
                assert!(change.abs() <= step * 1.01, "{name} at {x}, {y}");
            }
        }
        let square = CLASSES.iter().position(|&name| name == "square").unwrap();
        assert!((distance(square, 1.05, 0.1) - 0.2).abs() < 1e-6);
        assert!((distance(square, 0.75, 0.1) + 0.1).abs() < 1e-6);
    }

    #[test]
    fn known_points() {
        let at = |name: &str, x, y| distance(CLASSES.iter().position(|&n| n == name).unwrap(), x, y);
        assert!(at("ring", 0.0, 0.0) > 0.0 && at("ring", 0.75, 0.0) < 0.0, "a ring is hollow");
        assert!(at("heart", 0.0, 0.9) < 0.0 && at("heart", 0.0, -0.85) > 0.0, "tip below, notch above");
        assert!(at("arrow", 1.0, 0.0) < 0.0 && at("arrow", 0.9, 0.5) > 0.0, "the arrow points right");
        assert!(at("triangle", 0.0, -1.0) < 0.0 && at("triangle", 0.8, -0.8) > 0.0, "the triangle points up");
        assert!(at("crescent", -0.9, 0.0) < 0.0 && at("crescent", 0.5, 0.0) > 0.0, "the crescent opens to the right");
        assert!(at("cross", 0.6, 0.6) > 0.0 && at("star", 0.0, 0.8) > 0.0, "notches are outside");
    }
}
