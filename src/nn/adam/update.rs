//! The formula of a step, and the CPU's pass over memory.

use std::cell::RefCell;

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Var, bail};
use rayon::prelude::*;

use crate::nn::{
    gradients::{Gradient, on_slice},
    host::{Real, vectorized},
};

pub(super) const BETA1: f64 = 0.9;
pub(super) const BETA2: f64 = 0.999;
pub(super) const EPS: f64 = 1e-8;

/// Numbers handed to a thread at a time.
pub(super) const CHUNK: usize = 1 << 14;

/// The numbers of one update: m ← m + (1−β1)(g−m), v ← β2·v + (1−β2)g², p ← p − rate·m / (√v·root + ε).
#[derive(Clone, Copy)]
pub(super) struct Update {
    pub scale: f64,
    /// lr / (1 − β1ᵗ).
    pub rate: f64,
    /// 1 / √(1 − β2ᵗ).
    pub root: f64,
}

impl Update {
    pub fn new(steps: u64, lr: f64, scale: f64) -> Self {
        let t = steps as f64;
        Self { scale, rate: lr / (1.0 - BETA1.powf(t)), root: 1.0 / (1.0 - BETA2.powf(t)).sqrt() }
    }

    fn run<T: Real>(self, p: &mut [T], g: &[T], m: &mut [T], v: &mut [T]) {
        let [scale, rate, root] = [self.scale, self.rate, self.root].map(T::from_f64);
        let [rest1, beta2, rest2, eps] = [1.0 - BETA1, BETA2, 1.0 - BETA2, EPS].map(T::from_f64);
        let parts = p.par_chunks_mut(CHUNK).zip(g.par_chunks(CHUNK)).zip(m.par_chunks_mut(CHUNK)).zip(v.par_chunks_mut(CHUNK));
        parts.for_each(|(((p, g), m), v)| {
            vectorized(
                #[inline(always)]
                || {
                    for (((p, &g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
                        let g = g * scale;
                        *m += rest1 * (g - *m);
                        *v = beta2 * *v + rest2 * g * g;
                        *p -= rate * *m / (v.root() * root + eps);
                    }
                },
            );
        });
    }

    pub fn on_host<T: Real>(self, param: &Var, grad: Gradient<'_>, m: &mut Vec<T>, v: &mut Vec<T>) -> Result<()> {
        on_slice(&grad, |grad| param.inplace_op1(&HostStep { update: self, grad, m: RefCell::new(m), v: RefCell::new(v) }))?
    }
}

/// The CPU kernel: parameter and both moments in one pass over memory.
///
/// Candle lets an in-place operation change one tensor only, hence the moments as borrowed host buffers.
struct HostStep<'a, T> {
    update: Update,
    grad: &'a [T],
    m: RefCell<&'a mut Vec<T>>,
    v: RefCell<&'a mut Vec<T>>,
}

impl<T: Real> InplaceOp1 for HostStep<'_, T> {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn cpu_fwd(&self, dst: &mut CpuStorage, dst_l: &Layout) -> Result<()> {
        let grad = self.grad;
        let (Some((from, to)), Some(values)) = (dst_l.contiguous_offsets(), T::storage_mut(dst)) else {
            bail!("Adam's kernel was handed a strided parameter or one of another type");
        };
        if grad.len() != to - from {
            bail!("a gradient has {} numbers, its parameter {}", grad.len(), to - from);
        }
        self.update.run(&mut values[from..to], grad, &mut self.m.borrow_mut(), &mut self.v.borrow_mut());
        Ok(())
    }
}
