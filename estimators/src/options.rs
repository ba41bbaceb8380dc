//! The numbers that some estimators can be tuned by.

use crate::{Error, Result};

/// Tuning of the estimators that have any; the others ignore it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// a of `mine`: how much of the running mean each batch keeps, in [0, 1). 0 makes it `dv`.
    pub ema: f64,
    /// τ of `smile`: marginal scores are cut to ±τ in the estimate; above 0.
    pub tau: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { ema: 0.99, tau: 5.0 }
    }
}

impl Options {
    /// The names that [`Self::set`] knows.
    pub const NAMES: &[&str] = &["ema", "tau"];

    /// Sets the option called `name`.
    ///
    /// # Errors
    /// [`Error::UnknownOption`] or [`Error::Option`].
    pub fn set(&mut self, name: &str, value: f64) -> Result<()> {
        let (place, fits, range) = match name {
            "ema" => (&mut self.ema, (0.0..1.0).contains(&value), "at least 0 and below 1"),
            "tau" => (&mut self.tau, value > 0.0 && value.is_finite(), "a finite number above 0"),
            _ => return Err(Error::UnknownOption(name.into())),
        };
        if !fits {
            return Err(Error::Option { name: name.into(), value, range });
        }
        *place = value;
        Ok(())
    }
}
