//! Images to columns and back: what turns a convolution into matrix products.
//!
//! The column matrix of some images is [C·k·k, images·P]: one row per input channel and kernel tap, one column per
//! image and output position (P = OH·OW). A plane is first split by stride into s·s *phases* (phase (a, b) holds the padded
//! plane's pixels at rows a, a+s, ... and columns b, b+s, ...), so that every row of the matrix is then made of
//! straight copies of OW numbers, and back.

use super::{
    host::{Real, with_scratch},
    transpose::transpose,
};

/// The sizes of one convolution over a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    pub images: usize,
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub outputs: usize,
    pub kernel: usize,
    pub stride: usize,
    pub pad: usize,
    pub out_height: usize,
    pub out_width: usize,
}

impl Geometry {
    /// Rows of the column matrix, C·k·k.
    pub fn taps(&self) -> usize {
        self.channels * self.kernel * self.kernel
    }

    /// Output positions of one image, OH·OW.
    pub fn positions(&self) -> usize {
        self.out_height * self.out_width
    }

    /// Numbers in one plane of the input, H·W.
    pub fn plane(&self) -> usize {
        self.height * self.width
    }

    /// Height and width of a phase: far enough for every tap of every output position.
    fn phase(&self) -> (usize, usize) {
        let reach = self.kernel.div_ceil(self.stride) - 1;
        (self.out_height + reach, self.out_width + reach)
    }

    fn phases_len(&self) -> usize {
        let (height, width) = self.phase();
        self.stride * self.stride * height * width
    }

    /// Calls `visit(tap, start)` for each kernel tap: its output row `oh` begins `oh` phase rows after `start`.
    fn for_taps(&self, mut visit: impl FnMut(usize, usize)) {
        let (height, width) = self.phase();
        for kh in 0..self.kernel {
            for kw in 0..self.kernel {
                let phase = (kh % self.stride) * self.stride + kw % self.stride;
                visit(kh * self.kernel + kw, (phase * height + kh / self.stride) * width + kw / self.stride);
            }
        }
    }

    /// Calls `visit(from_phase, from_plane, count)` for each run of pixels of a plane row that share a phase row:
    /// pixel i of the run is at `from_plane + i·stride` of the plane and at `from_phase + i` among the phases.
    fn for_phase_rows(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let (height, width) = self.phase();
        let s = self.stride;
        for a in 0..s {
            for b in 0..s {
                // Columns b, b+s, ... of the padded plane that lie on the plane itself.
                let first = self.pad.saturating_sub(b).div_ceil(s);
                let last = (self.pad + self.width).saturating_sub(b).div_ceil(s).min(width);
                if first >= last {
                    continue;
                }
                for row in 0..height {
                    let padded = row * s + a;
                    if padded >= self.pad && padded < self.pad + self.height {
                        let phase = ((a * s + b) * height + row) * width + first;
                        visit(phase, (padded - self.pad) * self.width + first * s + b - self.pad, last - first);
                    }
                }
            }
        }
    }
}

/// Distance between rows of the matrices of a block with so many columns.
///
/// A little more than the columns, because rows a power of two apart fall into the same cache sets.
pub(super) fn row_stride(columns: usize) -> usize {
    columns.next_multiple_of(16) + 16
}

/// Fills the column matrix `cols` [C·k·k, images·P] from `x` [images, C, H, W], with rows `row_stride` apart.
pub(super) fn im2col<T: Real>(g: &Geometry, images: usize, x: &[T], cols: &mut [T]) {
    // Copies of a length known to the compiler are a few vector moves instead of a call.
    match g.out_width {
        4 => im2col_runs::<T, 4>(g, images, x, cols),
        8 => im2col_runs::<T, 8>(g, images, x, cols),
        16 => im2col_runs::<T, 16>(g, images, x, cols),
        _ => im2col_runs::<T, 0>(g, images, x, cols),
    }
}

