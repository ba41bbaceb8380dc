//! The probes of the report: every one on every layer, each fit a piece of work of its own.

use super::{Section, evaluate::Side, jobs::Job, report::ProbeRow};
use crate::eval::{self, Effort, Features, Judged, MeanAndError, MlpOptions, PROBES, ProbeKind, Task};

/// What the probes are asked.
pub(super) struct Asked<'a> {
    /// Of training and test images.
    pub labels: (&'a [u8], &'a [u8]),
    pub classes: usize,
    /// The first, and how many.
    pub seed: u64,
    pub seeds: u64,
    pub effort: Effort,
}

/// One fit of a probe on a layer.
pub(super) struct Fit {
    encoder: &'static str,
    layer: &'static str,
    kind: ProbeKind,
    /// It is one of those that tell the error; the first fit of the MLP tells it too.
    counts: bool,
    judged: Judged,
}

/// The fits of all probes on all layers. The first of each probe is on all training images with the first seed. With more than one seed
/// there follow those that tell the error ([`eval::several`]): other seeds of a probe that draws, bootstraps for the others.
pub(super) fn jobs<'a>(sides: &'a [Side], asked: &Asked<'a>) -> Vec<Job<'a, Fit>> {
    let layers = sides.iter().flat_map(|side| side.layers.iter().map(|layer| (side.encoder, layer)));
    let mut all = Vec::new();
    for (encoder, (layer, train, test)) in layers {
        for kind in PROBES.iter().map(|p| p.kind) {
            let (labels, test_labels) = asked.labels;
            let task = Task { train, labels, test, test_labels, classes: asked.classes, seed: asked.seed, effort: asked.effort };
            all.extend(fits(kind, asked.seeds).map(|fit| Job {
                part: Section::Probes.name(),
                name: if encoder == *layer {
                    format!("{} probe ({encoder})", kind.name())
                } else {
                    format!("{} probe on {layer} ({encoder})", kind.name())
                },
                cost: cost(kind, &task),
                // Both splits once standardised, and the training split once more if it is drawn anew.
                bytes: size_of::<f32>() * (2 * train.values.len() + test.values.len()),
                work: Box::new(move || {
                    let judged = match fit {
                        Which::Whole => eval::judge(kind, &task),
                        Which::Seeded(i) => eval::seeded(kind, &task, task.seed.wrapping_add(i)),
                    };
                    let counts = kind.probe().draws || matches!(fit, Which::Seeded(_));
                    Ok(Fit { encoder, layer, kind, counts, judged })
                }),
            }));
        }
    }
    all
}

#[derive(Clone, Copy)]
enum Which {
    Whole,
    /// Of this seed, counted from the first.
    Seeded(u64),
}

fn fits(kind: ProbeKind, seeds: u64) -> impl Iterator<Item = Which> {
    // A whole fit of a probe that draws is that of its first seed.
    let from = u64::from(kind.probe().draws || seeds < 2);
    std::iter::once(Which::Whole).chain((from..seeds).map(Which::Seeded))
}

/// About how many seconds a fit takes.
fn cost(kind: ProbeKind, task: &Task) -> f64 {
    let Features { n, dim, .. } = *task.train;
    let numbers = (n * dim) as f64;
    match kind {
        ProbeKind::Linear => 2e-8 * numbers * task.classes as f64,
        ProbeKind::Svm => 4e-8 * numbers * task.classes as f64,
        ProbeKind::Mlp => 2e-6 * (MlpOptions::for_size(n, task.effort).steps * dim) as f64,
        ProbeKind::Knn => 4e-11 * numbers * (task.test.n + 2_000) as f64,
    }
}

/// The rows of the report from fits in the order of [`jobs`].
pub(super) fn rows(fits: Vec<Fit>) -> Vec<ProbeRow> {
    let same = |a: &Fit, b: &Fit| (a.encoder, a.layer, a.kind) == (b.encoder, b.layer, b.kind);
    fits.chunk_by(same).map(row).collect()
}

fn row(fits: &[Fit]) -> ProbeRow {
    let first = &fits[0];
    let row = ProbeRow {
        encoder: first.encoder,
        layer: first.layer,
        probe: first.kind.name(),
        train_accuracy: first.judged.train_accuracy,
        test_accuracy: first.judged.test_accuracy,
        standard_error: None,
        by_seed: Vec::new(),
        confusion: first.judged.confusion.clone(),
    };
    if fits.len() < 2 {
        return row;
    }
    let found = MeanAndError::of(fits.iter().filter(|fit| fit.counts).map(|fit| fit.judged.test_accuracy).collect());
    let (test_accuracy, error) =
        if first.kind.probe().draws { (found.mean, found.error) } else { (row.test_accuracy, found.deviation) };
    ProbeRow { test_accuracy, standard_error: Some(error), by_seed: found.values, ..row }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(kind: ProbeKind, counts: bool, test_accuracy: f64) -> Fit {
        let judged = Judged { train_accuracy: 1.0, test_accuracy, confusion: Vec::new() };
        Fit { encoder: "trained", layer: "y", kind, counts, judged }
    }

    /// Accuracies 0.5, 0.6, 0.7: deviation 0.1, standard error of their mean 0.1/√3.
    #[test]
    fn the_error_is_that_of_the_number_beside_it() {
        let fits = [(ProbeKind::Mlp, true, 0.5), (ProbeKind::Mlp, true, 0.6), (ProbeKind::Mlp, true, 0.7)];
        let bootstraps = [(ProbeKind::Knn, false, 0.8), (ProbeKind::Knn, true, 0.5), (ProbeKind::Knn, true, 0.6)];
        let more = [(ProbeKind::Knn, true, 0.7), (ProbeKind::Linear, false, 0.3)];
        let all = fits.into_iter().chain(bootstraps).chain(more).map(|(kind, counts, value)| fit(kind, counts, value));
        let rows = rows(all.collect());
        let found: Vec<_> = rows.iter().map(|r| (r.probe, r.test_accuracy, r.standard_error.unwrap_or(-1.0))).collect();
        let expected = [("mlp", 0.6, 0.1 / 3f64.sqrt()), ("knn", 0.8, 0.1), ("linear", 0.3, -1.0)];
        assert_eq!(found.len(), 3);
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found.0, expected.0);
            assert!((found.1 - expected.1).abs() < 1e-12 && (found.2 - expected.2).abs() < 1e-12, "{found:?}");
        }
        assert_eq!(rows[1].by_seed, [0.5, 0.6, 0.7]);
    }

    #[test]
    fn a_probe_that_draws_is_not_fitted_twice_with_the_same_seed() {
        let count = |kind, seeds| fits(kind, seeds).count();
        assert_eq!([count(ProbeKind::Mlp, 1), count(ProbeKind::Mlp, 3)], [1, 3]);
        assert_eq!([count(ProbeKind::Svm, 1), count(ProbeKind::Svm, 3)], [1, 4]);
    }
}
