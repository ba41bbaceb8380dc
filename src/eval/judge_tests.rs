//! What must hold for every probe of the table.

use super::{draw, *};

/// Classes in turn around corners of their own, with noise of deviation 1.
fn clouds(n: usize, dim: usize, classes: usize, distance: f32, seed: u64) -> (Features, Vec<u8>) {
    let mut rng = draw::rng(seed, "clouds");
    let labels: Vec<u8> = (0..n).map(|i| (i % classes) as u8).collect();
    let values = (0..n * dim).map(|at| {
        let own = at % dim == usize::from(labels[at / dim]);
        draw::normal(&mut rng) + if own { distance } else { 0.0 }
    });
    (Features::new(n, dim, values.collect()), labels)
}

struct Data {
    train: (Features, Vec<u8>),
    test: (Features, Vec<u8>),
    classes: usize,
}

impl Data {
    fn new(n: usize, distance: f32) -> Self {
        Self { train: clouds(n, 8, 4, distance, 1), test: clouds(400, 8, 4, distance, 2), classes: 4 }
    }

    fn task(&self) -> Task<'_> {
        let (train, labels, test, test_labels) = (&self.train.0, &self.train.1, &self.test.0, &self.test.1);
        Task { train, labels, test, test_labels, classes: self.classes, seed: 0, effort: Effort::Quick }
    }
}

#[test]
fn the_table_is_in_the_order_of_the_kinds() {
    for probe in PROBES {
        assert_eq!((probe.kind.name(), ProbeKind::by_name(probe.name)), (probe.name, Some(probe.kind)));
    }
    assert_eq!(ProbeKind::by_name("forest"), None);
}

#[test]
fn every_probe_reads_far_classes_without_a_fault() {
    let data = Data::new(400, 20.0);
    for probe in PROBES {
        let judged = judge(probe.kind, &data.task());
        assert_eq!((judged.train_accuracy, judged.test_accuracy), (1.0, 1.0), "{}", probe.name);
        for (class, row) in judged.confusion.iter().enumerate() {
            let expected: Vec<u32> = (0..4).map(|c| if c == class { 100 } else { 0 }).collect();
            assert_eq!(row, &expected, "{}", probe.name);
        }
    }
}

#[test]
fn every_probe_reads_noise_at_chance() {
    let data = Data::new(400, 0.0);
    let error = (0.25 * 0.75 / 400.0f64).sqrt();
    for probe in PROBES {
        let judged = judge(probe.kind, &data.task());
        assert!((judged.test_accuracy - 0.25).abs() < 4.0 * error, "{}: {judged:?}", probe.name);
    }
}

/// Rows in close pairs of different classes: the one neighbour of each is its partner, unless a row votes for itself.
#[test]
fn no_training_row_votes_for_itself() {
    let axes = [[1.0f32, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]];
    let pairs = axes.iter().flat_map(|[x, y]| [x - 0.01 * y, y + 0.01 * x, x + 0.01 * y, y - 0.01 * x]);
    let (rows, labels) = (Features::new(8, 2, pairs.collect()), [0, 1, 0, 1, 0, 1, 0, 1]);
    assert_eq!(neighbours(8), 1);
    let task =
        Task { train: &rows, labels: &labels, test: &rows, test_labels: &labels, classes: 2, seed: 0, effort: Effort::Quick };
    let judged = judge(ProbeKind::Knn, &task);
    assert_eq!((judged.train_accuracy, judged.test_accuracy), (0.0, 1.0));
}

/// Bayes' rule for these clouds is the nearest corner: no probe can be better but by luck, and with enough rows none is much
/// worse.
#[test]
fn every_probe_comes_near_bayes_rule() {
    let data = Data::new(2_000, 2.0);
    let (test, labels) = &data.test;
    let nearest = (0..test.n).map(|i| (0..4).max_by(|&a, &b| test.row(i)[a].total_cmp(&test.row(i)[b])).unwrap() as u8);
    let bayes = share_right(&nearest.collect::<Vec<_>>(), labels);
    for probe in PROBES {
        let judged = judge(probe.kind, &data.task());
        assert!((judged.test_accuracy - bayes).abs() < 0.05, "{}: {} for {bayes}", probe.name, judged.test_accuracy);
        let counted: u32 = (0..4).map(|c| judged.confusion[c][c]).sum();
        assert_eq!(f64::from(counted) / 400.0, judged.test_accuracy);
        assert_eq!(judged.confusion.iter().map(|row| row.iter().sum()).collect::<Vec<u32>>(), [100; 4]);
    }
}

#[test]
fn the_same_seed_gives_the_same_answer_and_only_drawing_probes_know_the_seed() {
    let data = Data::new(200, 1.0);
    for probe in PROBES {
        let judged = |seed| judge(probe.kind, &Task { seed, ..data.task() });
        assert_eq!(judged(5), judged(5));
        assert_eq!(judged(5) != judged(6), probe.draws, "{}", probe.name);
    }
}

#[test]
fn what_cannot_be_judged_is_not_a_number() {
    let mut data = Data::new(40, 1.0);
    let none = Features::new(0, 8, Vec::new());
    data.train.0.values[3] = f32::NAN;
    for probe in PROBES {
        let without = judge(probe.kind, &Task { test: &none, test_labels: &[], ..Data::new(40, 1.0).task() });
        for judged in [judge(probe.kind, &data.task()), without] {
            assert!(judged.train_accuracy.is_nan() && judged.test_accuracy.is_nan());
            assert_eq!(judged.confusion, vec![vec![0; 4]; 4]);
        }
    }
}

#[test]
fn neighbours_weigh_by_their_cosine() {
    // One neighbour of class 1 at cosine 1, two of class 0 at cosine 0.6: e^(0.4/τ) against 2.
    let train = Features::new(3, 2, vec![1.0, 0.0, 0.6, 0.8, 0.6, -0.8]);
    let test = Features::new(1, 2, vec![3.0, 0.0]);
    let by = |weight| vote(&train, &[1, 0, 0], &test, 2, &Neighbourhood { k: 3, weight });
    assert_eq!(by(Weight::Equal), [0]);
    for temperature in [1e-4, 0.07, 0.57] {
        assert_eq!(by(Weight::Exponential { temperature }), [1]);
    }
    // 0.4 / ln 2 = 0.577.
    assert_eq!(by(Weight::Exponential { temperature: 0.58 }), [0]);
}
