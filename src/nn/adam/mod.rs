//! Adam with reachable state.
//!
//! Candle's AdamW keeps its moments private and counts steps once for all; an exact resume needs both within reach.

mod flat;
mod moments;
mod update;

use std::collections::{BTreeMap, HashMap};

use candle_core::{DType, Device, Result, Shape, Tensor, Var, bail};

use self::{
    flat::{Flat, prepare},
    moments::Moments,
    update::Update,
};
use super::{
    gradients::{Gradients, joined},
    params::is_under,
};

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
    ///
    /// # Errors
    /// Only those of the device.
    pub fn state(&self) -> Result<Vec<(String, Tensor)>> {
        let mut state = Vec::with_capacity(3 * self.slots.len());
        for (name, slot) in &self.slots {
            let (m, v) = slot.moments.tensors(&slot.shape)?;
            let t = Tensor::new(slot.steps as i64, &Device::Cpu)?;
            state.extend([(format!("{name}.m"), m), (format!("{name}.v"), v), (format!("{name}.t"), t)]);
        }
        Ok(state)
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

#[cfg(test)]
mod tests;
