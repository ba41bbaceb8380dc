//! Adam with reachable state, and the gradient's norm.
//!
//! Candle's AdamW keeps its moments private and counts steps once for all; an exact resume needs both within reach.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
};

use candle_core::{CpuStorage, DType, Device, InplaceOp1, Layout, Result, Shape, Tensor, Var, backprop::GradStore, bail};
use rayon::prelude::*;

use super::{
    host::{Held, Real, on_host},
    params::is_under,
};

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPS: f64 = 1e-8;

/// Numbers handed to a thread at a time; also fixes the order in which the norm is summed.
const CHUNK: usize = 1 << 14;

/// Adam (Kingma & Ba 2015) by PyTorch's formula: β 0.9 and 0.999, ε 1e-8 added to the bias-corrected root, no weight decay.
///
/// Each parameter counts its own steps: one without gradient in a step is left alone, moments and all.
#[derive(Debug, Default)]
pub struct Adam {
    slots: BTreeMap<String, Slot>,
}

/// The state of one parameter.
#[derive(Debug)]
struct Slot {
    steps: u64,
    shape: Shape,
    moments: Moments,
}

/// First and second moment: plain buffers for the CPU kernel, tensors elsewhere.
#[derive(Debug)]
enum Moments {
    F32(Vec<f32>, Vec<f32>),
    F64(Vec<f64>, Vec<f64>),
    Device(Tensor, Tensor),
}

impl Moments {
    fn zeros(param: &Tensor) -> Result<Self> {
        let n = param.elem_count();
        Ok(match (param.device(), param.dtype()) {
            (Device::Cpu, DType::F32) => Self::F32(vec![0.0; n], vec![0.0; n]),
            (Device::Cpu, DType::F64) => Self::F64(vec![0.0; n], vec![0.0; n]),
            _ => Self::Device(param.zeros_like()?.detach(), param.zeros_like()?.detach()),
        })
    }

    /// Own copies of `m` and `v`, fit for the kernel of their type and device.
    fn from_tensors(m: &Tensor, v: &Tensor) -> Result<Self> {
        Ok(match (m.device(), m.dtype()) {
            (Device::Cpu, DType::F32) => Self::F32(m.flatten_all()?.to_vec1()?, v.flatten_all()?.to_vec1()?),
            (Device::Cpu, DType::F64) => Self::F64(m.flatten_all()?.to_vec1()?, v.flatten_all()?.to_vec1()?),
            _ => Self::Device(m.copy()?.detach(), v.copy()?.detach()),
        })
    }

    fn tensors(&self, shape: &Shape) -> Result<(Tensor, Tensor)> {
        Ok(match self {
            Self::F32(m, v) => (Tensor::from_slice(m, shape, &Device::Cpu)?, Tensor::from_slice(v, shape, &Device::Cpu)?),
            Self::F64(m, v) => (Tensor::from_slice(m, shape, &Device::Cpu)?, Tensor::from_slice(v, shape, &Device::Cpu)?),
            Self::Device(m, v) => (m.clone(), v.clone()),
        })
    }

    /// Whether the kernel for `param` can use them as they are.
    fn fit(&self, param: &Tensor) -> bool {
        match self {
            Self::F32(..) => param.device().is_cpu() && param.dtype() == DType::F32,
            Self::F64(..) => param.device().is_cpu() && param.dtype() == DType::F64,
            Self::Device(m, _) => m.device().same_device(param.device()) && m.dtype() == param.dtype(),
        }
    }
}

impl Adam {
    /// No state yet; each parameter starts its own at its first gradient.
    pub fn new() -> Self {
        Self::default()
    }

    /// One step of every parameter of `params` that has a gradient in `grads`; gradients are multiplied by `scale`.
    ///
    /// # Errors
    /// If a gradient's or a loaded moment's shape is not the parameter's.
    pub fn step(&mut self, params: &[(String, Var)], grads: &GradStore, lr: f64, scale: f64) -> Result<()> {
        for (name, param) in params {
            let Some(grad) = grads.get(param) else { continue };
            let slot = self.slot(name, param)?;
            slot.steps += 1;
            let update = Update::new(slot.steps, lr, scale);
            match &mut slot.moments {
                Moments::F32(m, v) => update.on_host(param, grad, m, v)?,
                Moments::F64(m, v) => update.on_host(param, grad, m, v)?,
                Moments::Device(m, v) => update.composed(param, grad, m, v)?,
            }
        }
        Ok(())
    }

    fn slot(&mut self, name: &str, param: &Var) -> Result<&mut Slot> {
        if !self.slots.contains_key(name) {
            let slot = Slot { steps: 0, shape: param.shape().clone(), moments: Moments::zeros(param)? };
            self.slots.insert(name.to_owned(), slot);
        }
        let Some(slot) = self.slots.get_mut(name) else { bail!("no state for {name}") };
        if slot.shape != *param.shape() {
            bail!("Adam's moments of {name} have shape {:?}, the parameter {:?}", slot.shape, param.shape());
        }
        if !slot.moments.fit(param) {
            let (m, v) = slot.moments.tensors(&slot.shape)?;
            let moved = |t: Tensor| t.to_device(param.device())?.to_dtype(param.dtype());
            slot.moments = Moments::from_tensors(&moved(m)?, &moved(v)?)?;
        }
        Ok(slot)
    }

    /// Drops the state of `prefix` itself and of all below it; they start anew.
    pub fn forget(&mut self, prefix: &str) {
        self.slots.retain(|name, _| name != prefix && !is_under(name, prefix));
    }

