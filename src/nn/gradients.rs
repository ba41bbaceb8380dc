//! Gradients of parameters, in buffers that last from step to step.
//!
//! Candle's reverse pass adds each gradient to a fresh tensor of zeros, which costs a parameter three fresh buffers a step:
//! more time than Adam. During [`Gradients::update`] the layers of `nn` write the gradients of parameters straight into
//! the buffers kept here, and hand Candle only what flows on to earlier layers.

use std::{
    cell::RefCell,
    collections::{HashMap, hash_map::Entry},
};

use candle_core::{CpuStorage, DType, Device, Result, Shape, Tensor, TensorId, Var, backprop::GradStore, bail};

use rayon::prelude::*;

use super::{
    host::{Held, Real, on_host, tensor, vectorized},
    layouts::remembering,
    sums,
};

/// The gradient of one loss by every parameter it depends on.
#[derive(Debug, Default)]
pub struct Gradients {
    /// Written by the layers of `nn`.
    slots: Slots,
    /// Stated by layers on another device.
    stated: Stated,
    /// Written by Candle: parameters used by its own operations.
    others: Option<GradStore>,
    /// Of the last pass: gradients of parameters elsewhere one after the other, for those parameters.
    flats: RefCell<Vec<(Vec<TensorId>, Tensor)>>,
}

type Slots = HashMap<TensorId, Slot>;
type Stated = HashMap<TensorId, Tensor>;

#[derive(Debug)]
struct Slot {
    values: CpuStorage,
    shape: Shape,
    /// The last pass wrote to it.
    filled: bool,
}

thread_local! {
    /// What the pass under way on this thread writes to.
    static COLLECTING: RefCell<Option<(Slots, Stated)>> = const { RefCell::new(None) };
}

/// A gradient as the optimiser reads it.
pub(super) enum Gradient<'a> {
    Host(&'a CpuStorage),
    Tensor(&'a Tensor),
}

impl Gradients {
    /// The gradients of a scalar `loss`.
    ///
    /// # Errors
    /// Those of Candle's reverse pass.
    pub fn of(loss: &Tensor) -> Result<Self> {
        let mut gradients = Self::default();
        gradients.update(loss)?;
        Ok(gradients)
    }

    /// Replaces what is here by the gradients of a scalar `loss`; the memory is used again.
    ///
    /// # Errors
    /// Those of Candle's reverse pass.
    pub fn update(&mut self, loss: &Tensor) -> Result<()> {
        // Buffers of parameters that have gone are let go.
        self.slots.retain(|_, slot| std::mem::take(&mut slot.filled));
        // Before the way back, which needs the memory.
        self.others = None;
        self.stated.clear();
        self.flats.get_mut().clear();
        let (others, (slots, stated)) = collecting(std::mem::take(&mut self.slots), || remembering(loss, || loss.backward()));
        (self.slots, self.stated) = (slots, stated);
        let others = others?;
        for id in others.get_ids() {
            let Some(more) = others.get_id(*id) else { continue };
            if let Some(slot) = self.slots.get_mut(id) {
                slot.add(more)?;
            } else if let Some(sum) = self.stated.get_mut(id) {
                *sum = (&*sum + more)?;
            }
        }
        self.others = Some(others);
        Ok(())
    }

    pub(super) fn get(&self, param: &Tensor) -> Option<Gradient<'_>> {
        match self.slots.get(&param.id()) {
            Some(slot) if slot.filled => Some(Gradient::Host(&slot.values)),
            _ if self.stated.contains_key(&param.id()) => self.stated.get(&param.id()).map(Gradient::Tensor),
            _ => self.others.as_ref()?.get(param).map(Gradient::Tensor),
        }
    }

    /// The gradients of parameters elsewhere one after the other, [all numbers]; joined once in a pass.
    ///
    /// # Errors
    /// If one of them has none, or has it on the host.
    pub(super) fn flat(&self, params: &[(&str, &Var)]) -> Result<Tensor> {
        let ids: Vec<TensorId> = params.iter().map(|(_, param)| param.id()).collect();
        if let Some((_, flat)) = self.flats.borrow().iter().find(|(of, _)| *of == ids) {
            return Ok(flat.clone());
        }
        let found = params.iter().map(|(name, param)| match self.get(param) {
            Some(Gradient::Tensor(grad)) if grad.shape() == param.shape() => Ok(grad),
            _ => bail!("{name} has no gradient of its shape and on its device"),
        });
        let flat = joined(found.collect::<Result<Vec<_>>>()?.into_iter())?;
        self.flats.borrow_mut().push((ids, flat.clone()));
        Ok(flat)
    }

    /// A copy of one parameter's gradient; `None` if the loss does not depend on it.
    pub fn tensor(&self, param: &Var) -> Option<Tensor> {
        match self.get(param)? {
            Gradient::Tensor(t) => Some(t.clone()),
            Gradient::Host(values) => Slot::tensor(values, param.shape()).ok(),
        }
    }
}

