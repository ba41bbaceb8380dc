//! Matrix products on the calling thread, behind safe functions.

use gemm::Parallelism;

/// A view of a matrix of f32 or f64 with any strides.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a, T> {
    pub data: &'a [T],
    pub rows: usize,
    pub cols: usize,
    pub row_stride: usize,
    pub col_stride: usize,
}

/// What a product can be made of.
pub(super) trait Number: Copy + 'static {
    const ZERO: Self;
    const ONE: Self;
}

impl Number for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
}

impl Number for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
}

impl<'a, T: Number> Matrix<'a, T> {
    /// `data` as row-major [rows, cols].
    pub fn row_major(data: &'a [T], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a [{rows}, {cols}] matrix");
        Self { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The same numbers with rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self { rows: self.cols, cols: self.rows, row_stride: self.col_stride, col_stride: self.row_stride, ..self }
    }
}

/// out = a · b, `out` row-major [a.rows, b.cols]. Single-threaded, so the order of the sums is fixed.
pub(super) fn multiply<T: Number>(a: Matrix<T>, b: Matrix<T>, out: &mut [T]) {
    assert_eq!(a.cols, b.rows, "inner dimensions agree");
    assert_eq!(out.len(), a.rows * b.cols, "the product is [{}, {}]", a.rows, b.cols);
    if a.cols == 0 {
        out.fill(T::ZERO);
    }
    if out.is_empty() || a.cols == 0 {
        return;
    }
    // SAFETY: `Matrix` is only made over a slice of exactly rows·cols elements, row-major or its transpose, and `out`
    // was just checked to hold a.rows·b.cols, so every index that the strides reach is inside; `out` is borrowed
    // mutably and so aliases neither operand. `Number` is f32 or f64, both of which `gemm` knows.
    unsafe {
        gemm::gemm(
            a.rows,
            b.cols,
            a.cols,
            out.as_mut_ptr(),
            1,
            b.cols as isize,
            false,
            a.data.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            T::ZERO,
            T::ONE,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
