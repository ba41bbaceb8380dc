//! The discriminator of prior matching: 1000-200-1 with ReLU, logits out (Hjelm et al. 2019, appendix A).

use candle_core::{Result, Tensor};

use crate::nn::{Init, Linear};

#[derive(Debug)]
pub struct Discriminator {
    layers: [Linear; 3],
}

impl Discriminator {
    /// The paper's hidden sizes.
    pub const HIDDEN: (usize, usize) = (1000, 200);

    pub fn new(mut init: Init<'_>, code: usize, hidden: (usize, usize)) -> Result<Self> {
        Ok(Self {
            layers: [
                Linear::new(init.sub("d0"), code, hidden.0, true)?,
                Linear::new(init.sub("d1"), hidden.0, hidden.1, true)?,
                Linear::new(init.sub("d2"), hidden.1, 1, true)?,
            ],
        })
    }

    /// Logits [N, 1] of "this was drawn from the prior", for `z` [N, code].
    pub fn forward(&self, z: &Tensor) -> Result<Tensor> {
        let [d0, d1, d2] = &self.layers;
        d2.forward(&d1.forward(&d0.forward(z)?.relu()?)?.relu()?)
    }

    /// The same with the discriminator's parameters as constants: for the encoder's pass, whose gradient must not be
    /// spent on them.
    pub fn forward_frozen(&self, z: &Tensor) -> Result<Tensor> {
        let mut x = z.clone();
        for (i, layer) in self.layers.iter().enumerate() {
            if i > 0 {
                x = x.relu()?;
            }
            x = x.matmul(&layer.weight.detach().t()?)?;
            if let Some(bias) = &layer.bias {
                x = x.broadcast_add(&bias.detach())?;
            }
        }
        Ok(x)
    }
}
