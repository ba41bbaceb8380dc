//! The moments of one parameter, as the step on its device takes them.

use candle_core::{DType, Device, Result, Shape, Tensor};

use crate::nn::host::on_host;

/// First and second moment: plain buffers for the CPU kernel, tensors elsewhere.
#[derive(Debug)]
pub(super) enum Moments {
    F32(Vec<f32>, Vec<f32>),
    F64(Vec<f64>, Vec<f64>),
    Device(Tensor, Tensor),
}

impl Moments {
    pub fn zeros(param: &Tensor) -> Result<Self> {
        let n = param.elem_count();
        Ok(match (on_host(&[param]), param.dtype()) {
            (true, DType::F32) => Self::F32(vec![0.0; n], vec![0.0; n]),
            (true, DType::F64) => Self::F64(vec![0.0; n], vec![0.0; n]),
            _ => Self::Device(param.zeros_like()?.detach(), param.zeros_like()?.detach()),
        })
    }

    /// Own copies of `m` and `v`, fit for the kernel of their type and device.
    pub fn from_tensors(m: &Tensor, v: &Tensor) -> Result<Self> {
        Ok(match (on_host(&[m]), m.dtype()) {
            (true, DType::F32) => Self::F32(m.flatten_all()?.to_vec1()?, v.flatten_all()?.to_vec1()?),
            (true, DType::F64) => Self::F64(m.flatten_all()?.to_vec1()?, v.flatten_all()?.to_vec1()?),
            _ => Self::Device(m.copy()?.detach(), v.copy()?.detach()),
        })
    }

    pub fn tensors(&self, shape: &Shape) -> Result<(Tensor, Tensor)> {
        Ok(match self {
            Self::F32(m, v) => (Tensor::from_slice(m, shape, &Device::Cpu)?, Tensor::from_slice(v, shape, &Device::Cpu)?),
            Self::F64(m, v) => (Tensor::from_slice(m, shape, &Device::Cpu)?, Tensor::from_slice(v, shape, &Device::Cpu)?),
            Self::Device(m, v) => (m.clone(), v.clone()),
        })
    }

    /// Whether the kernel for `param` can use them as they are.
    pub fn fit(&self, param: &Tensor) -> bool {
        match self {
            Self::F32(..) => on_host(&[param]) && param.dtype() == DType::F32,
            Self::F64(..) => on_host(&[param]) && param.dtype() == DType::F64,
            Self::Device(m, _) => m.device().same_device(param.device()) && m.dtype() == param.dtype(),
        }
    }
}
