//! Adam's step for devices without a kernel of ours, all parameters at once.
//!
//! Made parameter by parameter, the formula is some fifteen kernels for each, and a GPU waits for their launches more than for their
//! numbers. Here gradients and moments are one run of numbers, and only the last subtraction and the writing are by parameter.

use candle_core::{Result, Tensor, Var};

use super::update::{BETA1, BETA2, EPS, Update};

/// The moments of some parameters, one after the other: [all numbers].
#[derive(Debug)]
pub(super) struct Flat {
    pub names: Vec<String>,
    pub m: Tensor,
    pub v: Tensor,
}

/// A step that is computed and not yet taken: taking it needs no more memory, so that all is done or nothing.
pub(super) struct Pending<'a> {
    pub flat: Flat,
    changed: Vec<(&'a Var, Tensor)>,
}

/// What the step makes of parameters, from their gradients one after the other.
pub(super) fn prepare<'a>(
    params: &[(&'a str, &'a Var)],
    grads: &Tensor,
    m: &Tensor,
    v: &Tensor,
    update: Update,
) -> Result<Pending<'a>> {
    let Update { scale, rate, root } = update;
    let m = (m.affine(BETA1, 0.0)? + grads.affine((1.0 - BETA1) * scale, 0.0)?)?;
    let v = (v.affine(BETA2, 0.0)? + grads.sqr()?.affine((1.0 - BETA2) * scale * scale, 0.0)?)?;
    let change = m.affine(rate, 0.0)?.div(&v.sqrt()?.affine(root, EPS)?)?;
    let mut from = 0;
    let changed = params.iter().map(|&(_, param)| {
        let own = change.narrow(0, from, param.elem_count())?.reshape(param.shape())?;
        from += param.elem_count();
        Ok((param, (param.as_detached_tensor() - own)?))
    });
    let changed = changed.collect::<Result<_>>()?;
    Ok(Pending { flat: Flat { names: params.iter().map(|(name, _)| name.to_string()).collect(), m, v }, changed })
}

impl Pending<'_> {
    /// Writes the parameters; the moments as they are now.
    pub fn take(self) -> Result<Flat> {
        for (param, value) in self.changed {
            param.set(&value)?;
        }
        Ok(self.flat)
    }
}
