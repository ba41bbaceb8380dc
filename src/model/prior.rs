//! The discriminator of prior matching: 1000-200-1 with ReLU, logits out (Hjelm et al. 2019, appendix A).

use candle_core::{Result, Tensor};

use crate::nn::{self, Init, Linear};

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
        d2.forward(&d1.forward_relu(&d0.forward_relu(z)?)?)
    }

    /// The same with the discriminator's parameters as constants: for the encoder's pass, whose gradient must not be
    /// spent on them.
    pub fn forward_frozen(&self, z: &Tensor) -> Result<Tensor> {
        let constant = |layer: &Linear| (layer.weight.detach(), layer.bias.as_ref().map(|b| b.detach()));
        let [(w0, b0), (w1, b1), (w2, b2)] = self.layers.each_ref().map(constant);
        let hidden = nn::linear_relu(&nn::linear_relu(z, &w0, b0.as_ref())?, &w1, b1.as_ref())?;
        nn::linear(&hidden, &w2, b2.as_ref())
    }
}
