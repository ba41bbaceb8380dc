//! Probes against scikit-learn (`tests/fixtures/probe`) and against what must hold for any of them.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use super::*;
use crate::record::{Accuracy, PerTerm, ProbeRow};

#[derive(Deserialize)]
struct Fixture {
    classes: usize,
    dim: usize,
    train: Vec<f32>,
    train_labels: Vec<u8>,
    test: Vec<f32>,
    test_labels: Vec<u8>,
    logistic: Vec<LogisticFixture>,
    knn: Vec<KnnFixture>,
    weighted_knn: Vec<WeightedKnnFixture>,
    svm: Vec<SvmFixture>,
    mlp: MlpFixture,
}
#[derive(Deserialize)]
struct LogisticFixture {
    l2: f64,
    objective: f64,
    predicted: Vec<u8>,
    accuracy: f64,
    probabilities: Vec<Vec<f64>>,
}
#[derive(Deserialize)]
struct KnnFixture {
    k: usize,
    predicted: Vec<u8>,
}

#[derive(Deserialize)]
struct WeightedKnnFixture {
    k: usize,
    temperature: f64,
    predicted: Vec<u8>,
}
#[derive(Deserialize)]
struct SvmFixture {
    c: f64,
    weights: Vec<f64>,
    intercepts: Vec<f64>,
    decisions: Vec<f64>,
    predicted: Vec<u8>,
    accuracy: f64,
}
/// Over 40 seeds.
#[derive(Deserialize)]
struct MlpFixture {
    train_loss: Spread,
    test_loss: Spread,
    accuracy: Spread,
}
#[derive(Deserialize)]
struct Spread {
    mean: f64,
    deviation: f64,
}

fn fixture() -> (Fixture, Features, Features) {
    let f: Fixture = serde_json::from_str(include_str!("../../tests/fixtures/probe/probe.json")).unwrap();
    let train = Features::new(f.train_labels.len(), f.dim, f.train.clone());
    let test = Features::new(f.test_labels.len(), f.dim, f.test.clone());
    (f, train, test)
}

fn equal(k: usize) -> Neighbourhood {
    Neighbourhood { k, weight: Weight::Equal }
}

/// Classes in turn, and uniform noise around `distance` times a corner of their own.
fn clouds(n: usize, dim: usize, classes: usize, distance: f32, seed: u64) -> (Features, Vec<u8>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let labels: Vec<u8> = (0..n).map(|i| (i % classes) as u8).collect();
    let values = (0..n * dim).map(|at| {
        let mean = if at % dim == usize::from(labels[at / dim]) { distance } else { 0.0 };
        mean + rng.random_range(-1.0f32..1.0)
    });
    (Features::new(n, dim, values.collect()), labels)
}

fn split(n: usize, classes: usize, distance: f32, seed: u64) -> Split {
    let (conv, labels) = clouds(n, 24, classes, distance, seed);
    let (fc, y) = (clouds(n, 16, classes, distance, seed + 1).0, clouds(n, 12, classes, distance, seed + 2).0);
    Split { conv, fc, y, labels }
}

fn input(distance: f32) -> ProbeInput {
    ProbeInput {
        step: 7,
        train: split(300, 4, distance, 10),
        test: split(200, 4, distance, 20),
        classes: 4,
        pixels: None,
        factors: Vec::new(),
        mi_heldout: PerTerm { global: None, local: Some(1.5) },
        mi_guaranteed: PerTerm { global: None, local: Some(0.5) },
        histograms: Vec::new(),
        seconds: 2.0,
    }
}

