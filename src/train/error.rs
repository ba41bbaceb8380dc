//! What can go wrong with a step, or with a configuration once the data are known.

#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
    #[error("no estimator is named '{0}'")]
    Estimator(String),
    /// A script that passed its trial fails on real scores.
    #[error(transparent)]
    Script(#[from] dim_estimators::ScriptError),
    #[error(
        "the memory of {device} is full at optim.batch = {batch}, encoder.width = {width} and critic.units = {units}: lower \
         optim.batch and go on, or begin a smaller run"
    )]
    Memory { device: String, batch: usize, width: usize, units: usize },
    #[error("{0}")]
    Invalid(String),
}

impl From<crate::mi::Error> for TrainError {
    fn from(e: crate::mi::Error) -> Self {
        match e {
            crate::mi::Error::Estimator(e) => e.into(),
            other => Self::Invalid(other.to_string()),
        }
    }
}

impl From<dim_estimators::Error> for TrainError {
    fn from(e: dim_estimators::Error) -> Self {
        match e {
            dim_estimators::Error::Script(e) => Self::Script(e),
            dim_estimators::Error::Candle(e) => Self::Candle(e),
            other => Self::Invalid(other.to_string()),
        }
    }
}