/// Runs `work` while layers write into `slots`, also if it panics; gives back what was written, beside them what was stated elsewhere.
fn collecting<R>(slots: Slots, work: impl FnOnce() -> R) -> (R, (Slots, Stated)) {
    struct Stop;
    impl Drop for Stop {
        fn drop(&mut self) {
            COLLECTING.take();
        }
    }
    COLLECTING.set(Some((slots, Stated::new())));
    let stop = Stop;
    let result = work();
    let collected = COLLECTING.take().unwrap_or_default();
    drop(stop);
    (result, collected)
}

/// Keeps a gradient that a layer on another device states of one of its inputs, if that is a parameter and a pass is under way;
/// else it is for Candle.
pub(super) fn keep(input: &Tensor, grad: Option<Tensor>) -> Result<Option<Tensor>> {
    let grad = match grad {
        Some(grad) if input.is_variable() => grad,
        other => return Ok(other),
    };
    COLLECTING.with_borrow_mut(|collected| {
        let Some((_, stated)) = collected.as_mut() else { return Ok(Some(grad)) };
        match stated.entry(input.id()) {
            Entry::Occupied(mut sum) => {
                let both = (sum.get() + grad)?;
                sum.insert(both);
            }
            Entry::Vacant(place) => {
                place.insert(grad);
            }
        }
        Ok(None)
    })
}

/// The gradient by `param`, which `write` computes: it gets as many numbers as the parameter has, and whether to add to what
/// they hold or to overwrite it. `None` if the parameter's own buffer took it; else a tensor for Candle.
pub(super) fn deposit<T: Real>(param: &Tensor, write: impl FnOnce(&mut [T], bool)) -> Result<Option<Tensor>> {
    let own = if param.is_variable() { take_slot::<T>(param) } else { None };
    let Some(mut slot) = own else {
        let mut values = vec![T::default(); param.elem_count()];
        write(&mut values, false);
        return Ok(Some(tensor(values, param.shape())?));
    };
    let Some(values) = T::storage_mut(&mut slot.values) else { bail!("a parameter has changed its type") };
    write(values, slot.filled);
    slot.filled = true;
    COLLECTING.with_borrow_mut(|collected| collected.as_mut().map(|(slots, _)| slots.insert(param.id(), slot)));
    Ok(None)
}

/// The same for a gradient that is a few sums.
pub(super) fn deposit_sums<T: Real>(param: &Tensor, sums: &[f64]) -> Result<Option<Tensor>> {
    deposit::<T>(param, |values, add| {
        for (value, &sum) in values.iter_mut().zip(sums) {
            *value = if add { *value + T::from_f64(sum) } else { T::from_f64(sum) };
        }
    })
}

/// The parameter's slot, out of the table; `None` if no pass is under way on this thread.
fn take_slot<T: Real>(param: &Tensor) -> Option<Slot> {
    COLLECTING.with_borrow_mut(|collected| match collected.as_mut()?.0.entry(param.id()) {
        Entry::Occupied(slot) => Some(slot.remove()),
        Entry::Vacant(_) => {
            let values = T::to_cpu_storage_owned(vec![T::default(); param.elem_count()]);
            Some(Slot { values, shape: param.shape().clone(), filled: false })
        }
    })
}

