//! The networks of Deep InfoMax: encoder, critics, prior discriminator. Knows `nn`; knows nothing of estimators or training.

pub mod critic;
mod encoder;
mod prior;

pub use critic::{Critic, Pairs};
pub use encoder::{Encoder, EncoderShape, Features};
pub use prior::Discriminator;
