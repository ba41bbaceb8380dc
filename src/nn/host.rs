//! Host-side tools of the CPU kernels: slices of tensors, matrix products, reused workspaces.

use std::{cell::RefCell, ops::Range};

use candle_core::{CpuStorage, DType, Device, Layout, Result, Shape, Storage, StorageRef, Tensor, WithDType, bail};
use rayon::prelude::*;

/// The number types the CPU kernels work in: f32, and f64 for proofs.
pub(super) trait Real: WithDType + Default {
    /// A spare buffer from the calling thread's pool, of any length; the smallest that holds `len`, if one does.
    fn spare(len: usize) -> Vec<Self>;
    /// Gives a buffer back to the calling thread's pool.
    fn give_back(buffer: Vec<Self>);
    /// The numbers of a storage of this type, to write.
    fn storage_mut(storage: &mut CpuStorage) -> Option<&mut Vec<Self>>;
    /// Square root.
    fn root(self) -> Self;
}

/// Spare buffers kept per thread and type. The layers of a step follow each other on one thread, so a handful serves all.
const SPARES: usize = 6;

macro_rules! real {
    ($type:ty, $variant:ident, $pool:ident) => {
        thread_local! {
            static $pool: RefCell<Vec<Vec<$type>>> = const { RefCell::new(Vec::new()) };
        }
        impl Real for $type {
            fn spare(len: usize) -> Vec<Self> {
                $pool.with_borrow_mut(|pool| {
                    let fitting = (0..pool.len()).filter(|&i| pool[i].len() >= len).min_by_key(|&i| pool[i].len());
                    let chosen = fitting.or_else(|| (0..pool.len()).max_by_key(|&i| pool[i].len()));
                    chosen.map(|i| pool.swap_remove(i)).unwrap_or_default()
                })
            }
            fn give_back(buffer: Vec<Self>) {
                $pool.with_borrow_mut(|pool| {
                    if pool.len() < SPARES {
                        pool.push(buffer);
                    }
                });
            }
            fn storage_mut(storage: &mut CpuStorage) -> Option<&mut Vec<Self>> {
                if let CpuStorage::$variant(values) = storage { Some(values) } else { None }
            }
            fn root(self) -> Self {
                self.sqrt()
            }
        }
    };
}
real!(f32, F32, POOL_F32);
real!(f64, F64, POOL_F64);

/// Runs `work` on a scratch buffer of `len` numbers whose contents are whatever was left there.
///
/// Fresh pages for tens of megabytes cost as much as filling them, so scratch memory is kept between calls.
pub(super) fn with_scratch<T: Real, R>(len: usize, work: impl FnOnce(&mut [T]) -> R) -> R {
    let mut buffer = T::spare(len);
    if buffer.len() < len {
        buffer.resize(len, T::default());
    }
    let result = work(&mut buffer[..len]);
    T::give_back(buffer);
    result
}

/// Zeros, written by all threads where they are many: one thread alone would wait long for fresh pages.
pub(super) fn zeros<T: Real>(len: usize) -> Vec<T> {
    /// What a thread clears at a time.
    const CHUNK: usize = 1 << 16;
    let mut values = Vec::with_capacity(len);
    values.par_extend(rayon::iter::repeat_n(T::default(), len).with_min_len(CHUNK));
    values
}

/// Runs `work`, compiled for the widest vectors that this processor has. Loops inside are vectorised only as far as they
/// are inlined here: hand them over as closures.
#[inline(always)]
pub(super) fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// Whether the CPU kernels take these tensors.
pub(super) fn on_host(tensors: &[&Tensor]) -> bool {
    #[cfg(test)]
    if super::testing::as_elsewhere() {
        return false;
    }
    let dtype = tensors[0].dtype();
    matches!(dtype, DType::F32 | DType::F64) && tensors.iter().all(|t| t.device().is_cpu() && t.dtype() == dtype)
}

/// The numbers of a contiguous layout.
pub(super) fn slice_of<'a, T: Real>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [T]> {
    match layout.contiguous_offsets() {
        Some((from, to)) => Ok(&T::cpu_storage_as_slice(storage)?[from..to]),
        None => bail!("a CPU kernel was handed a strided tensor"),
    }
}

/// A tensor held for reading on the host.
pub(super) struct Held<'a> {
    storage: StorageRef<'a>,
    range: Range<usize>,
}

