//! Arrays of features, and their scaling to mean 0 and deviation 1.

/// Features of `n` images, row-major [n, dim].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Features {
    pub n: usize,
    pub dim: usize,
    pub values: Vec<f32>,
}

/// One split's features at each probed layer, and its labels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Split {
    /// Last convolution's output, flattened.
    pub conv: Features,
    /// The fully connected layer.
    pub fc: Features,
    /// The code Y.
    pub y: Features,
    pub labels: Vec<u8>,
}

impl Features {
    /// # Panics
    /// If `values` does not hold `n · dim` numbers.
    pub fn new(n: usize, dim: usize, values: Vec<f32>) -> Self {
        let features = Self { n, dim, values };
        features.check();
        features
    }

    /// The features of image `i`.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.dim..(i + 1) * self.dim]
    }

    /// The first `n` images, or all if there are fewer.
    pub fn first(&self, n: usize) -> Self {
        let n = n.min(self.n);
        Self { n, dim: self.dim, values: self.values[..n * self.dim].to_vec() }
    }

    /// Whether every value is finite.
    pub fn finite(&self) -> bool {
        self.values.iter().all(|v| v.is_finite())
    }

    pub(super) fn check(&self) {
        assert_eq!(self.values.len(), self.n * self.dim, "features are [{}, {}]", self.n, self.dim);
    }
}

impl Split {
    pub(super) fn check(&self, classes: usize) {
        for layer in [&self.conv, &self.fc, &self.y] {
            layer.check();
            assert_eq!(layer.n, self.labels.len(), "one label per image");
        }
        if let Some(&label) = self.labels.iter().find(|&&l| usize::from(l) >= classes) {
            panic!("label {label} is not below the number of classes, {classes}");
        }
    }
}

/// Shift and scale per dimension, taken from a training split.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardiser {
    mean: Vec<f32>,
    /// 1 / deviation; 0 for a feature that does not vary, which so becomes 0 everywhere.
    factor: Vec<f32>,
}

impl Standardiser {
    /// Mean and (population) standard deviation of every dimension.
    pub fn fit(features: &Features) -> Self {
        let n = features.n.max(1) as f64;
        let mut mean = vec![0f64; features.dim];
        for row in features.values.chunks_exact(features.dim.max(1)) {
            mean.iter_mut().zip(row).for_each(|(m, &v)| *m += f64::from(v));
        }
        mean.iter_mut().for_each(|m| *m /= n);
        // A second pass, as E[x²] − E[x]² cancels where the mean is large.
        let mut variance = vec![0f64; features.dim];
        for row in features.values.chunks_exact(features.dim.max(1)) {
            for ((s, &v), m) in variance.iter_mut().zip(row).zip(&mean) {
                *s += (f64::from(v) - m).powi(2);
            }
        }
        let factor = variance.iter().zip(&mean).map(|(s, m)| {
            let deviation = (s / n).sqrt();
            // What rounding to f32 alone can produce is no variation.
            if deviation > f64::from(f32::EPSILON) * m.abs() && deviation > f64::from(f32::MIN_POSITIVE) {
                (1.0 / deviation) as f32
            } else {
                0.0
            }
        });
        Self { factor: factor.collect(), mean: mean.iter().map(|&m| m as f32).collect() }
    }

    /// The scaled copy of `features`.
    ///
    /// # Panics
    /// If `dim` is not that of the split it was fitted on.
    pub fn apply(&self, features: &Features) -> Features {
        assert_eq!(features.dim, self.mean.len(), "train and test features have the same dimension");
        let mut values = features.values.clone();
        for row in values.chunks_exact_mut(features.dim.max(1)) {
            for ((v, m), f) in row.iter_mut().zip(&self.mean).zip(&self.factor) {
                *v = (*v - m) * f;
            }
        }
        Features { n: features.n, dim: features.dim, values }
    }
}
