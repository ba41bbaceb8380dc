//! Picking pairs out of tables: scores out of a matrix of all pairs, sums of two rows out of two tables.
//!
//! On the CPU the way back adds up without a copy in between; elsewhere it is made of rows by their numbers.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, DType, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::{
    host::{Held, Real, on_host, slice_of, tensor, vectorized, zeros},
    relu,
    rows::rows,
    stated::stated,
};

/// The numbers of `x` (any shape, counted in order) at `places`, in that order: [places].
///
/// # Errors
/// If a place is beyond the end.
pub fn pick(x: &Tensor, places: &[u32]) -> Result<Tensor> {
    check("pick", places, x.elem_count())?;
    if on_host(&[x]) {
        return x.contiguous()?.apply_op1(PickOp { places: places.to_vec() });
    }
    rows(&x.flatten_all()?.unsqueeze(1)?, places)?.squeeze(1)
}

/// The scores of an image's own features and of all others, out of those of all pairs [N, N·L], each image's at each location: what
/// [`pick`] takes at `own` ([N·L] places) and at `others` ([N·L·(N − 1)] places, in order). Elsewhere than on the CPU they are cut out
/// without looking at the places.
///
/// # Errors
/// If there is one image only, or features are not as many for each.
pub fn own_and_others(scores: &Tensor, own: &[u32], others: &[u32]) -> Result<(Tensor, Tensor)> {
    if on_host(&[scores]) {
        return Ok((pick(scores, own)?, pick(scores, others)?));
    }
    let (n, rows) = scores.dims2()?;
    if n < 2 || rows % n != 0 {
        bail!("own_and_others: scores of {n} images by {rows} features");
    }
    let (l, shape) = (rows / n, scores.shape().clone());
    let table = scores.detach().reshape((n * n, l))?.contiguous()?;
    // Every n + 1 rows of the table lies an image with itself.
    let diagonal = table.pad_with_zeros(0, 0, n)?.reshape((n, n + 1, l))?.narrow(1, 0, 1)?.flatten_all()?;
    let rest = table.narrow(0, 1, n * n - 1)?.reshape((n - 1, n + 1, l))?.narrow(1, 0, n)?.contiguous()?;
    let rest = rest.reshape((n, n - 1, l))?.transpose(1, 2)?.flatten_all()?;
    let of_own = shape.clone();
    let own = stated([scores], diagonal, move |grad| {
        let rows = grad.reshape((n, 1, l))?.pad_with_zeros(1, 0, n)?.reshape((n * (n + 1), l))?;
        Ok([Some(rows.narrow(0, 0, n * n)?.reshape(&of_own)?)])
    })?;
    let others = stated([scores], rest, move |grad| {
        let rows = grad.reshape((n, l, n - 1))?.transpose(1, 2)?.contiguous()?.reshape((n - 1, n, l))?;
        let rows = rows.pad_with_zeros(1, 0, 1)?.reshape((n * n - 1, l))?.pad_with_zeros(0, 1, 0)?;
        Ok([Some(rows.reshape(&shape)?)])
    })?;
    Ok((own, others))
}

/// ReLU(a[i] + b[j]) of each pair of rows (i, j): `a` [A, H], `b` [B, H] to [pairs, H]. The gradient of ReLU at 0 is 0.
///
/// # Errors
/// If the rows are not equally long, or one is not there.
pub fn relu_of_pair_sums(a: &Tensor, b: &Tensor, pairs: &[(u32, u32)]) -> Result<Tensor> {
    let ((rows_a, width), (rows_b, other)) = (a.dims2()?, b.dims2()?);
    let (first, second): (Vec<u32>, Vec<u32>) = pairs.iter().copied().unzip();
    check("relu_of_pair_sums", &first, rows_a)?;
    check("relu_of_pair_sums", &second, rows_b)?;
    if width != other {
        bail!("relu_of_pair_sums: rows of {width} and of {other} numbers");
    }
    if on_host(&[a, b]) {
        return a.contiguous()?.apply_op2(&b.contiguous()?, PairOp { pairs: pairs.to_vec(), width });
    }
    relu(&(rows(a, &first)? + rows(b, &second)?)?)
}

fn check(what: &str, places: &[u32], len: usize) -> Result<()> {
    match places.iter().max() {
        Some(&last) if last as usize >= len => bail!("{what}: there is no place {last} among {len}"),
        _ => Ok(()),
    }
}

/// Numbers handed to a thread at a time.
const CHUNK: usize = 1 << 14;

struct PickOp {
    places: Vec<u32>,
}