/// [`im2col`] for an output width of `RUN`, or of any width for 0.
fn im2col_runs<T: Real, const RUN: usize>(g: &Geometry, images: usize, x: &[T], cols: &mut [T]) {
    let run = if RUN == 0 { g.out_width } else { RUN };
    let (plane, positions) = (g.plane(), g.positions());
    let stride = row_stride(images * positions);
    with_scratch(g.phases_len(), |phases| {
        // What lies outside the image stays zero: no image writes there.
        phases.fill(T::zero());
        for (c, rows) in cols.chunks_mut(g.kernel * g.kernel * stride).take(g.channels).enumerate() {
            for n in 0..images {
                let pixels = &x[(n * g.channels + c) * plane..][..plane];
                g.for_phase_rows(|to, from, count| {
                    let source = pixels[from..].iter().step_by(g.stride);
                    phases[to..to + count].iter_mut().zip(source).for_each(|(p, &v)| *p = v);
                });
                g.for_taps(|tap, from| {
                    let row = &mut rows[tap * stride + n * positions..][..positions];
                    for (oh, out) in row.chunks_exact_mut(run).enumerate() {
                        out.copy_from_slice(&phases[from + oh * g.phase().1..][..run]);
                    }
                });
            }
        }
    });
}

/// Adds up the column matrix `cols` [C·k·k, images·P] into `x` [images, C, H, W]: the transpose of [`im2col`].
/// Overwrites `x`.
pub(super) fn col2im<T: Real>(g: &Geometry, images: usize, cols: &[T], x: &mut [T]) {
    match g.out_width {
        4 => col2im_runs::<T, 4>(g, images, cols, x),
        8 => col2im_runs::<T, 8>(g, images, cols, x),
        16 => col2im_runs::<T, 16>(g, images, cols, x),
        _ => col2im_runs::<T, 0>(g, images, cols, x),
    }
}

fn col2im_runs<T: Real, const RUN: usize>(g: &Geometry, images: usize, cols: &[T], x: &mut [T]) {
    let run = if RUN == 0 { g.out_width } else { RUN };
    let (plane, positions) = (g.plane(), g.positions());
    let stride = row_stride(images * positions);
    // Pixels that no kernel reaches keep the zero.
    x.fill(T::zero());
    with_scratch(g.phases_len(), |phases| {
        for (c, rows) in cols.chunks(g.kernel * g.kernel * stride).take(g.channels).enumerate() {
            for n in 0..images {
                phases.fill(T::zero());
                g.for_taps(|tap, to| {
                    let row = &rows[tap * stride + n * positions..][..positions];
                    for (oh, part) in row.chunks_exact(run).enumerate() {
                        let sum = &mut phases[to + oh * g.phase().1..][..run];
                        sum.iter_mut().zip(part).for_each(|(s, &v)| *s += v);
                    }
                });
                let pixels = &mut x[(n * g.channels + c) * plane..][..plane];
                g.for_phase_rows(|from, to, count| {
                    let target = pixels[to..].iter_mut().step_by(g.stride);
                    target.zip(&phases[from..from + count]).for_each(|(p, &v)| *p = v);
                });
            }
        }
    });
}

/// [images, O, P] to [O, images·P], rows `row_stride` apart.
pub(super) fn images_to_rows<T: Real>(g: &Geometry, images: usize, from: &[T], rows: &mut [T]) {
    let positions = g.positions();
    let stride = row_stride(images * positions);
    for (o, row) in rows.chunks_mut(stride).take(g.outputs).enumerate() {
        for (n, part) in row[..images * positions].chunks_exact_mut(positions).enumerate() {
            part.copy_from_slice(&from[(n * g.outputs + o) * positions..][..positions]);
        }
    }
}

/// [images, O, P] to [images·P, O].
pub(super) fn images_to_columns<T: Real>(g: &Geometry, images: usize, from: &[T], columns: &mut [T]) {
    let size = g.outputs * g.positions();
    for (image, columns) in from.chunks_exact(size).zip(columns.chunks_exact_mut(size)).take(images) {
        transpose(image, g.outputs, g.positions(), 0, columns);
    }
}

/// [O, images·P], rows `row_stride` apart, to [images, O, P].
pub(super) fn rows_to_images<T: Real>(g: &Geometry, images: usize, rows: &[T], to: &mut [T]) {
    let positions = g.positions();
    let stride = row_stride(images * positions);
    for (o, row) in rows.chunks(stride).take(g.outputs).enumerate() {
        for (n, part) in row[..images * positions].chunks_exact(positions).enumerate() {
            to[(n * g.outputs + o) * positions..][..positions].copy_from_slice(part);
        }
    }
}
