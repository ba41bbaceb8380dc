//! Structural similarity of two images: SSIM (Wang, Bovik, Sheikh & Simoncelli 2004) and MS-SSIM (Wang, Simoncelli & Bovik 2003).
//!
//! Means, variances and the covariance are taken under a Gaussian window (11 × 11, σ 1.5), only where the whole window lies in
//! the image; K₁ = 0.01, K₂ = 0.03. Each channel is taken by itself, and the mean is given. Equal images have 1.

/// MS-SSIM's exponents, the finest scale first (Wang et al. 2003, section 3.2).
const WEIGHTS: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
/// The published window ...
const WINDOW: usize = 11;
/// ... and the one for images that cannot hold it at five scales.
const SMALL_WINDOW: usize = 7;
/// σ of the published window. The smaller one has the same in proportion.
const SIGMA: f64 = 1.5;

/// The shape of an image given as `channels` planes of `height` rows of `width` numbers, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
}

/// A multi-scale similarity, and of what it is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MsSsim {
    /// At most 1.
    pub value: f64,
    /// Scales taken: 5 as published, fewer for images below 112 pixels. Never 1.
    pub scales: usize,
    /// Side of the Gaussian window: 11 as published, 7 for images below 176 pixels.
    pub window: usize,
}

/// The mean SSIM index of two images whose numbers span `range` (255 for bytes): in [−1, 1]. `None` if a side is below 11 pixels.
///
/// # Panics
/// If an image does not have `shape`.
pub fn ssim<T: Copy + Into<f64>>(a: &[T], b: &[T], shape: Shape, range: f64) -> Option<f64> {
    if shape.height.min(shape.width) < WINDOW {
        return None;
    }
    let window = window(WINDOW);
    let channels = planes(a, shape).zip(planes(b, shape)).map(|(a, b)| similarity(&a, &b, &window, range).whole);
    Some(channels.sum::<f64>() / shape.channels as f64)
}

/// MS-SSIM of two images whose numbers span `range`: the product over scales of the mean contrast and structure (at the coarsest
/// scale: of the whole SSIM), each to the power of its weight; from one scale to the next, 2 × 2 pixels become their mean, and an
/// odd last row or column is dropped. A mean below zero, of which there is no such power, counts as 0.
///
/// The published measure needs 176 pixels: five scales of a window of 11. A smaller image is measured with a window of 7 and as
/// many scales as hold it (5 from 112 pixels, 4 from 56, 3 from 28, 2 from 14), the weights of fewer than five divided by their
/// sum. Values of different `scales` or `window` do not compare. `None` if not even two scales fit: one scale is SSIM, and is to
/// be called so.
///
/// # Panics
/// If an image does not have `shape`.
pub fn ms_ssim<T: Copy + Into<f64>>(a: &[T], b: &[T], shape: Shape, range: f64) -> Option<MsSsim> {
    let (scales, size) = plan(shape.height.min(shape.width))?;
    let window = window(size);
    // The five published ones are taken as they are; their sum is 1.0001.
    let weights: f64 = if scales == WEIGHTS.len() { 1.0 } else { WEIGHTS[..scales].iter().sum() };
    let mut sum = 0.0;
    for (mut a, mut b) in planes(a, shape).zip(planes(b, shape)) {
        let mut product = 1.0;
        for (scale, weight) in WEIGHTS[..scales].iter().enumerate() {
            let found = similarity(&a, &b, &window, range);
            let last = scale + 1 == scales;
            let base: f64 = if last { found.whole } else { found.structure };
            product *= base.max(0.0).powf(weight / weights);
            if !last {
                (a, b) = (a.halved(), b.halved());
            }
        }
        sum += product;
    }
    Some(MsSsim { value: sum / shape.channels as f64, scales, window: size })
}

/// How many scales, and which window, for an image whose smaller side this is.
fn plan(side: usize) -> Option<(usize, usize)> {
    let fit = |window: usize| (1..=WEIGHTS.len()).take_while(|s| side >> (s - 1) >= window).count();
    if fit(WINDOW) == WEIGHTS.len() {
        return Some((WEIGHTS.len(), WINDOW));
    }
    Some((fit(SMALL_WINDOW), SMALL_WINDOW)).filter(|(scales, _)| *scales > 1)
}

