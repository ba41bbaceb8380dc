//! The networks of Deep InfoMax: encoder, critics, prior discriminator; the decoder that measures them. Knows `nn`; knows nothing of estimators or training.

pub mod critic;
mod decoder;
mod encoder;
mod prior;

pub use critic::{Critic, Pairs};
pub use decoder::Decoder;
pub use encoder::{Encoder, EncoderShape, Features};
pub use prior::Discriminator;