impl Slot {
    fn tensor(values: &CpuStorage, shape: &Shape) -> Result<Tensor> {
        match values {
            CpuStorage::F32(values) => tensor(values.clone(), shape),
            CpuStorage::F64(values) => tensor(values.clone(), shape),
            _ => bail!("gradients are f32 or f64"),
        }
    }

    /// Adds what Candle found for the same parameter, which one of its own operations used too.
    fn add(&mut self, more: &Tensor) -> Result<()> {
        fn typed<T: Real>(sum: &mut CpuStorage, more: &Tensor) -> Result<()> {
            let more = more.contiguous()?;
            let held = Held::new(&more)?;
            if let Some(sum) = T::storage_mut(sum) {
                let more = held.slice::<T>()?;
                vectorized(
                    #[inline(always)]
                    || sum.iter_mut().zip(more).for_each(|(s, &v)| *s += v),
                );
            }
            Ok(())
        }
        if !on_host(&[more]) || more.shape() != &self.shape {
            bail!("two gradients of one parameter do not fit each other");
        }
        match more.dtype() {
            DType::F32 => typed::<f32>(&mut self.values, more),
            _ => typed::<f64>(&mut self.values, more),
        }
    }
}

/// Tensors as one run of numbers.
pub(super) fn joined<'a>(tensors: impl Iterator<Item = &'a Tensor>) -> Result<Tensor> {
    let all: Vec<Tensor> = tensors.map(|t| t.detach().flatten_all()).collect::<Result<_>>()?;
    Tensor::cat(&all, 0)
}

/// Hands the numbers of a gradient on the host to `work`.
pub(super) fn on_slice<T: Real, R>(grad: &Gradient<'_>, work: impl FnOnce(&[T]) -> R) -> Result<R> {
    match grad {
        Gradient::Host(values) => Ok(work(T::cpu_storage_as_slice(values)?)),
        Gradient::Tensor(grad) => {
            let grad = grad.contiguous()?;
            let held = Held::new(&grad)?;
            Ok(work(held.slice()?))
        }
    }
}

/// Numbers summed by a thread at a time; it fixes the order of summation.
const CHUNK: usize = 1 << 14;

/// L2 norm of all gradients of `params` together; non-finite if any number is. A scalar: on the CPU an f64, summed in the order
/// given; elsewhere an f32 that is still on the device, so that it can be read together with others.
///
/// # Errors
/// Only those of the device.
pub fn grad_norm(params: &[(String, Var)], grads: &Gradients) -> Result<Tensor> {
    let mut total = 0.0;
    let mut elsewhere = Vec::new();
    for (name, param) in params {
        let Some(grad) = grads.get(param) else { continue };
        total += match grad {
            Gradient::Tensor(grad) if !on_host(&[grad]) => {
                elsewhere.push((name.as_str(), param));
                0.0
            }
            grad if param.dtype() == DType::F32 => on_slice(&grad, square_sum::<f32>)?,
            grad => on_slice(&grad, square_sum::<f64>)?,
        };
    }
    if elsewhere.is_empty() {
        return Tensor::new(total.sqrt(), &Device::Cpu);
    }
    let squares = grads.flat(&elsewhere)?.to_dtype(DType::F32)?.sqr()?;
    // A GPU has one block of threads for each sum: by rows first, filled up with zeros.
    let rows = squares.elem_count().div_ceil(CHUNK);
    let squares = squares.pad_with_zeros(0, 0, rows * CHUNK - squares.elem_count())?;
    let sum = squares.reshape((rows, CHUNK))?.sum(1)?.sum_all()?;
    // Also the squares of those that are on the host, if any.
    sum.affine(1.0, total)?.sqrt()
}

