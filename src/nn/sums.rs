//! Sums over runs of numbers in f64, in an order that depends on the length alone.

use super::host::{Real, vectorized};

/// Independent partial sums, so that additions need not wait for each other. Their number fixes the order of summation.
const LANES: usize = 8;

/// Σ `term`(aᵢ).
pub(super) fn sum<T: Real>(a: &[T], term: impl Fn(f64) -> f64) -> f64 {
    // The lanes live inside, so that they stay in registers.
    let lanes = vectorized(
        #[inline(always)]
        || {
            let mut lanes = [0f64; LANES];
            let (whole, rest) = a.as_chunks::<LANES>();
            for a in whole {
                lanes.iter_mut().zip(a).for_each(|(sum, a)| *sum += term(a.to_f64()));
            }
            lanes.iter_mut().zip(rest).for_each(|(sum, a)| *sum += term(a.to_f64()));
            lanes
        },
    );
    lanes.iter().sum()
}

/// Σ gᵢ and Σ gᵢ·(xᵢ − `mean`), g counting as 0 where `passes`, if there is one, is not above 0.
pub(super) fn gated_sums<T: Real>(g: &[T], passes: Option<&[T]>, x: &[T], mean: f64) -> [f64; 2] {
    let Some(passes) = passes else { return two_sums(g, x, mean, g, |_| false) };
    two_sums(g, x, mean, passes, |y| y <= T::zero())
}

#[inline(always)]
fn two_sums<T: Real>(g: &[T], x: &[T], mean: f64, gate: &[T], shut: impl Fn(T) -> bool) -> [f64; 2] {
    /// Numbers gated at a time: a loop of its own, because with sums in it it would become branches.
    const BLOCK: usize = 64;
    let lanes = vectorized(
        #[inline(always)]
        || {
            let (mut plain, mut weighted) = ([0f64; LANES], [0f64; LANES]);
            let mut open_g = [T::zero(); BLOCK];
            for ((g, gate), x) in g.chunks(BLOCK).zip(gate.chunks(BLOCK)).zip(x.chunks(BLOCK)) {
                for ((o, &g), &y) in open_g.iter_mut().zip(g).zip(gate) {
                    *o = if shut(y) { T::zero() } else { g };
                }
                let ((g, g_rest), (x, x_rest)) = (open_g[..x.len()].as_chunks::<LANES>(), x.as_chunks::<LANES>());
                for (g, x) in g.iter().zip(x) {
                    plain.iter_mut().zip(g).for_each(|(sum, g)| *sum += g.to_f64());
                    weighted.iter_mut().zip(g.iter().zip(x)).for_each(|(sum, (g, x))| *sum += g.to_f64() * (x.to_f64() - mean));
                }
                plain.iter_mut().zip(g_rest).for_each(|(sum, g)| *sum += g.to_f64());
                let rest = g_rest.iter().zip(x_rest);
                weighted.iter_mut().zip(rest).for_each(|(sum, (g, x))| *sum += g.to_f64() * (x.to_f64() - mean));
            }
            [plain, weighted]
        },
    );
    lanes.map(|lane| lane.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_any_length_are_sums() {
        for n in 0..40usize {
            let a: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
            let y: Vec<f64> = (0..n).map(|i| (i % 3) as f64 - 1.0).collect();
            let g: Vec<f64> = (0..n).map(|i| (i as f64).cos()).collect();
            assert!((sum(&a, |v| v * v) - a.iter().map(|v| v * v).sum::<f64>()).abs() < 1e-12);
            let open = || (0..n).filter(|&i| y[i] > 0.0);
            let want = [open().map(|i| g[i]).sum::<f64>(), open().map(|i| g[i] * (a[i] - 0.3)).sum::<f64>()];
            let have = gated_sums(&g, Some(&y), &a, 0.3);
            assert!((0..2).all(|i| (have[i] - want[i]).abs() < 1e-12), "{n}: {have:?} {want:?}");
            assert!((gated_sums(&g, None, &a, 0.3)[0] - g.iter().sum::<f64>()).abs() < 1e-12);
        }
    }
}