impl PickOp {
    fn forward<T: Real>(&self, x: &[T]) -> CpuStorage {
        let mut out = vec![T::default(); self.places.len()];
        let parts = out.par_chunks_mut(CHUNK).zip(self.places.par_chunks(CHUNK));
        parts.for_each(|(out, places)| out.iter_mut().zip(places).for_each(|(o, &p)| *o = x[p as usize]));
        T::to_cpu_storage_owned(out)
    }

    fn backward<T: Real>(&self, x: &Tensor, grad: &Tensor) -> Result<Tensor> {
        let grad = grad.contiguous()?;
        let held = Held::new(&grad)?;
        let mut by_x = zeros::<T>(x.elem_count());
        self.places.iter().zip(held.slice::<T>()?).for_each(|(&p, &g)| by_x[p as usize] += g);
        tensor(by_x, x.shape())
    }
}

impl CustomOp1 for PickOp {
    fn name(&self) -> &'static str {
        "pick"
    }

    fn cpu_fwd(&self, x: &CpuStorage, at: &Layout) -> Result<(CpuStorage, Shape)> {
        let values = match x {
            CpuStorage::F32(_) => self.forward::<f32>(slice_of(x, at)?),
            _ => self.forward::<f64>(slice_of(x, at)?),
        };
        Ok((values, Shape::from(self.places.len())))
    }

    fn bwd(&self, x: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(match x.dtype() {
            DType::F32 => self.backward::<f32>(x, grad)?,
            _ => self.backward::<f64>(x, grad)?,
        }))
    }
}

struct PairOp {
    pairs: Vec<(u32, u32)>,
    width: usize,
}

impl PairOp {
    fn forward<T: Real>(&self, a: &[T], b: &[T]) -> CpuStorage {
        let (n, zero) = (self.width, T::zero());
        let mut out = vec![T::default(); self.pairs.len() * n];
        out.par_chunks_mut(n.max(1)).zip(&self.pairs).for_each(|(out, &(i, j))| {
            let (a, b) = (&a[i as usize * n..][..n], &b[j as usize * n..][..n]);
            vectorized(
                #[inline(always)]
                || {
                    for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
                        // Written so that a NaN stays one.
                        *o = if a + b <= zero { zero } else { a + b };
                    }
                },
            );
        });
        T::to_cpu_storage_owned(out)
    }

    fn backward<T: Real>(&self, [a, b, res, grad]: [&Tensor; 4]) -> Result<[Option<Tensor>; 2]> {
        let grad = grad.contiguous()?;
        let (held_res, held_grad) = (Held::new(res)?, Held::new(&grad)?);
        let (res, grad) = (held_res.slice::<T>()?, held_grad.slice::<T>()?);
        let by_a = if a.track_op() { Some(self.gather(a, res, grad, |pair| pair.0)?) } else { None };
        let by_b = if b.track_op() { Some(self.gather(b, res, grad, |pair| pair.1)?) } else { None };
        Ok([by_a, by_b])
    }

    /// What each row of a table gets from the pairs it is in. A thread takes some rows and looks for their pairs, so that
    /// sums run in the pairs' order.
    fn gather<T: Real>(&self, of: &Tensor, res: &[T], grad: &[T], row: impl Fn(&(u32, u32)) -> u32 + Sync) -> Result<Tensor> {
        let (n, zero) = (self.width, T::zero());
        let rows = of.elem_count() / n.max(1);
        let mut pairs_of = vec![Vec::new(); rows];
        self.pairs.iter().enumerate().for_each(|(p, pair)| pairs_of[row(pair) as usize].push(p));
        let mut out = zeros::<T>(rows * n);
        out.par_chunks_mut(n.max(1)).zip(&pairs_of).for_each(|(out, pairs)| {
            for p in pairs {
                let (y, g) = (&res[p * n..][..n], &grad[p * n..][..n]);
                vectorized(
                    #[inline(always)]
                    || {
                        for ((o, &y), &g) in out.iter_mut().zip(y).zip(g) {
                            *o += if y <= zero { zero } else { g };
                        }
                    },
                );
            }
        });
        tensor(out, of.shape())
    }
}