    /// Everything a checkpoint needs, in order of name: `NAME.m`, `NAME.v` (shaped as the parameter) and `NAME.t`
    /// (an i64 scalar, the steps taken).
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let mut state = Vec::with_capacity(3 * self.slots.len());
        for (name, slot) in &self.slots {
            // Cannot fail: the buffers were made with as many numbers as the shape has, and the device is the CPU.
            let (m, v) = slot.moments.tensors(&slot.shape).expect("moments have the shape they were made with");
            let t = Tensor::new(slot.steps as i64, &Device::Cpu).expect("a scalar on the CPU");
            state.extend([(format!("{name}.m"), m), (format!("{name}.v"), v), (format!("{name}.t"), t)]);
        }
        state
    }

    /// Replaces all state by what [`Self::state`] gave; entries that end otherwise are passed over.
    ///
    /// # Errors
    /// If an entry's two companions are missing or shaped otherwise; the state is unchanged then.
    pub fn load(&mut self, state: &HashMap<String, Tensor>) -> Result<()> {
        let mut slots = BTreeMap::new();
        for (key, t) in state {
            let Some(name) = key.strip_suffix(".t") else { continue };
            let (Some(m), Some(v)) = (state.get(&format!("{name}.m")), state.get(&format!("{name}.v"))) else {
                bail!("Adam's state of {name} lacks a moment");
            };
            if m.shape() != v.shape() {
                bail!("Adam's moments of {name} have shapes {:?} and {:?}", m.shape(), v.shape());
            }
            let steps = t.to_dtype(DType::I64)?.flatten_all()?.get(0)?.to_scalar::<i64>()?;
            let moments = Moments::from_tensors(m, v)?;
            slots.insert(name.to_owned(), Slot { steps: steps.max(0) as u64, shape: m.shape().clone(), moments });
        }
        self.slots = slots;
        Ok(())
    }
}

/// The numbers of one update: m ← m + (1−β1)(g−m), v ← β2·v + (1−β2)g², p ← p − rate·m / (√v·root + ε).
#[derive(Clone, Copy)]
struct Update {
    scale: f64,
    /// lr / (1 − β1ᵗ).
    rate: f64,
    /// 1 / √(1 − β2ᵗ).
    root: f64,
}

impl Update {
    fn new(steps: u64, lr: f64, scale: f64) -> Self {
        let t = steps as f64;
        Self { scale, rate: lr / (1.0 - BETA1.powf(t)), root: 1.0 / (1.0 - BETA2.powf(t)).sqrt() }
    }

    fn run<T: Real>(self, p: &mut [T], g: &[T], m: &mut [T], v: &mut [T]) {
        let [scale, rate, root] = [self.scale, self.rate, self.root].map(T::from_f64);
        let [rest1, beta2, rest2, eps] = [1.0 - BETA1, BETA2, 1.0 - BETA2, EPS].map(T::from_f64);
        let parts = p.par_chunks_mut(CHUNK).zip(g.par_chunks(CHUNK)).zip(m.par_chunks_mut(CHUNK)).zip(v.par_chunks_mut(CHUNK));
        parts.for_each(|(((p, g), m), v)| {
            for (((p, &g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
                let g = g * scale;
                *m += rest1 * (g - *m);
                *v = beta2 * *v + rest2 * g * g;
                *p -= rate * *m / (v.root() * root + eps);
            }
        });
    }

    fn on_host<T: Real>(self, param: &Var, grad: &Tensor, m: &mut Vec<T>, v: &mut Vec<T>) -> Result<()> {
        let grad = grad.contiguous()?;
        let held = Held::new(&grad)?;
        param.inplace_op1(&HostStep { update: self, grad: held.slice()?, m: RefCell::new(m), v: RefCell::new(v) })
    }

    /// The same from Candle's ordinary operations, for devices without a kernel of ours.
    fn composed(self, param: &Var, grad: &Tensor, m: &mut Tensor, v: &mut Tensor) -> Result<()> {
        let g = (grad.detach() * self.scale)?;
        *m = ((&*m * BETA1)? + (&g * (1.0 - BETA1))?)?;
        *v = ((&*v * BETA2)? + (g.sqr()? * (1.0 - BETA2))?)?;
        let change = ((&*m * self.rate)? / ((v.sqrt()? * self.root)? + EPS)?)?;
        param.set(&(param.as_detached_tensor() - change)?)
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

/// L2 norm of all gradients of `params` together, summed in f64 in the order given; non-finite if any number is.
///
/// # Errors
/// Only those of the device.
pub fn grad_norm(params: &[(String, Var)], grads: &GradStore) -> Result<f64> {
    let mut total = 0.0;
    for (_, param) in params {
        let Some(grad) = grads.get(param) else { continue };
        total += if on_host(&[grad]) {
            let grad = grad.contiguous()?;
            let held = Held::new(&grad)?;
            match grad.dtype() {
                DType::F32 => square_sum::<f32>(held.slice()?),
                _ => square_sum::<f64>(held.slice()?),
            }
        } else {
            f64::from(grad.to_dtype(DType::F32)?.sqr()?.sum_all()?.to_scalar::<f32>()?)
        };
    }
    Ok(total.sqrt())
}

fn square_sum<T: Real>(values: &[T]) -> f64 {
    let parts: Vec<f64> = values.par_chunks(CHUNK).map(|part| part.iter().map(|v| v.to_f64() * v.to_f64()).sum()).collect();
    parts.iter().sum()
}
