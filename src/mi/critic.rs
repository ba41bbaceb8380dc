//! Critics of two vectors: T(x, y) for every x with every y.

use candle_core::{Result, Tensor};
use dim_estimators::Scores;

use crate::nn::{Init, Linear, linear_part, pick, relu_of_pair_sums};

/// How x and y meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CriticKind {
    /// g(x)·h(y): two MLPs whose outputs are multiplied. n pairs cost n passes.
    Separable,
    /// One MLP of x and y side by side. n pairs cost n² passes.
    Joint,
}

/// Units of each hidden layer, and outputs of each side of the separable critic (Poole et al. 2019, section 4).
const HIDDEN: usize = 256;
const EMBEDDING: usize = 32;

/// The network, with PyTorch's default initial values.
#[derive(Debug)]
pub(super) enum Critic {
    Separable { x: Mlp, y: Mlp },
    Joint { first: Linear, rest: Vec<Linear>, last: Linear },
}

/// d → 256 → 256 → 256 → 32 with ReLU between.
#[derive(Debug)]
pub(super) struct Mlp {
    hidden: Vec<Linear>,
    last: Linear,
}

impl Mlp {
    fn new(mut init: Init<'_>, input: usize) -> Result<Self> {
        let sizes = [input, HIDDEN, HIDDEN, HIDDEN];
        let hidden = sizes.windows(2).enumerate().map(|(i, w)| Linear::new(init.sub(&format!("hidden{i}")), w[0], w[1], true));
        Ok(Self { hidden: hidden.collect::<Result<_>>()?, last: Linear::new(init.sub("last"), HIDDEN, EMBEDDING, true)? })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let top = self.hidden.iter().try_fold(x.clone(), |x, layer| layer.forward_relu(&x))?;
        self.last.forward(&top)
    }
}

impl Critic {
    /// For x of `dims[0]` and y of `dims[1]` numbers.
    pub fn new(mut init: Init<'_>, kind: CriticKind, dims: [usize; 2]) -> Result<Self> {
        Ok(match kind {
            CriticKind::Separable => {
                Self::Separable { x: Mlp::new(init.sub("x"), dims[0])?, y: Mlp::new(init.sub("y"), dims[1])? }
            }
            CriticKind::Joint => Self::Joint {
                first: Linear::new(init.sub("hidden0"), dims[0] + dims[1], HIDDEN, true)?,
                rest: vec![
                    Linear::new(init.sub("hidden1"), HIDDEN, HIDDEN, true)?,
                    Linear::new(init.sub("hidden2"), HIDDEN, HIDDEN, true)?,
                ],
                last: Linear::new(init.sub("last"), HIDDEN, 1, true)?,
            },
        })
    }

    /// Scores of the n pairs `x` [n, dx], `y` [n, dy]: joint [n, 1], and for each y as the anchor the n − 1 other x as its
    /// negatives, marginal [n, n−1].
    pub fn scores(&self, x: &Tensor, y: &Tensor) -> Result<Scores> {
        let n = x.dim(0)?;
        let (own, others) = places(n);
        let table = self.table(x, y)?;
        Ok(Scores { joint: pick(&table, &own)?.reshape((n, 1))?, marginal: pick(&table, &others)?.reshape((n, n - 1))? })
    }

    /// T of every pair, [n, n]: row i is anchor y_i, column j is x_j.
    fn table(&self, x: &Tensor, y: &Tensor) -> Result<Tensor> {
        match self {
            Self::Separable { x: of_x, y: of_y } => of_y.forward(y)?.matmul(&of_x.forward(x)?.t()?),
            Self::Joint { first, rest, last } => {
                let n = x.dim(0)? as u32;
                // The first layer is linear: each x and each y goes through it once.
                let by_x = linear_part(x, &first.weight, 0)?;
                let by_y = linear_part(y, &first.weight, x.dim(1)?)?;
                let by_y = match &first.bias {
                    Some(bias) => by_y.broadcast_add(bias)?,
                    None => by_y,
                };
                let all: Vec<(u32, u32)> = (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).collect();
                let pairs = relu_of_pair_sums(&by_y, &by_x, &all)?;
                let top = rest.iter().try_fold(pairs, |h, layer| layer.forward_relu(&h))?;
                last.forward(&top)?.reshape((n as usize, n as usize))
            }
        }
    }
}

/// Where the diagonal of an n × n table lies, and all else, row by row.
fn places(n: usize) -> (Vec<u32>, Vec<u32>) {
    (0..(n * n) as u32).partition(|at| at.is_multiple_of(n as u32 + 1))
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;
    use crate::nn::{Draws, Store};

    fn rows(seed: u64, n: usize, d: usize) -> Tensor {
        let draws = Draws { seed, attempt: 0 };
        Tensor::from_vec(crate::nn::normal(&mut draws.rng("x", 0), n * d), (n, d), &Device::Cpu).unwrap()
    }

    #[test]
    fn the_diagonal_is_joint_and_the_rest_of_a_row_are_its_negatives() {
        let table = Tensor::new(&[[0f32, 1., 2.], [10., 11., 12.], [20., 21., 22.]], &Device::Cpu).unwrap();
        let (own, others) = places(3);
        assert_eq!(pick(&table, &own).unwrap().to_vec1::<f32>().unwrap(), [0., 11., 22.]);
        assert_eq!(pick(&table, &others).unwrap().to_vec1::<f32>().unwrap(), [1., 2., 10., 12., 20., 21.]);
    }

    /// Score (i, j) must be that of the pair alone, whatever else is in the batch.
    #[test]
    fn a_score_depends_on_its_pair_only() {
        for kind in [CriticKind::Separable, CriticKind::Joint] {
            let mut store = Store::new(Draws { seed: 1, attempt: 0 }, &Device::Cpu, DType::F32);
            let critic = Critic::new(store.root(), kind, [3, 2]).unwrap();
            let (x, y) = (rows(1, 4, 3), rows(2, 4, 2));
            let all = critic.scores(&x, &y).unwrap();
            assert_eq!((all.joint.dims(), all.marginal.dims()), (&[4, 1][..], &[4, 3][..]));
            let marginal = all.marginal.to_vec2::<f32>().unwrap();
            for (i, negatives) in marginal.iter().enumerate() {
                for (place, j) in (0..4).filter(|&j| j != i).enumerate() {
                    let alone = critic.table(&x.narrow(0, j, 1).unwrap(), &y.narrow(0, i, 1).unwrap()).unwrap();
                    let alone = alone.to_vec2::<f32>().unwrap()[0][0];
                    assert!((alone - negatives[place]).abs() < 1e-5, "{kind:?}: anchor {i}, negative {j}");
                }
            }
        }
    }

    /// 20→256→256→256→32 a side, as published.
    #[test]
    fn the_separable_critic_has_the_published_size() {
        let mut store = Store::new(Draws { seed: 1, attempt: 0 }, &Device::Cpu, DType::F32);
        Critic::new(store.root(), CriticKind::Separable, [20, 20]).unwrap();
        let count: usize = store.params().values().map(|p| p.elem_count()).sum();
        assert_eq!(count, 2 * (20 * 256 + 256 + 2 * (256 * 256 + 256) + 256 * 32 + 32));
    }
}
