//! Encoder, critics and prior discriminator.