fn square_sum<T: Real>(values: &[T]) -> f64 {
    let part = |values: &[T]| sums::sum(values, |v| v * v);
    let parts: Vec<f64> = values.par_chunks(CHUNK).map(part).collect();
    parts.iter().sum()
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::nn::{
        linear,
        testing::{distance, elsewhere, random, weighted},
    };

    fn var(name: &str, shape: &[usize]) -> Var {
        Var::from_tensor(&random(name, shape)).unwrap()
    }

    /// Used by two layers of ours and by an operation of Candle's, the parameter gets the sum of three gradients.
    #[test]
    fn every_use_of_a_parameter_counts_and_steps_do_not_mix() {
        every_use_counts();
        elsewhere(every_use_counts);
    }

    fn every_use_counts() {
        let (x, w) = (random("x", &[4, 3]), var("w", &[5, 3]));
        let loss = || {
            let twice = (linear(&x, &w, None)? + linear(&(&x * 2.0)?, &w, None)?)?;
            weighted(&twice)? + weighted(&w.sqr()?)?
        };
        let plain = loss().unwrap().backward().unwrap();
        let mut ours = Gradients::of(&loss().unwrap()).unwrap();
        assert!(distance(plain.get(&w).unwrap(), &ours.tensor(&w).unwrap()) < 1e-14);
        ours.update(&loss().unwrap()).unwrap();
        assert!(distance(plain.get(&w).unwrap(), &ours.tensor(&w).unwrap()) < 1e-14);
        // A loss without the parameter leaves nothing of the last one's gradient.
        let other = var("other", &[5, 3]);
        ours.update(&weighted(&linear(&x, &other, None).unwrap()).unwrap()).unwrap();
        assert!(ours.tensor(&w).is_none() && ours.tensor(&other).is_some());
    }

    #[test]
    fn a_panic_in_a_pass_leaves_later_ones_alone() {
        let caught = std::panic::catch_unwind(|| collecting(Slots::new(), || panic!("in the middle")));
        assert!(caught.is_err());
        let (x, w) = (random("x", &[4, 3]), var("w", &[5, 3]));
        let plain = weighted(&linear(&x, &w, None).unwrap()).unwrap().backward().unwrap();
        assert!(plain.get(&w).is_some(), "without a pass of ours Candle gets every gradient");
        assert_eq!(plain.get(&w).unwrap().device().location(), Device::Cpu.location());
    }

    fn single(values: &[f32]) -> Var {
        Var::new(values, &Device::Cpu).unwrap()
    }

    /// Gradients of Σ c·p over the pairs given.
    fn grads(pairs: &[(&Var, &[f32])]) -> Gradients {
        let terms =
            pairs.iter().map(|(p, c)| (p.as_tensor() * Tensor::new(*c, &Device::Cpu).unwrap()).unwrap().sum_all().unwrap());
        Gradients::of(&terms.reduce(|a, b| (a + b).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn the_norm_is_pythagoras_and_keeps_what_is_not_finite() {
        let (a, b, idle) = (single(&[0.0, 0.0]), single(&[0.0]), single(&[9.0]));
        let params = [("a".to_owned(), a.clone()), ("b".to_owned(), b.clone()), ("idle".to_owned(), idle)];
        let norm = |pairs: &[(&Var, &[f32])]| grad_norm(&params, &grads(pairs)).unwrap().to_scalar::<f64>().unwrap();
        assert!((norm(&[(&a, &[3.0, 4.0]), (&b, &[12.0])]) - 13.0).abs() < 1e-12);
        assert!(norm(&[(&a, &[3.0, f32::NAN])]).is_nan());
        assert_eq!(norm(&[(&a, &[3.0, f32::INFINITY])]), f64::INFINITY);
        // Squares beyond f32 are not lost.
        assert!((norm(&[(&b, &[1e30])]) / 1e30 - 1.0).abs() < 1e-6);
        // As other devices have it: an f32, and what is not finite stays so.
        let there = |pairs: &[(&Var, &[f32])]| {
            let grads = grads(pairs);
            let norm = crate::nn::testing::elsewhere(|| grad_norm(&params, &grads));
            norm.unwrap().to_scalar::<f32>().unwrap()
        };
        assert!((there(&[(&a, &[3.0, 4.0]), (&b, &[12.0])]) - 13.0).abs() < 1e-5);
        assert!(there(&[(&a, &[3.0, f32::NAN])]).is_nan());
    }
}
