//! What can be wrong with a script, in one sentence that also says what would be right.

use super::limits;

/// A fault of a script, with the place where it lies if that is known; printed as `file:line:column: what is wrong`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{file}:{}{fault}", .place.map_or_else(|| " ".to_string(), |p| format!("{p}: ")))]
pub struct ScriptError {
    /// The script's file, or the name it was given.
    pub file: String,
    /// Where in the file, if known.
    pub place: Option<Place>,
    /// What is wrong.
    pub fault: Fault,
}

/// A place in a script's text; both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// What is wrong with a script. `function` is the one of the file that was called: `objective`, `nats` or `log_ratio`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Fault {
    /// The file cannot be read.
    #[error("the script cannot be read: {0}")]
    Read(String),
    /// The name of a built-in estimator.
    #[error("'{0}' is a built-in estimator: give the script a name of its own")]
    NameTaken(String),
    /// Not rhai.
    #[error("syntax error: {0}")]
    Syntax(String),
    /// A required function is not there.
    #[error("there is no objective: write `fn objective(joint, marginal) {{ ... }}`")]
    NoObjective,
    /// A function of the file with other parameters than it is called with.
    #[error("{function} takes {found} parameters: write `fn {function}({wanted})`")]
    Parameters { function: &'static str, found: usize, wanted: &'static str },
    /// A constant that a parameter would hide.
    #[error("the constant {0} has the name of a parameter: give one of them another name")]
    Hidden(String),
    /// A constant with a meaning and another value than it may have.
    #[error("the constant {name} must be {wanted}, not {found}")]
    Constant { name: &'static str, wanted: &'static str, found: String },
    /// A function that is not there.
    #[error("there is no function {call}{hint}")]
    UnknownFunction { call: String, hint: String },
    /// A helper with arguments that it does not take.
    #[error("{call} does not fit the helper {signature}, whose x is a tensor (a number only where the README's table says so)")]
    Arguments { call: String, signature: &'static str },
    /// A variable that is not there.
    #[error("there is no variable {0}: functions see their parameters, their own `let`s and the file's `const`s")]
    UnknownVariable(String),
    /// Something that the sandbox does not have.
    #[error("{0} is not available: a script sees only the scores, no files, modules, clock or screen")]
    Refused(String),
    /// A result that is no number at all.
    #[error("{function} must be a single number computed from the scores, not {found}")]
    NotNumeric { function: &'static str, found: String },
    /// A tensor where a scalar is needed.
    #[error("{function} must be a single number (mean it), not a {shape:?} tensor")]
    NotScalar { function: &'static str, shape: Vec<usize> },
    /// A log-ratio in another shape than the scores.
    #[error("log_ratio must have the shape of the scores it is given, {wanted:?}, not {found}")]
    RatioShape { wanted: Vec<usize>, found: String },
    /// NaN or infinite on small scores.
    #[error(
        "{function} is {value} on scores between −1 and 1 (joint [{}, {}], marginal [{}, {}]): it must be finite there",
        .shape[0], .shape[1], .shape[0], .shape[2]
    )]
    NonFinite {
        function: &'static str,
        value: String,
        /// G, R, K.
        shape: [usize; 3],
    },
    /// A gradient that is NaN or infinite on small scores.
    #[error(
        "the gradient of objective with respect to {to} is {value} on scores between −1 and 1 ({shape:?}): it must be finite there"
    )]
    NonFiniteGradient { to: &'static str, value: String, shape: Vec<usize> },
    /// The objective does not move with the scores.
    #[error("objective has no gradient to {to}: it must be computed from {to}, and not through detach")]
    NoGradient { to: &'static str },
    /// Two tensors that cannot be combined.
    #[error(
        "tensors of shapes {left:?} and {right:?} cannot be combined: bring one to a column ([{}, 1], with a helper in _rows) or a number",
        .left.first().unwrap_or(&1)
    )]
    Shapes { left: Vec<usize>, right: Vec<usize> },
    /// A helper that needs a matrix was given a scalar.
    #[error("{helper} needs a matrix, [G, R] or [G, K], not a {shape:?} tensor")]
    Matrix { helper: &'static str, shape: Vec<usize> },
    /// An ordering of tensors.
    #[error("tensors cannot be compared: compare numbers, or use max, min or clip on all elements")]
    Comparison,
    /// Limits of one call.
    #[error("more than {} operations in one call: loop less", limits::OPERATIONS)]
    Operations,
    #[error(
        "more than {} tensor operations in one call: loop less, or use a helper that does more at once",
        limits::TENSOR_OPERATIONS
    )]
    TensorOperations,
    #[error(
        "tensor operations have made {made} elements, more than {} times the {input} scores: keep fewer whole tensors",
        limits::ELEMENTS_PER_SCORE
    )]
    Elements { made: usize, input: usize },
    #[error("functions call each other more than {} deep: loop instead", limits::CALLS)]
    Depth,
    #[error("{what} goes beyond {most}: make it smaller, and keep the numbers in tensors")]
    TooLarge { what: &'static str, most: usize },
    #[error("the call took longer than {} s (wall time, so another machine may pass it): do less", limits::WALL.as_secs())]
    Time,
    /// What rhai reports beyond these.
    #[error("{0}")]
    Other(String),
    /// What Candle reports.
    #[error("tensor operation failed: {0}")]
    Tensor(String),
    /// A panic inside rhai or a tensor operation.
    #[error("the script engine panicked ({0}): this is a fault of the engine, please report the script")]
    Panic(String),
}

impl Fault {
    /// Of this file, at this place.
    pub(super) fn at(self, file: &str, place: Option<Place>) -> ScriptError {
        ScriptError { file: file.to_string(), place, fault: self }
    }
}

impl From<crate::Error> for Fault {
    fn from(error: crate::Error) -> Self {
        Self::Tensor(first_line(&error.to_string()))
    }
}

impl From<candle_core::Error> for Fault {
    fn from(error: candle_core::Error) -> Self {
        Self::Tensor(first_line(&error.to_string()))
    }
}

/// Candle appends a backtrace, which has no place in one sentence.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_string()
}