impl<'a> Held<'a> {
    /// Holds a contiguous tensor on the CPU.
    pub fn new(tensor: &'a Tensor) -> Result<Self> {
        let (storage, layout) = tensor.storage_and_layout();
        match layout.contiguous_offsets() {
            Some((from, to)) => Ok(Self { storage, range: from..to }),
            None => bail!("a CPU kernel was handed a strided tensor"),
        }
    }

    /// Its numbers.
    pub fn slice<T: Real>(&self) -> Result<&[T]> {
        match &*self.storage {
            Storage::Cpu(storage) => Ok(&T::cpu_storage_as_slice(storage)?[self.range.clone()]),
            _ => bail!("a CPU kernel was handed a tensor of another device"),
        }
    }
}

/// A CPU tensor from host numbers.
pub(super) fn tensor<T: Real>(values: Vec<T>, shape: impl Into<Shape>) -> Result<Tensor> {
    Tensor::from_vec(values, shape.into(), &Device::Cpu)
}

/// A matrix over a slice, with the distances between rows and between columns.
#[derive(Clone, Copy)]
pub(super) struct Mat<'a, T> {
    values: &'a [T],
    row: usize,
    col: usize,
}

impl<'a, T> Mat<'a, T> {
    /// Rows one after the other, each of `width`.
    pub fn rows(values: &'a [T], width: usize) -> Self {
        Self { values, row: width, col: 1 }
    }

    /// The same numbers read as the transposed matrix.
    pub fn t(self) -> Self {
        Self { values: self.values, row: self.col, col: self.row }
    }

    fn reach(&self, rows: usize, cols: usize) -> usize {
        if rows == 0 || cols == 0 { 0 } else { (rows - 1) * self.row + (cols - 1) * self.col + 1 }
    }
}

/// How a matrix product may spread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cores {
    /// The calling thread only (it is one of several that share the work already).
    One,
    /// All of rayon's pool.
    All,
}

/// out [m, n] = a [m, k] · b [k, n], added to what `out` holds if `add`; rows of `out` are `out_row` apart.
pub(super) fn matmul<T: Real>(
    (out, out_row): (&mut [T], usize),
    [m, n, k]: [usize; 3],
    a: Mat<'_, T>,
    b: Mat<'_, T>,
    add: bool,
    cores: Cores,
) {
    if m == 0 || n == 0 {
        return;
    }
    let threads = rayon::current_num_threads();
    if cores == Cores::One || threads == 1 {
        return gemm(out, out_row, [m, n, k], a, b, add, gemm::Parallelism::None);
    }
    if m < threads * ROWS_TOGETHER {
        return gemm(out, out_row, [m, n, k], a, b, add, gemm::Parallelism::Rayon(threads));
    }
    // Each thread rearranges the factors for itself: gemm's own threads would wait for one that does it for all.
    let share = m.div_ceil(threads).next_multiple_of(ROWS_TOGETHER);
    let shares = out[..(m - 1) * out_row + n].par_chunks_mut(share * out_row).enumerate();
    shares.for_each(|(i, out)| {
        let (first, rows) = (i * share, share.min(m - i * share));
        let a = Mat { values: &a.values[first * a.row..], ..a };
        gemm(out, out_row, [rows, n, k], a, b, add, gemm::Parallelism::None);
    });
}

/// A thread's share of rows is a multiple of what the kernel makes at a time, and no smaller.
const ROWS_TOGETHER: usize = 64;

fn gemm<T: Real>(
    out: &mut [T],
    out_row: usize,
    [m, n, k]: [usize; 3],
    a: Mat<'_, T>,
    b: Mat<'_, T>,
    add: bool,
    parallelism: gemm::Parallelism,
) {
    assert!(out_row >= n && out.len() >= (m - 1) * out_row + n);
    assert!(a.values.len() >= a.reach(m, k) && b.values.len() >= b.reach(k, n));
    // SAFETY: the assertions above keep every address that gemm computes from these sizes and strides inside its
    // slice, and `out` is borrowed exclusively, so it overlaps neither factor.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            out_row as isize,
            add,
            a.values.as_ptr(),
            a.col as isize,
            a.row as isize,
            b.values.as_ptr(),
            b.col as isize,
            b.row as isize,
            T::one(),
            T::one(),
            false,
            false,
            false,
            parallelism,
        );
    }
}