#[test]
fn logistic_regression_finds_scikit_learns_optimum() {
    let (f, train, test) = fixture();
    let scale = Standardiser::fit(&train);
    let (train, test) = (scale.apply(&train), scale.apply(&test));
    for expected in &f.logistic {
        let options = Options { l2: expected.l2, ..Options::for_size(1, 1) };
        let fit = LogisticRegression::fit(&train, &f.train_labels, f.classes, &options);
        assert!(fit.converged, "l2 {}: {} iterations", expected.l2, fit.iterations);
        let (objective, reference) = (fit.objective, expected.objective);
        assert!((objective - reference).abs() < 1e-5, "l2 {}: {objective} for {reference}", expected.l2);
        let predicted = fit.model.predict(&test);
        let agree = predicted.iter().zip(&expected.predicted).filter(|(a, b)| a == b).count();
        assert!(agree + 1 >= test.n, "l2 {}: {agree} of {} predictions agree", expected.l2, test.n);
        assert!((share_right(&predicted, &f.test_labels) - expected.accuracy).abs() <= 1.0 / test.n as f64 + 1e-12);
        for (z, p) in fit.model.logits(&test).chunks_exact(f.classes).zip(&expected.probabilities) {
            let sum: f64 = z.iter().map(|&v| f64::from(v).exp()).sum();
            for (&z, p) in z.iter().zip(p) {
                let found = f64::from(z).exp() / sum;
                assert!((found - p).abs() < 0.01, "l2 {}: probability {found} for {p}", expected.l2);
            }
        }
    }
}

#[test]
fn a_tight_tolerance_gives_scikit_learns_probabilities() {
    let (f, train, test) = fixture();
    let scale = Standardiser::fit(&train);
    let (train, test) = (scale.apply(&train), scale.apply(&test));
    for expected in &f.logistic {
        let options = Options { l2: expected.l2, tolerance: 1e-6, iterations: 1000 };
        let model = LogisticRegression::fit(&train, &f.train_labels, f.classes, &options).model;
        assert_eq!(model.predict(&test), expected.predicted);
        for (z, p) in model.logits(&test).chunks_exact(f.classes).zip(&expected.probabilities) {
            let sum: f64 = z.iter().map(|&v| f64::from(v).exp()).sum();
            z.iter().zip(p).for_each(|(&z, p)| assert!((f64::from(z).exp() / sum - p).abs() < 3e-4));
        }
    }
}

#[test]
fn knn_votes_as_scikit_learn() {
    let (f, train, test) = fixture();
    for expected in &f.knn {
        assert_eq!(vote(&train, &f.train_labels, &test, f.classes, &equal(expected.k)), expected.predicted, "k {}", expected.k);
    }
}

#[test]
fn weighted_knn_votes_as_scikit_learn() {
    let (f, train, test) = fixture();
    for expected in &f.weighted_knn {
        let weight = Weight::Exponential { temperature: expected.temperature };
        let hood = Neighbourhood { k: expected.k, weight };
        assert_eq!(vote(&train, &f.train_labels, &test, f.classes, &hood), expected.predicted, "{hood:?}");
    }
    assert_ne!(f.weighted_knn[1].predicted, f.knn.last().unwrap().predicted, "weights matter where all vote");
}

#[test]
fn the_support_vector_machine_has_scikit_learns_weights() {
    let (f, train, test) = fixture();
    let scale = Standardiser::fit(&train);
    let (train, test) = (scale.apply(&train), scale.apply(&test));
    for expected in &f.svm {
        let options = SvmOptions { c: expected.c, tolerance: 1e-7, iterations: 1000 };
        let svm = LinearSvm::fit(&train, &f.train_labels, f.classes, &options);
        let truth: Vec<f64> = expected.weights.iter().chain(&expected.intercepts).copied().collect();
        assert_eq!(svm.parameters().len(), truth.len());
        svm.parameters().iter().zip(&truth).for_each(|(&w, t)| assert!((f64::from(w) - t).abs() < 2e-4, "{w} for {t}"));
        let decisions = svm.decisions(&test);
        decisions.iter().zip(&expected.decisions).for_each(|(&d, t)| assert!((f64::from(d) - t).abs() < 1e-3, "{d} for {t}"));
        assert_eq!(svm.predict(&test), expected.predicted);
    }
    // The probe itself, which stops earlier, is C = 1.
    let task = Task { test_labels: &f.test_labels, classes: f.classes, ..task(&train, &f.train_labels, &test) };
    assert!((judge(ProbeKind::Svm, &task).test_accuracy - f.svm[0].accuracy).abs() <= 1.0 / test.n as f64 + 1e-12);
}

