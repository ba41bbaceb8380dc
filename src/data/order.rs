//! The order in which a run sees its training images: a pure function of (seed, examples seen, batch size).

use super::draw;

/// Place in the permutation of (seed, epoch).
///
/// Epoch `e` is one random permutation of all images, drawn from (seed, e) alone; the run walks through the endless
/// chain of these. `examples_seen` is the only state, so a resumed run goes on exactly, and the batch size may change at
/// any step. A batch that spans two epochs would hold an image twice wherever the end of one permutation meets the
/// beginning of the next; such repeats are skipped and the batch is filled from further on in the new epoch. (The filled
/// in images come again at their place in the next batch: about batch²/4n images an epoch, 0.1 for 64 of 8192.)
#[derive(Debug, Clone)]
pub struct Order {
    seed: u64,
    n: usize,
    /// The permutations of the latest epochs asked for, newest last; two, as a batch may span two.
    recent: Vec<(u64, Vec<u32>)>,
}

impl Order {
    /// The order of `n` images under `seed`.
    pub fn new(seed: u64, n: usize) -> Self {
        Self { seed, n, recent: Vec::new() }
    }

    /// The next `batch` images after `examples_seen`, all different; at most `n` of them.
    pub fn indices(&mut self, examples_seen: u64, batch: usize) -> Vec<u32> {
        let batch = batch.min(self.n);
        if batch == 0 {
            return Vec::new();
        }
        let (epoch, place) = (examples_seen / self.n as u64, (examples_seen % self.n as u64) as usize);
        let permutation = self.permutation(epoch);
        let mut indices = permutation[place..(place + batch).min(permutation.len())].to_vec();
        let missing = batch - indices.len();
        if missing > 0 {
            let mut taken = indices.clone();
            taken.sort_unstable();
            let fresh = self.permutation(epoch.wrapping_add(1)).iter().filter(|i| taken.binary_search(i).is_err());
            indices.extend(fresh.take(missing));
        }
        indices
    }

    fn permutation(&mut self, epoch: u64) -> &[u32] {
        let at = self.recent.iter().position(|(e, _)| *e == epoch).unwrap_or_else(|| {
            if self.recent.len() == 2 {
                self.recent.remove(0);
            }
            self.recent.push((epoch, shuffled(self.seed, epoch, self.n)));
            self.recent.len() - 1
        });
        &self.recent[at].1
    }
}

fn shuffled(seed: u64, epoch: u64, n: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n as u32).collect();
    draw::shuffle(&mut draw::rng(seed, "order", epoch), &mut order);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_shows_every_image_once() {
        let mut order = Order::new(7, 100);
        let mut seen: Vec<u32> = (0..10).flat_map(|step| order.indices(step * 10, 10)).collect();
        let first = seen.clone();
        seen.sort_unstable();
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
        let second: Vec<u32> = (10..20).flat_map(|step| order.indices(step * 10, 10)).collect();
        assert_ne!(first, second, "epochs differ");
        assert_ne!(first, Order::new(8, 100).indices(0, 100), "seeds differ");
    }

    #[test]
    fn it_is_a_pure_function_of_the_place() {
        let mut walked = Order::new(3, 50);
        let path: Vec<_> = (0..40).map(|step| walked.indices(step * 7, 7)).collect();
        for step in (0..40).rev() {
            assert_eq!(path[step as usize], Order::new(3, 50).indices(step * 7, 7));
            assert_eq!(path[step as usize], walked.indices(step * 7, 7), "going back changes nothing");
        }
    }

    #[test]
    fn a_batch_over_two_epochs_holds_different_images() {
        for seed in 0..200 {
            let mut batch = Order::new(seed, 12).indices(8, 10);
            assert_eq!(batch[..4], Order::new(seed, 12).indices(8, 4)[..], "the old epoch comes first, whole");
            batch.sort_unstable();
            batch.dedup();
            assert_eq!(batch.len(), 10);
        }
    }

    #[test]
    fn small_and_empty_sets() {
        assert!(Order::new(0, 0).indices(5, 4).is_empty());
        let mut all = Order::new(0, 3).indices(2, 9);
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2]);
        assert_eq!(Order::new(0, 3).indices(u64::MAX - 5, 2).len(), 2);
    }
}