/// One channel.
struct Plane {
    height: usize,
    width: usize,
    pixels: Vec<f64>,
}

/// Means over the places of the window.
struct Similarity {
    /// Of contrast and structure, (2σ_ab + C₂)/(σ_a² + σ_b² + C₂).
    structure: f64,
    /// Of the same times luminance, (2μ_a·μ_b + C₁)/(μ_a² + μ_b² + C₁).
    whole: f64,
}

fn planes<T: Copy + Into<f64>>(image: &[T], shape: Shape) -> impl Iterator<Item = Plane> {
    let Shape { channels, height, width } = shape;
    assert_eq!(image.len(), channels * height * width, "an image of {channels} × {height} × {width}");
    let plane = move |p: &[T]| Plane { height, width, pixels: p.iter().map(|&v| v.into()).collect() };
    image.chunks_exact((height * width).max(1)).map(plane)
}

/// The weights of one axis of a Gaussian window; their sum is 1.
fn window(size: usize) -> Vec<f64> {
    let sigma = SIGMA * size as f64 / WINDOW as f64;
    let middle = (size / 2) as f64;
    let raw: Vec<f64> = (0..size).map(|i| (-(i as f64 - middle).powi(2) / (2.0 * sigma * sigma)).exp()).collect();
    let sum: f64 = raw.iter().sum();
    raw.into_iter().map(|v| v / sum).collect()
}

fn similarity(a: &Plane, b: &Plane, window: &[f64], range: f64) -> Similarity {
    let (c1, c2) = ((0.01 * range).powi(2), (0.03 * range).powi(2));
    let (mean_a, mean_b) = (a.blurred(window), b.blurred(window));
    let products = [a.times(a), b.times(b), a.times(b)].map(|p| p.blurred(window));
    let (mut structure, mut whole) = (0.0, 0.0);
    for (i, (&ma, &mb)) in mean_a.iter().zip(&mean_b).enumerate() {
        let [aa, bb, ab] = [products[0][i] - ma * ma, products[1][i] - mb * mb, products[2][i] - ma * mb];
        let here = (2.0 * ab + c2) / (aa + bb + c2);
        structure += here;
        whole += here * (2.0 * ma * mb + c1) / (ma * ma + mb * mb + c1);
    }
    let places = mean_a.len() as f64;
    Similarity { structure: structure / places, whole: whole / places }
}

impl Plane {
    fn times(&self, other: &Plane) -> Plane {
        let pixels = self.pixels.iter().zip(&other.pixels).map(|(a, b)| a * b).collect();
        Plane { pixels, ..*self }
    }

    /// Weighted means wherever the whole window fits, along rows and then along columns.
    fn blurred(&self, window: &[f64]) -> Vec<f64> {
        let width = self.width + 1 - window.len();
        let along: Vec<f64> =
            self.pixels.chunks_exact(self.width).flat_map(|row| row.windows(window.len()).map(|w| dot(w, window))).collect();
        let mut out = vec![0.0; (self.height + 1 - window.len()) * width];
        for (y, row) in out.chunks_exact_mut(width).enumerate() {
            for (i, weight) in window.iter().enumerate() {
                row.iter_mut().zip(&along[(y + i) * width..]).for_each(|(o, v)| *o += weight * v);
            }
        }
        out
    }

