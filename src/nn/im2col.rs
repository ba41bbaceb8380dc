//! Images to columns and back: what turns a convolution into matrix products.
//!
//! The column matrix of a batch is [C·k·k, N·P]: one row per input channel and kernel tap, one column per image and
//! output position (P = OH·OW). A plane is first split by stride into s·s *phases* (phase (a, b) holds the padded
//! plane's pixels at rows a, a+s, ... and columns b, b+s, ...), so that every row of the matrix is then made of
//! straight copies of OW numbers, and back.

use rayon::prelude::*;

use super::host::{Real, with_scratch};

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

    /// Columns of the column matrix, N·OH·OW.
    pub fn columns(&self) -> usize {
        self.images * self.positions()
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

    /// Where output row `oh` of tap (kh, kw) begins among the phases.
    fn tap_row(&self, kh: usize, kw: usize, oh: usize) -> usize {
        let (height, width) = self.phase();
        let phase = (kh % self.stride) * self.stride + kw % self.stride;
        (phase * height + oh + kh / self.stride) * width + kw / self.stride
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

/// Fills the column matrix `cols` [C·k·k, N·P] from `x` [N, C, H, W].
pub(super) fn im2col<T: Real>(g: &Geometry, x: &[T], cols: &mut [T]) {
    let (plane, positions, columns) = (g.plane(), g.positions(), g.columns());
    let per_channel = g.kernel * g.kernel * columns;
    cols.par_chunks_mut(per_channel).enumerate().for_each(|(c, rows)| {
        with_scratch(g.phases_len(), |phases| {
            // What lies outside the image stays zero: no later image writes there.
            phases.fill(T::zero());
            for n in 0..g.images {
                let pixels = &x[(n * g.channels + c) * plane..][..plane];
                g.for_phase_rows(|to, from, count| {
                    let source = pixels[from..].iter().step_by(g.stride);
                    phases[to..to + count].iter_mut().zip(source).for_each(|(p, &v)| *p = v);
                });
                for kh in 0..g.kernel {
                    for kw in 0..g.kernel {
                        let row = &mut rows[(kh * g.kernel + kw) * columns + n * positions..][..positions];
                        for (oh, out) in row.chunks_exact_mut(g.out_width).enumerate() {
                            out.copy_from_slice(&phases[g.tap_row(kh, kw, oh)..][..g.out_width]);
                        }
                    }
                }
            }
        });
    });
}

/// Adds up the column matrix `cols` [C·k·k, N·P] into `x` [N, C, H, W]: the transpose of [`im2col`]. Overwrites `x`.
pub(super) fn col2im<T: Real>(g: &Geometry, cols: &[T], x: &mut [T]) {
    let (positions, columns) = (g.positions(), g.columns());
    x.par_chunks_mut(g.plane()).enumerate().for_each(|(index, pixels)| {
        let (n, c) = (index / g.channels, index % g.channels);
        let rows = &cols[c * g.kernel * g.kernel * columns..][..g.kernel * g.kernel * columns];
        with_scratch(g.phases_len(), |phases| {
            phases.fill(T::zero());
            for kh in 0..g.kernel {
                for kw in 0..g.kernel {
                    let row = &rows[(kh * g.kernel + kw) * columns + n * positions..][..positions];
                    for (oh, part) in row.chunks_exact(g.out_width).enumerate() {
                        let sum = &mut phases[g.tap_row(kh, kw, oh)..][..g.out_width];
                        sum.iter_mut().zip(part).for_each(|(s, &v)| *s += v);
                    }
                }
            }
            // Pixels that no kernel reaches keep the zero.
            pixels.fill(T::zero());
            g.for_phase_rows(|from, to, count| {
                let target = pixels[to..].iter_mut().step_by(g.stride);
                target.zip(&phases[from..from + count]).for_each(|(p, &v)| *p = v);
            });
        });
    });
}

/// [N, O, P] to [O, N·P].
pub(super) fn images_to_rows<T: Real>(g: &Geometry, images: &[T], rows: &mut [T]) {
    let positions = g.positions();
    rows.par_chunks_mut(g.columns()).enumerate().for_each(|(o, row)| {
        for (n, part) in row.chunks_exact_mut(positions).enumerate() {
            part.copy_from_slice(&images[(n * g.outputs + o) * positions..][..positions]);
        }
    });
}

/// [O, N·P] to [N, O, P].
pub(super) fn rows_to_images<T: Real>(g: &Geometry, rows: &[T], images: &mut [T]) {
    let (positions, columns) = (g.positions(), g.columns());
    images.par_chunks_mut(g.outputs * positions).enumerate().for_each(|(n, image)| {
        for (o, part) in image.chunks_exact_mut(positions).enumerate() {
            part.copy_from_slice(&rows[o * columns + n * positions..][..positions]);
        }
    });
}
