//! Mutual-information estimators over critic scores, on Candle.
//!
//! Scores of positive and of negative pairs go in ([`Scores`]); an objective to maximise and an estimate of the mutual
//! information in nats come out ([`Estimator`]). One file per estimator, one line each in [`TABLE`]. The crate knows Candle and
//! nothing of images, encoders, critics, configs or screens.
//!
//! ```
//! use candle_core::{Device, Tensor, Var};
//! use dim_estimators::{Scores, by_name};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let device = Device::Cpu;
//! // Two anchors (groups), each with one positive and three negatives that only it uses.
//! let joint = Var::from_tensor(&Tensor::new(&[[1f32], [2.]], &device)?)?;
//! let marginal = Var::from_tensor(&Tensor::new(&[[0f32, -1., 0.5], [1., -2., 0.]], &device)?)?;
//! let scores = Scores::new(joint.as_tensor().clone(), marginal.as_tensor().clone())?;
//!
//! let infonce = by_name("infonce").ok_or("no such estimator")?;
//! let reading = infonce.read(&scores)?;
//! let nats = reading.nats.ok_or("no estimate")?.to_scalar::<f32>()?;
//! assert!((nats - 0.803152).abs() < 1e-5);
//! // With three negatives InfoNCE cannot say more than ln 4.
//! assert_eq!(infonce.ceiling(3, None), Some(4f64.ln()));
//!
//! // Maximise the objective: raise the joint scores, lower the marginal ones.
//! let grads = reading.objective.backward()?;
//! let rise = grads.get(&joint).ok_or("no gradient")?.flatten_all()?.to_vec1::<f32>()?;
//! assert!(rise.iter().all(|g| *g > 0.));
//! # Ok(())
//! # }
//! ```

mod chi2;
mod compare;
mod dv;
mod error;
mod estimator;
mod hellinger;
mod info;
mod infonce;
pub mod jsd;
mod link;
mod mine;
mod nwj;
pub mod ops;
mod options;
mod rkl;
mod scores;
#[cfg(feature = "scripts")]
pub mod script;
mod smile;
mod table;
mod wasserstein;

pub use chi2::Chi2;
pub use compare::{Compared, compare, effective_negatives};
pub use dv::Dv;
pub use error::{Error, Result};
pub use estimator::{Estimator, Reading, State};
pub use hellinger::Hellinger;
pub use info::{Info, Kind};
pub use infonce::InfoNce;
pub use jsd::Jsd;
pub use link::Link;
pub use mine::Mine;
pub use nwj::Nwj;
pub use options::Options;
pub use rkl::Rkl;
pub use scores::Scores;
#[cfg(feature = "scripts")]
pub use script::{Script, ScriptError};
pub use smile::Smile;
pub use table::{TABLE, all, by_name, describe, names, with_options};
pub use wasserstein::Wasserstein;