fn task<'a>(train: &'a Features, labels: &'a [u8], test: &'a Features) -> Task<'a> {
    Task { train, labels, test, test_labels: &[], classes: 0, seed: 0, effort: Effort::Quick }
}

/// Mean losses and accuracy over twelve seeds lie within four standard errors of PyTorch's over forty.
#[test]
fn the_perceptron_ends_where_pytorchs_does() {
    let (f, train, test) = fixture();
    let scale = Standardiser::fit(&train);
    let (train, test) = (scale.apply(&train), scale.apply(&test));
    let options = MlpOptions::for_size(train.n, Effort::Quick);
    assert_eq!((options.steps, options.batch, options.hidden), (1000, 64, 200));
    let loss = |net: &Mlp, x: &Features, labels: &[u8]| {
        let rows = net.logits(x);
        let losses = rows.chunks_exact(f.classes).zip(labels).map(|(z, &l)| {
            let sum: f64 = z.iter().map(|&v| f64::from(v).exp()).sum();
            sum.ln() - f64::from(z[usize::from(l)])
        });
        losses.sum::<f64>() / labels.len() as f64
    };
    let nets: Vec<Mlp> = (0..12).map(|seed| Mlp::fit(&train, &f.train_labels, f.classes, &options, seed)).collect();
    let over = |of: &dyn Fn(&Mlp) -> f64| MeanAndError::of(nets.iter().map(of).collect());
    let found = [
        (over(&|net| loss(net, &train, &f.train_labels)), &f.mlp.train_loss),
        (over(&|net| loss(net, &test, &f.test_labels)), &f.mlp.test_loss),
        (over(&|net| share_right(&net.predict(&test), &f.test_labels)), &f.mlp.accuracy),
    ];
    for (ours, torch) in found {
        let error = torch.deviation * (1.0 / 12.0 + 1.0 / 40.0f64).sqrt();
        assert!((ours.mean - torch.mean).abs() < 4.0 * error, "{ours:?} for {} ± {}", torch.mean, torch.deviation);
        assert!(ours.deviation > torch.deviation / 3.0 && ours.deviation < 3.0 * torch.deviation, "{ours:?}");
    }
}

#[test]
fn knn_takes_all_images_where_k_is_larger() {
    let (f, train, test) = fixture();
    let all = vote(&train, &f.train_labels, &test, f.classes, &equal(train.n));
    assert_eq!(vote(&train, &f.train_labels, &test, f.classes, &equal(10_000)), all);
}

#[test]
fn a_tie_goes_to_the_lower_class() {
    let train = Features::new(2, 2, vec![1.0, 0.1, 1.0, -0.1]);
    let test = Features::new(1, 2, vec![1.0, 0.01]);
    assert_eq!(vote(&train, &[1, 0], &test, 2, &equal(2)), [0]);
    assert_eq!(vote(&train, &[1, 0], &test, 2, &equal(1)), [1]);
}

#[test]
fn the_cosine_ignores_length() {
    let train = Features::new(2, 2, vec![100.0, 1.0, 0.0, 0.01]);
    let test = Features::new(2, 2, vec![0.02, 0.0, 0.0, 500.0]);
    assert_eq!(vote(&train, &[0, 1], &test, 2, &equal(1)), [0, 1]);
}

#[test]
fn neighbours_are_capped_by_the_data() {
    assert_eq!([1, 4, 5, 100, 1000, 50_000].map(neighbours), [1, 1, 1, 20, 200, 200]);
}