impl CustomOp2 for PairOp {
    fn name(&self) -> &'static str {
        "relu-of-pair-sums"
    }

    fn cpu_fwd(&self, a: &CpuStorage, a_at: &Layout, b: &CpuStorage, b_at: &Layout) -> Result<(CpuStorage, Shape)> {
        let values = match a {
            CpuStorage::F32(_) => self.forward::<f32>(slice_of(a, a_at)?, slice_of(b, b_at)?),
            _ => self.forward::<f64>(slice_of(a, a_at)?, slice_of(b, b_at)?),
        };
        Ok((values, Shape::from((self.pairs.len(), self.width))))
    }

    fn bwd(&self, a: &Tensor, b: &Tensor, res: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let [by_a, by_b] = match a.dtype() {
            DType::F32 => self.backward::<f32>([a, b, res, grad])?,
            _ => self.backward::<f64>([a, b, res, grad])?,
        };
        Ok((by_a, by_b))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use crate::nn::testing::{check_gradients, elsewhere, numbers, random, weighted};

    #[test]
    fn what_is_picked_twice_gets_both_gradients() {
        let x = Var::from_tensor(&random("x", &[3, 4])).unwrap();
        let places = [7, 0, 7, 11];
        let picked = numbers(&pick(&x, &places).unwrap());
        let all = numbers(&x);
        assert!(picked.iter().zip(places).all(|(v, p)| *v == all[p as usize]));
        check_gradients("pick", &[&x], || weighted(&pick(&x, &places)?));
        assert_eq!(numbers(&elsewhere(|| pick(&x, &places)).unwrap()), picked);
        check_gradients("pick elsewhere", &[&x], || elsewhere(|| weighted(&pick(&x, &places)?)));
        assert!(pick(&x, &[12]).is_err());
    }

    /// Without its places, elsewhere, as with them.
    #[test]
    fn own_scores_and_others_are_those_at_their_places() {
        for (n, l) in [(2, 1), (4, 1), (3, 5)] {
            let x = Var::from_tensor(&random("x", &[n, n * l])).unwrap();
            let place = |i: usize, j: usize, at: usize| (i * n * l + j * l + at) as u32;
            let groups: Vec<(usize, usize)> = (0..n).flat_map(|i| (0..l).map(move |at| (i, at))).collect();
            let own: Vec<u32> = groups.iter().map(|&(i, at)| place(i, i, at)).collect();
            let others: Vec<u32> =
                groups.iter().flat_map(|&(i, at)| (0..n).filter(move |&j| j != i).map(move |j| place(i, j, at))).collect();
            let cut = || own_and_others(&x, &own, &others);
            let ((a, b), (c, d)) = (cut().unwrap(), elsewhere(cut).unwrap());
            assert_eq!((numbers(&a), numbers(&b)), (numbers(&c), numbers(&d)), "{n} {l}");
            let loss = || {
                let (own, others) = own_and_others(&x, &own, &others)?;
                weighted(&own)? + weighted(&others)?
            };
            check_gradients("own and others", &[&x], loss);
            check_gradients("own and others elsewhere", &[&x], || elsewhere(loss));
        }
        assert!(elsewhere(|| own_and_others(&random("one", &[1, 3]), &[], &[])).is_err());
    }

    #[test]
    fn pair_sums_are_those_of_their_rows() {
        let (a, b) = (Var::from_tensor(&random("a", &[3, 5])).unwrap(), Var::from_tensor(&random("b", &[2, 5])).unwrap());
        let pairs = [(0, 0), (2, 1), (2, 0), (2, 1), (0, 1)];
        let (va, vb) = (numbers(&a), numbers(&b));
        let have = numbers(&relu_of_pair_sums(&a, &b, &pairs).unwrap());
        let want = pairs.iter().flat_map(|&(i, j)| (0..5).map(move |c| (i as usize * 5 + c, j as usize * 5 + c)));
        assert!(have.iter().zip(want).all(|(v, (i, j))| (v - (va[i] + vb[j]).max(0.0)).abs() < 1e-15));
        // Row 1 of a is in no pair: its gradient is 0.
        check_gradients("pair sums", &[&a, &b], || weighted(&relu_of_pair_sums(&a, &b, &pairs)?));
        assert_eq!(numbers(&elsewhere(|| relu_of_pair_sums(&a, &b, &pairs)).unwrap()), have);
        check_gradients("pair sums elsewhere", &[&a, &b], || elsewhere(|| weighted(&relu_of_pair_sums(&a, &b, &pairs)?)));
        assert!(relu_of_pair_sums(&a, &b, &[(3, 0)]).is_err());
        assert!(relu_of_pair_sums(&a, &random("c", &[2, 4]), &pairs).is_err());
        let nan = Tensor::new(&[[f64::NAN]], &Device::Cpu).unwrap();
        assert!(numbers(&relu_of_pair_sums(&nan, &nan, &[(0, 0)]).unwrap())[0].is_nan());
    }
}
