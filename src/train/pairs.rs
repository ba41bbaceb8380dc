//! Which pairs a step scores: positives, and negatives drawn from the other images of the batch.
//!
//! The anchor is always the code: its positives are features of its own image, its negatives features of other images
//! of the same batch, drawn without replacement and anew at every step. A positive is never among its own negatives.

use rand_chacha::ChaCha8Rng;

use crate::{config::Locations, model::Pairs, nn};

/// Global term: one group per image, K other images. Feature rows are images.
pub fn global(rng: &mut ChaCha8Rng, batch: usize, k: usize) -> Pairs {
    let joint = (0..batch).map(|i| entry(i, i, batch)).collect();
    let mut marginal = Vec::with_capacity(batch * k);
    for i in 0..batch {
        marginal.extend(others(rng, i, batch, k).map(|j| entry(i, j, batch)));
    }
    Pairs { rows: batch, groups: batch, positives: 1, negatives: k, joint, marginal }
}

/// Local term: feature rows are image · L + location.
pub fn local(rng: &mut ChaCha8Rng, locations: Locations, batch: usize, cells: usize, k: usize) -> Pairs {
    match locations {
        Locations::Same => same(rng, batch, cells, k),
        Locations::One => one(rng, batch, cells, k),
        Locations::Any => any(rng, batch, cells, k),
    }
}

fn entry(code: usize, row: usize, rows: usize) -> u32 {
    (code * rows + row) as u32
}

/// K distinct images other than `i`, in random order; all of them, in order, if K is the whole pool.
fn others(rng: &mut ChaCha8Rng, i: usize, batch: usize, k: usize) -> impl Iterator<Item = usize> + use<> {
    draw(rng, k, batch - 1).into_iter().map(move |j| if (j as usize) < i { j as usize } else { j as usize + 1 })
}

fn draw(rng: &mut ChaCha8Rng, k: usize, pool: usize) -> Vec<u32> {
    if k == pool { (0..pool as u32).collect() } else { nn::distinct(rng, k, pool) }
}

/// A group per image and location: the same location of K other images.
fn same(rng: &mut ChaCha8Rng, batch: usize, cells: usize, k: usize) -> Pairs {
    let rows = batch * cells;
    let mut joint = Vec::with_capacity(rows);
    let mut marginal = Vec::with_capacity(rows * k);
    for i in 0..batch {
        for l in 0..cells {
            joint.push(entry(i, i * cells + l, rows));
            marginal.extend(others(rng, i, batch, k).map(|j| entry(i, j * cells + l, rows)));
        }
    }
    Pairs { rows, groups: rows, positives: 1, negatives: k, joint, marginal }
}

/// The positives of a group: every location of its image.
fn own_cells(batch: usize, cells: usize) -> Vec<u32> {
    let rows = batch * cells;
    (0..batch).flat_map(|i| (0..cells).map(move |l| entry(i, i * cells + l, rows))).collect()
}

/// A group per image: one random location of each of K other images.
fn one(rng: &mut ChaCha8Rng, batch: usize, cells: usize, k: usize) -> Pairs {
    let rows = batch * cells;
    let mut marginal = Vec::with_capacity(batch * k);
    for i in 0..batch {
        for j in others(rng, i, batch, k) {
            let l = nn::below(rng, cells as u32) as usize;
            marginal.push(entry(i, j * cells + l, rows));
        }
    }
    Pairs { rows, groups: batch, positives: cells, negatives: k, joint: own_cells(batch, cells), marginal }
}

/// A group per image: K locations of any other image.
fn any(rng: &mut ChaCha8Rng, batch: usize, cells: usize, k: usize) -> Pairs {
    let rows = batch * cells;
    let mut marginal = Vec::with_capacity(batch * k);
    for i in 0..batch {
        for p in draw(rng, k, rows - cells) {
            let p = p as usize;
            let row = if p < i * cells { p } else { p + cells };
            marginal.push(entry(i, row, rows));
        }
    }
    Pairs { rows, groups: batch, positives: cells, negatives: k, joint: own_cells(batch, cells), marginal }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const N: usize = 5;
    const L: usize = 4;

    fn rng(step: u64) -> ChaCha8Rng {
        nn::Draws { seed: 3, attempt: 0 }.rng("negatives/test", step)
    }

    fn split(e: u32, rows: usize) -> (usize, usize) {
        (e as usize / rows, e as usize % rows)
    }

    #[test]
    fn global_negatives_are_distinct_other_images() {
        for k in 1..N {
            let p = global(&mut rng(k as u64), N, k);
            assert_eq!((p.groups, p.positives, p.negatives), (N, 1, k));
            for (g, negatives) in p.marginal.chunks(k).enumerate() {
                assert_eq!(split(p.joint[g], N), (g, g));
                let images: HashSet<_> = negatives.iter().map(|&e| split(e, N)).collect();
                assert_eq!(images.len(), k, "no negative twice");
                assert!(images.iter().all(|&(code, image)| code == g && image != g));
            }
        }
    }

    #[test]
    fn same_keeps_the_location_and_changes_the_image() {
        for k in 1..N {
            let p = local(&mut rng(1), Locations::Same, N, L, k);
            assert_eq!((p.groups, p.positives, p.negatives), (N * L, 1, k));
            for (g, negatives) in p.marginal.chunks(k).enumerate() {
                let (i, l) = (g / L, g % L);
                assert_eq!(split(p.joint[g], N * L), (i, i * L + l));
                let images: HashSet<_> = negatives.iter().map(|&e| split(e, N * L)).collect();
                assert_eq!(images.len(), k);
                assert!(images.iter().all(|&(code, row)| code == i && row % L == l && row / L != i));
            }
        }
    }

    #[test]
    fn one_and_any_share_negatives_over_the_images_locations() {
        for (mode, pool) in [(Locations::One, N - 1), (Locations::Any, (N - 1) * L)] {
            for k in 1..=pool {
                let p = local(&mut rng(2), mode, N, L, k);
                assert_eq!((p.groups, p.positives, p.negatives), (N, L, k));
                for (i, (negatives, positives)) in p.marginal.chunks(k).zip(p.joint.chunks(L)).enumerate() {
                    assert!(positives.iter().enumerate().all(|(l, &e)| split(e, N * L) == (i, i * L + l)));
                    let rows: HashSet<_> = negatives.iter().map(|&e| split(e, N * L)).collect();
                    assert_eq!(rows.len(), k);
                    assert!(rows.iter().all(|&(code, row)| code == i && row / L != i));
                    if mode == Locations::One {
                        let images: HashSet<_> = rows.iter().map(|&(_, row)| row / L).collect();
                        assert_eq!(images.len(), k, "one location of each image");
                    }
                }
            }
        }
    }

    #[test]
    fn negatives_are_fresh_at_every_step() {
        let draws: HashSet<_> = (0..20).map(|s| local(&mut rng(s), Locations::Same, N, L, 2).marginal).collect();
        assert_eq!(draws.len(), 20);
    }
}
