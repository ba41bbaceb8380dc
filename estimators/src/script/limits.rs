//! What one call of a script may cost. All but the last are counted, not timed, so that a run replays the same anywhere.

use std::time::Duration;

/// Operations of the script engine.
pub const OPERATIONS: u64 = 10_000;
/// Operations on tensors.
pub const TENSOR_OPERATIONS: usize = 512;
/// Elements that tensor operations may produce in all, per element of the scores.
pub const ELEMENTS_PER_SCORE: usize = 64;
/// Depth of functions that call functions.
pub const CALLS: usize = 16;
/// Depth of an expression.
pub const EXPRESSION: usize = 48;
/// Characters of a string.
pub const STRING: usize = 4096;
/// Elements of an array, entries of a map.
pub const ITEMS: usize = 1024;
/// Variables of all scopes, and functions of a file.
pub const NAMES: usize = 256;
/// Characters of a file.
pub const SOURCE: usize = 65_536;
/// The last resort.
pub const WALL: Duration = Duration::from_secs(20);
