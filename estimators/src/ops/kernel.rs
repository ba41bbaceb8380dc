//! What the fused CPU passes share: element types, slices of storages, and a fixed partition.
//!
//! The partition depends on the number of elements only, never on the number of threads, and partial sums are added in its order:
//! that makes the results reproducible to the bit.

use candle_core::{CpuStorage, Layout, Result, bail};
use rayon::prelude::*;

/// Elements per task. Large enough that a task outweighs its scheduling, small enough to stay in the first-level cache.
pub const CHUNK: usize = 4096;
/// Up to so many elements a pass stays on the calling thread.
const SERIAL: usize = 4 * CHUNK;

/// f32 or f64; sums are always taken in f64.
pub trait Real: Copy + Send + Sync + 'static {
    /// Whether it has single precision only.
    const SINGLE: bool;
    fn to_f64(self) -> f64;
    fn from_f64(v: f64) -> Self;
    fn slice(storage: &CpuStorage) -> Option<&[Self]>;
    fn storage(v: Vec<Self>) -> CpuStorage;
}

impl Real for f32 {
    const SINGLE: bool = true;
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn from_f64(v: f64) -> Self {
        v as f32
    }
    fn slice(storage: &CpuStorage) -> Option<&[Self]> {
        if let CpuStorage::F32(v) = storage { Some(v) } else { None }
    }
    fn storage(v: Vec<Self>) -> CpuStorage {
        CpuStorage::F32(v)
    }
}

impl Real for f64 {
    const SINGLE: bool = false;
    fn to_f64(self) -> f64 {
        self
    }
    fn from_f64(v: f64) -> Self {
        v
    }
    fn slice(storage: &CpuStorage) -> Option<&[Self]> {
        if let CpuStorage::F64(v) = storage { Some(v) } else { None }
    }
    fn storage(v: Vec<Self>) -> CpuStorage {
        CpuStorage::F64(v)
    }
}

/// The elements of a contiguous tensor.
pub fn elements<'a, T: Real>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [T]> {
    match (T::slice(storage), layout.contiguous_offsets()) {
        (Some(all), Some((from, to))) => Ok(&all[from..to]),
        _ => bail!("a score kernel needs contiguous scores of one floating-point type"),
    }
}

/// Sums `part` over the chunks of `x`, component by component.
pub fn sum_chunks<T: Real, const N: usize>(x: &[T], part: impl Fn(&[T]) -> [f64; N] + Sync + Send) -> [f64; N] {
    let parts: Vec<[f64; N]> = map_chunks(x, &part);
    parts.into_iter().fold([0.; N], |mut sum, p| {
        sum.iter_mut().zip(p).for_each(|(s, p)| *s += p);
        sum
    })
}

/// `part` of every chunk of `x`, in order.
pub fn map_chunks<T: Real, P: Send>(x: &[T], part: impl Fn(&[T]) -> P + Sync + Send) -> Vec<P> {
    if x.len() <= SERIAL { x.chunks(CHUNK).map(part).collect() } else { x.par_chunks(CHUNK).map(part).collect() }
}

/// The concatenation of `part` over blocks of `block` elements, in order.
pub fn flat_map_blocks<T: Real>(x: &[T], block: usize, part: impl Fn(&[T]) -> Vec<f64> + Sync + Send) -> Vec<f64> {
    if x.len() <= SERIAL { x.chunks(block).flat_map(part).collect() } else { x.par_chunks(block).flat_map_iter(part).collect() }
}

/// A vector like `x`, filled chunk by chunk by `fill(offset, chunk of x, chunk of the result)`.
pub fn fill_like<T: Real>(x: &[T], fill: impl Fn(usize, &[T], &mut [T]) + Sync + Send) -> Vec<T> {
    let mut out = vec![T::from_f64(0.); x.len()];
    if x.len() <= SERIAL {
        out.chunks_mut(CHUNK).zip(x.chunks(CHUNK)).enumerate().for_each(|(i, (o, x))| fill(i * CHUNK, x, o));
    } else {
        out.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).enumerate().for_each(|(i, (o, x))| fill(i * CHUNK, x, o));
    }
    out
}

/// Calls a generic kernel with the storage's element type.
macro_rules! by_dtype {
    ($storage:expr, $T:ident => $body:expr) => {
        match $storage {
            candle_core::CpuStorage::F32(_) => {
                type $T = f32;
                $body
            }
            candle_core::CpuStorage::F64(_) => {
                type $T = f64;
                $body
            }
            _ => candle_core::bail!("a score kernel needs f32 or f64"),
        }
    };
}
pub(crate) use by_dtype;
