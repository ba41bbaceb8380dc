//! Adam with reachable state.
//!
//! Candle's AdamW keeps its moments private and counts steps once for all; an exact resume needs both within reach.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
};

use candle_core::{CpuStorage, DType, Device, InplaceOp1, Layout, Result, Shape, Tensor, Var, bail};
use rayon::prelude::*;

use super::{
    flat_adam::{Flat, joined, prepare},
    gradients::{Gradient, Gradients, on_slice},
    host::{Real, on_host, vectorized},
    params::is_under,
};

pub(super) const BETA1: f64 = 0.9;
pub(super) const BETA2: f64 = 0.999;
pub(super) const EPS: f64 = 1e-8;

/// Numbers handed to a thread at a time.
const CHUNK: usize = 1 << 14;

/// Adam (Kingma & Ba 2015) by PyTorch's formula: β 0.9 and 0.999, ε 1e-8 added to the bias-corrected root, no weight decay.
///
/// Each parameter counts its own steps: one without gradient in a step is left alone, moments and all.
#[derive(Debug, Default)]
pub struct Adam {
    slots: BTreeMap<String, Slot>,
    /// Off the CPU, the moments of the last step as they were computed; those in `slots` are parts of them.
    flats: Vec<Flat>,
}

/// Parameters by name, and the number that their gradients are multiplied by.
pub type Part<'a> = (&'a [(String, Var)], f64);

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
        Ok(match (on_host(&[param]), param.dtype()) {
            (true, DType::F32) => Self::F32(vec![0.0; n], vec![0.0; n]),
            (true, DType::F64) => Self::F64(vec![0.0; n], vec![0.0; n]),
            _ => Self::Device(param.zeros_like()?.detach(), param.zeros_like()?.detach()),
        })
    }

    /// Own copies of `m` and `v`, fit for the kernel of their type and device.
    fn from_tensors(m: &Tensor, v: &Tensor) -> Result<Self> {
        Ok(match (on_host(&[m]), m.dtype()) {
            (true, DType::F32) => Self::F32(m.flatten_all()?.to_vec1()?, v.flatten_all()?.to_vec1()?),
            (true, DType::F64) => Self::F64(m.flatten_all()?.to_vec1()?, v.flatten_all()?.to_vec1()?),
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
            Self::F32(..) => on_host(&[param]) && param.dtype() == DType::F32,
            Self::F64(..) => on_host(&[param]) && param.dtype() == DType::F64,
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
    pub fn step(&mut self, params: &[(String, Var)], grads: &Gradients, lr: f64, scale: f64) -> Result<()> {
        self.step_parts(&[(params, scale)], grads, lr)
    }

    /// The same for parameters whose gradients are multiplied by different numbers. On a device with too little memory left, no
    /// parameter is changed.
    ///
    /// # Errors
    /// If a gradient's or a loaded moment's shape is not the parameter's.
    pub fn step_parts(&mut self, parts: &[Part<'_>], grads: &Gradients, lr: f64) -> Result<()> {
        let mut pending = Vec::new();
        for &(params, scale) in parts {
            // Parameters elsewhere, by the steps they have taken.
            let mut elsewhere: BTreeMap<u64, Vec<(&str, &Var)>> = BTreeMap::new();
            for (name, param) in params {
                let Some(grad) = grads.get(param) else { continue };
                let slot = self.slot(name, param)?;
                let update = Update::new(slot.steps + 1, lr, scale);
                match &mut slot.moments {
                    Moments::F32(m, v) => update.on_host(param, grad, m, v)?,
                    Moments::F64(m, v) => update.on_host(param, grad, m, v)?,
                    Moments::Device(..) => {
                        elsewhere.entry(slot.steps).or_default().push((name, param));
                        continue;
                    }
                }
                slot.steps += 1;
            }
            for (steps, params) in elsewhere {
                let grads = grads.flat(&params)?;
                let (m, v) = self.flat(&params)?;
                pending.push(prepare(&params, &grads, &m, &v, Update::new(steps + 1, lr, scale))?);
            }
        }
        let flats = pending.into_iter().map(|pending| pending.take()).collect::<Result<Vec<_>>>()?;
        if !flats.is_empty() {
            flats.iter().try_for_each(|flat| self.split(flat))?;
            self.flats = flats;
        }
        Ok(())
    }

    /// The moments of these parameters, one after the other.
    fn flat(&self, params: &[(&str, &Var)]) -> Result<(Tensor, Tensor)> {
        let same = |flat: &&Flat| flat.names.iter().map(String::as_str).eq(params.iter().map(|(name, _)| *name));
        if let Some(flat) = self.flats.iter().find(same) {
            return Ok((flat.m.clone(), flat.v.clone()));
        }
        let moments = params.iter().filter_map(|(name, _)| match &self.slots.get(*name)?.moments {
            Moments::Device(m, v) => Some((m, v)),
            _ => None,
        });
        let (m, v): (Vec<&Tensor>, Vec<&Tensor>) = moments.unzip();
        Ok((joined(m.into_iter())?, joined(v.into_iter())?))
    }

    /// Hands each parameter its part of moments that have taken a step.
    fn split(&mut self, flat: &Flat) -> Result<()> {
        let mut from = 0;
        for name in &flat.names {
            let Some(slot) = self.slots.get_mut(name) else { bail!("no state for {name}") };
            let n = slot.shape.elem_count();
            let part = |all: &Tensor| all.narrow(0, from, n)?.reshape(&slot.shape);
            slot.moments = Moments::Device(part(&flat.m)?, part(&flat.v)?);
            slot.steps += 1;
            from += n;
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
            self.flats.clear();
        }
        Ok(slot)
    }

    /// Drops the state of `prefix` itself and of all below it; they start anew.
    pub fn forget(&mut self, prefix: &str) {
        self.slots.retain(|name, _| name != prefix && !is_under(name, prefix));
        self.flats.clear();
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
        self.flats.clear();
        Ok(())
    }
}

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
    fn new(steps: u64, lr: f64, scale: f64) -> Self {
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

    fn on_host<T: Real>(self, param: &Var, grad: Gradient<'_>, m: &mut Vec<T>, v: &mut Vec<T>) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::testing::numbers;

    fn var(values: &[f64], dtype: DType) -> Var {
        Var::from_tensor(&Tensor::new(values, &Device::Cpu).unwrap().to_dtype(dtype).unwrap()).unwrap()
    }

    /// Gradients of Σ c·p over the pairs given.
    fn grads(pairs: &[(&Var, &[f64])]) -> Gradients {
        let terms = pairs.iter().map(|(p, c)| {
            let c = Tensor::new(*c, &Device::Cpu).unwrap().to_dtype(p.dtype()).unwrap();
            (p.as_tensor() * c).unwrap().sum_all().unwrap()
        });
        Gradients::of(&terms.reduce(|a, b| (a + b).unwrap()).unwrap()).unwrap()
    }

    /// PyTorch's `_single_tensor_adam`, line by line, for one number.
    #[derive(Default, Clone, Copy)]
    struct Scalar {
        p: f64,
        m: f64,
        v: f64,
        t: i32,
    }
    impl Scalar {
        fn step(&mut self, g: f64, lr: f64) {
            self.t += 1;
            self.m = 0.9 * self.m + 0.1 * g;
            self.v = 0.999 * self.v + 0.001 * g * g;
            let correction1 = 1.0 - 0.9f64.powi(self.t);
            let correction2 = 1.0 - 0.999f64.powi(self.t);
            self.p -= lr / correction1 * self.m / (self.v.sqrt() / correction2.sqrt() + 1e-8);
        }
    }

    #[test]
    fn several_steps_with_a_skipped_gradient_follow_the_formula() {
        for (dtype, tolerance) in [(DType::F64, 1e-13), (DType::F32, 1e-6)] {
            let (a, b) = (var(&[1.0, -2.0], dtype), var(&[0.5], dtype));
            let params = [("a".to_owned(), a.clone()), ("b".to_owned(), b.clone())];
            let mut want = [1.0, -2.0, 0.5].map(|p| Scalar { p, ..Scalar::default() });
            let mut adam = Adam::new();
            for step in 0..6 {
                let ga = [0.3 - 0.1 * f64::from(step), 1e-3];
                let gb = [2.0];
                let (lr, scale) = (0.01 * f64::from(step + 1), 0.5);
                want[0].step(ga[0] * scale, lr);
                want[1].step(ga[1] * scale, lr);
                // b has no gradient in steps 2 and 3: neither its moments nor its count move.
                let with_b = !(2..4).contains(&step);
                let store = if with_b { grads(&[(&a, &ga), (&b, &gb)]) } else { grads(&[(&a, &ga)]) };
                if with_b {
                    want[2].step(gb[0] * scale, lr);
                }
                adam.step(&params, &store, lr, scale).unwrap();
                let have = [numbers(&a), numbers(&b)].concat();
                for (have, want) in have.iter().zip(&want) {
                    assert!((have - want.p).abs() < tolerance, "step {step}: {have} {}", want.p);
                }
            }
            let state: HashMap<_, _> = adam.state().into_iter().collect();
            assert_eq!(numbers(&state["a.t"]), [6.0]);
            assert_eq!(numbers(&state["b.t"]), [4.0]);
            assert!((numbers(&state["b.m"])[0] - want[2].m).abs() < tolerance);
            assert!((numbers(&state["a.v"])[1] - want[1].v).abs() < tolerance);
        }
    }

    /// Parameters of different ages, one of them without gradient at times, with the step for other devices and with the kernel.
    #[test]
    fn the_flat_step_is_the_kernels() {
        let start =
            || [("a", var(&[1.0, -2.0, 3.0], DType::F64)), ("b", var(&[0.5], DType::F64)), ("c", var(&[2.0, 7.0], DType::F64))];
        let run = || {
            let params = start().map(|(name, p)| (name.to_owned(), p));
            let mut adam = Adam::new();
            for t in 1..7 {
                let (ga, gb, gc) = ([0.1, -0.2, 0.3 * f64::from(t)], [f64::from(t)], [-0.4, 0.01]);
                let mut pairs: Vec<(&Var, &[f64])> = vec![(&params[0].1, &ga), (&params[2].1, &gc)];
                if t != 2 && t != 3 {
                    pairs.push((&params[1].1, &gb));
                }
                let (one, two) = params.split_at(2);
                adam.step_parts(&[(one, 0.7), (two, 1.0)], &grads(&pairs), 0.1).unwrap();
                if t == 4 {
                    adam.forget("c");
                }
                if t == 5 {
                    let state = adam.state().into_iter().collect();
                    adam.load(&state).unwrap();
                }
            }
            let state: Vec<f64> = adam.state().iter().flat_map(|(_, t)| numbers(t)).collect();
            [params.iter().flat_map(|(_, p)| numbers(p)).collect(), state].concat()
        };
        let (kernel, flat) = (run(), crate::nn::testing::elsewhere(run));
        assert_eq!(kernel.len(), 6 + 12 + 3);
        assert!(kernel.iter().zip(&flat).all(|(a, b)| (a - b).abs() < 1e-14), "{kernel:?}\n{flat:?}");
        assert_ne!(kernel, flat, "the two are computed in different ways");
    }

    /// A shape that does not fit is found before anything is written.
    #[test]
    fn a_step_that_fails_elsewhere_changes_nothing() {
        let (a, b) = (var(&[1.0], DType::F64), var(&[2.0, 3.0], DType::F64));
        let params = [("a".to_owned(), a.clone()), ("b".to_owned(), b.clone())];
        let mut adam = Adam::new();
        adam.load(&HashMap::from([
            ("b.m".to_owned(), b.zeros_like().unwrap().narrow(0, 0, 1).unwrap()),
            ("b.v".to_owned(), b.zeros_like().unwrap().narrow(0, 0, 1).unwrap()),
            ("b.t".to_owned(), Tensor::new(3i64, &Device::Cpu).unwrap()),
        ]))
        .unwrap();
        let grads = grads(&[(&a, &[1.0]), (&b, &[1.0, 1.0])]);
        assert!(
            crate::nn::testing::elsewhere(|| adam.step_parts(&[(&params[..1], 1.0), (&params[1..], 1.0)], &grads, 0.1)).is_err()
        );
        assert_eq!((numbers(&a), numbers(&b)), (vec![1.0], vec![2.0, 3.0]));
    }

    #[test]
    fn a_loaded_state_goes_on_to_the_bit() {
        // More numbers than one thread's chunk.
        let n = CHUNK + 5;
        let start: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
        let g: Vec<f64> = (0..n).map(|i| (i as f64).cos()).collect();
        let (straight, resumed) = (var(&start, DType::F32), var(&start, DType::F32));
        let (mut first, mut before) = (Adam::new(), Adam::new());
        let step = |adam: &mut Adam, p: &Var| adam.step(&[("net.p".into(), p.clone())], &grads(&[(p, &g)]), 0.01, 1.0).unwrap();
        for _ in 0..3 {
            step(&mut first, &straight);
            step(&mut before, &resumed);
        }
        let mut after = Adam::new();
        after.load(&before.state().into_iter().collect()).unwrap();
        step(&mut first, &straight);
        step(&mut after, &resumed);
        assert_eq!(numbers(&straight), numbers(&resumed));
        assert_ne!(numbers(&straight)[CHUNK + 4], start[CHUNK + 4]);
        after.forget("net");
        assert!(after.state().is_empty());
        // A moment without its companions is refused, and a shape that does not fit the parameter too.
        assert!(after.load(&HashMap::from([("p.t".to_owned(), Tensor::new(1i64, &Device::Cpu).unwrap())])).is_err());
        after.load(&before.state().into_iter().collect()).unwrap();
        let other = var(&[1.0], DType::F32);
        assert!(after.step(&[("net.p".into(), other.clone())], &grads(&[(&other, &[1.0])]), 0.1, 1.0).is_err());
    }
}