    /// Means of 2 × 2 pixels.
    fn halved(&self) -> Plane {
        let (height, width) = (self.height / 2, self.width / 2);
        let at = |y: usize, x: usize| self.pixels[y * self.width + x];
        let mean = |y: usize, x: usize| (at(y, x) + at(y, x + 1) + at(y + 1, x) + at(y + 1, x + 1)) / 4.0;
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (2 * y, 2 * x))).map(|(y, x)| mean(y, x)).collect();
        Plane { height, width, pixels }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        channels: usize,
        height: usize,
        width: usize,
        noise: i64,
        /// Sums of the pixels: that both sides mean the same images.
        sums: [u64; 2],
        ssim: f64,
        ms_ssim: f64,
        scales: usize,
        window: usize,
    }

    /// The images of `tests/fixtures/ssim/make.py`: slanted triangle waves, and the same with noise; negative noise stands for
    /// the inverted image.
    fn images(case: &Case) -> [Vec<u8>; 2] {
        let mut state = 12_345_u64;
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for c in 0..case.channels {
            for y in 0..case.height {
                for x in 0..case.width {
                    let wave = ((5 * x + 9 * y + 60 * c + x * y / 8) % 400) as i64;
                    let value = 30 + (wave - 200).abs();
                    state = (state * 1_103_515_245 + 12_345) % (1 << 31);
                    let drawn = (state >> 16) as i64;
                    let other = if case.noise < 0 { 255 - value } else { value + drawn % (2 * case.noise + 1) - case.noise };
                    first.push(value as u8);
                    second.push(other.clamp(0, 255) as u8);
                }
            }
        }
        [first, second]
    }

    #[test]
    fn values_are_those_of_scikit_image_and_pytorch_msssim() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../../tests/fixtures/ssim/ssim.json")).unwrap();
        assert!(cases.len() > 5);
        for case in &cases {
            let [a, b] = images(case);
            let sums = [&a, &b].map(|image| image.iter().map(|&v| u64::from(v)).sum::<u64>());
            assert_eq!(sums, case.sums, "the images of the script");
            let shape = Shape { channels: case.channels, height: case.height, width: case.width };
            let one = ssim(&a, &b, shape, 255.0).unwrap();
            assert!((one - case.ssim).abs() < 1e-9, "{one} for {}", case.ssim);
            let many = ms_ssim(&a, &b, shape, 255.0).unwrap();
            assert_eq!((many.scales, many.window), (case.scales, case.window));
            assert!((many.value - case.ms_ssim).abs() < 1e-9, "{} for {}", many.value, case.ms_ssim);
            // The unit of the numbers does not matter.
            let unit = |image: &[u8]| image.iter().map(|&v| f64::from(v) / 255.0).collect::<Vec<f64>>();
            assert!((ssim(&unit(&a), &unit(&b), shape, 1.0).unwrap() - case.ssim).abs() < 1e-9);
        }
    }

    #[test]
    fn an_image_is_like_itself() {
        let shape = Shape { channels: 2, height: 40, width: 33 };
        let image: Vec<f32> = (0..2 * 40 * 33).map(|i| ((i * i) % 97) as f32 / 97.0).collect();
        assert!((ssim(&image, &image, shape, 1.0).unwrap() - 1.0).abs() < 1e-12);
        assert!((ms_ssim(&image, &image, shape, 1.0).unwrap().value - 1.0).abs() < 1e-12);
    }

    #[test]
    fn flat_images_differ_in_luminance_only() {
        let shape = Shape { channels: 1, height: 32, width: 32 };
        let flat = |value: f32| vec![value; 1024];
        let luminance = (2.0 * 0.25 * 0.75 + 1e-4) / (0.0625 + 0.5625 + 1e-4);
        assert!((ssim(&flat(0.25), &flat(0.75), shape, 1.0).unwrap() - luminance).abs() < 1e-12);
        // Three scales of 32, 16 and 8 pixels; luminance counts at the last, whose share of the weights is 0.3001 of 0.6305.
        let found = ms_ssim(&flat(0.25), &flat(0.75), shape, 1.0).unwrap();
        assert_eq!((found.scales, found.window), (3, 7));
        assert!((found.value - luminance.powf(0.3001 / 0.6305)).abs() < 1e-12);
    }

    #[test]
    fn scales_and_window_follow_the_size() {
        let small = [
            (13, None),
            (14, Some(2)),
            (27, Some(2)),
            (28, Some(3)),
            (32, Some(3)),
            (55, Some(3)),
            (56, Some(4)),
            (111, Some(4)),
        ];
        for (side, scales) in small {
            assert_eq!(plan(side), scales.map(|s| (s, 7)), "{side}");
        }
        assert_eq!([112, 175, 176, 500].map(plan), [Some((5, 7)), Some((5, 7)), Some((5, 11)), Some((5, 11))]);
        let shape = Shape { channels: 1, height: 10, width: 50 };
        assert_eq!((ssim(&[0u8; 500], &[0u8; 500], shape, 255.0), ms_ssim(&[0u8; 500], &[0u8; 500], shape, 255.0)), (None, None));
    }
}