#[test]
fn separable_classes_are_read_without_a_fault() {
    let row = probe(&input(20.0));
    let Accuracy { linear, knn } = row.accuracy;
    assert_eq!([linear.conv, linear.fc, linear.y, knn.y], [1.0; 4]);
    assert_eq!(
        (row.step, row.chance, row.mi_heldout.local, row.mi_heldout.global, row.mi_guaranteed.local),
        (7, 0.25, Some(1.5), None, Some(0.5))
    );
    assert!(row.seconds > 2.0);
}

#[test]
fn noise_is_read_at_chance() {
    let row = probe(&input(0.0));
    let error = (0.25 * 0.75 / 200.0f64).sqrt();
    let Accuracy { linear, knn } = row.accuracy;
    for accuracy in [linear.conv, linear.fc, linear.y, knn.y] {
        assert!((accuracy - 0.25).abs() < 4.0 * error, "{accuracy}");
    }
}

#[test]
fn the_same_input_gives_the_same_bits() {
    let bits = |row: ProbeRow| {
        let Accuracy { linear, knn } = row.accuracy;
        [linear.conv, linear.fc, linear.y, knn.y].map(f64::to_bits)
    };
    assert_eq!(bits(probe(&input(0.5))), bits(probe(&input(0.5))));
    let (x, labels) = clouds(500, 40, 5, 0.5, 3);
    let fit = || LogisticRegression::fit(&x, &labels, 5, &Options::for_size(x.n, x.dim));
    assert_eq!(fit(), fit());
}

#[test]
fn wide_features_of_few_images_are_fitted() {
    let (train, labels) = clouds(60, 500, 3, 3.0, 1);
    let (test, test_labels) = clouds(60, 500, 3, 3.0, 2);
    assert!(linear_accuracy(&train, &labels, &test, &test_labels, 3) > 0.5);
}

#[test]
fn constant_features_are_harmless() {
    let (n, dim) = (40, 3);
    let constant = Features::new(n, dim, [0.1f32, -7e5, 0.0].repeat(n));
    let labels: Vec<u8> = (0..n).map(|i| u8::from(i % 4 == 0)).collect();
    let scaled = Standardiser::fit(&constant).apply(&constant);
    assert!(scaled.values.iter().all(|&v| v == 0.0), "{:?}", &scaled.values[..dim]);
    // Nothing to read: the answer is the most frequent class.
    assert_eq!(linear_accuracy(&constant, &labels, &constant, &labels, 2), 0.75);
    assert!(knn_accuracy(&constant, &labels, &constant, &labels, 2).is_finite());
}

#[test]
fn standardised_features_have_mean_0_and_deviation_1() {
    let (mut x, _) = clouds(400, 5, 2, 1.0, 9);
    x.values.iter_mut().for_each(|v| *v = 1000.0 + 0.5 * *v);
    let z = Standardiser::fit(&x).apply(&x);
    for d in 0..5 {
        let column: Vec<f64> = (0..z.n).map(|i| f64::from(z.row(i)[d])).collect();
        let mean = column.iter().sum::<f64>() / 400.0;
        let variance = column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 400.0;
        assert!(mean.abs() < 1e-3 && (variance - 1.0).abs() < 1e-3, "{mean} {variance}");
    }
}

#[test]
fn what_cannot_be_judged_is_not_a_number() {
    let mut bad = input(1.0);
    bad.train.y.values[5] = f32::NAN;
    bad.test.fc.values[0] = f32::INFINITY;
    let Accuracy { linear, knn } = probe(&bad).accuracy;
    assert!(linear.y.is_nan() && knn.y.is_nan() && linear.fc.is_nan() && linear.conv.is_finite());
    let empty = ProbeInput { test: Split::default(), ..input(1.0) };
    let row = probe(&empty);
    assert!(row.accuracy.linear.conv.is_nan() && row.chance == 0.0);
}

#[test]
fn chance_is_the_share_of_the_most_frequent_class() {
    assert_eq!(chance(&[0, 1, 1, 2], 3), 0.5);
    assert_eq!(chance(&[], 3), 0.0);
}
