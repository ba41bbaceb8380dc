//! Limited-memory BFGS directions (Nocedal & Wright, Numerical Optimization, algorithm 7.4).

use std::collections::VecDeque;

/// Pairs of steps and gradient changes that stand for the inverse Hessian.
pub(super) struct Memory {
    capacity: usize,
    pairs: VecDeque<Pair>,
}

struct Pair {
    /// x₊ − x
    step: Vec<f32>,
    /// ∇₊ − ∇
    change: Vec<f32>,
    /// 1 / stepᵀchange
    rho: f64,
}

impl Memory {
    pub fn new(capacity: usize) -> Self {
        Self { capacity, pairs: VecDeque::with_capacity(capacity) }
    }

    /// Takes in a pair, unless rounding has left it without positive curvature.
    pub fn push(&mut self, step: Vec<f32>, change: Vec<f32>) {
        let curvature = dot(&step, &change);
        if curvature <= 1e-10 * dot(&step, &step) {
            return;
        }
        if self.pairs.len() == self.capacity {
            self.pairs.pop_front();
        }
        self.pairs.push_back(Pair { step, change, rho: 1.0 / curvature });
    }

    /// Forgets all, so that the next direction is steepest descent.
    pub fn clear(&mut self) {
        self.pairs.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// −H·gradient.
    pub fn direction(&self, gradient: &[f32]) -> Vec<f32> {
        let mut q = gradient.to_vec();
        let mut alphas = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let alpha = pair.rho * dot(&pair.step, &q);
            add_scaled(&mut q, -alpha, &pair.change);
            alphas.push(alpha);
        }
        if let Some(last) = self.pairs.back() {
            let scale = (1.0 / (last.rho * dot(&last.change, &last.change))) as f32;
            q.iter_mut().for_each(|v| *v *= scale);
        }
        for (pair, alpha) in self.pairs.iter().zip(alphas.into_iter().rev()) {
            let beta = pair.rho * dot(&pair.change, &q);
            add_scaled(&mut q, alpha - beta, &pair.step);
        }
        q.iter_mut().for_each(|v| *v = -*v);
        q
    }
}

/// Σ a·b, summed in f64 in eight fixed lanes: the order never depends on anything but the length.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut lanes = [0f64; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f64 = a8.remainder().iter().zip(b8.remainder()).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum();
    for (x, y) in a8.zip(b8) {
        for lane in 0..8 {
            lanes[lane] += f64::from(x[lane]) * f64::from(y[lane]);
        }
    }
    lanes.iter().sum::<f64>() + tail
}

/// a ← a + factor·b.
pub(super) fn add_scaled(a: &mut [f32], factor: f64, b: &[f32]) {
    let factor = factor as f32;
    a.iter_mut().zip(b).for_each(|(x, &y)| *x += factor * y);
}
