//! The probe of a training run: what it takes from the trainer, and the row it makes of that.

use std::time::Instant;

use super::{
    Factor, FactorKind, FactorRead, Features, Judged, ProbeKind, Split, Task, chance, judge, knn_accuracy, linear_accuracy,
    read_factors,
};
use crate::record::{
    Accuracy, CONFUSION_CLASSES, FACTOR_ROWS, FactorScores, Histogram, KnnAccuracy, LinearAccuracy, Measure, PerLayer, PerTerm,
    ProbeRow,
};

/// Bins of a histogram.
pub const BINS: usize = 30;

/// What one probe needs, taken by the trainer with BatchNorm in evaluation mode.
#[derive(Debug, Clone)]
pub struct ProbeInput {
    /// Steps trained when the features were taken.
    pub step: u64,
    /// The images that the probes are fitted on.
    pub train: Split,
    /// Held-out images, used for nothing but the accuracy.
    pub test: Split,
    /// Number of classes; every label is below it.
    pub classes: usize,
    /// The pixels of both splits in [0, 1], at step 0: what the layers are to be compared with.
    pub pixels: Option<(Features, Features)>,
    /// What the images were drawn from, where that is known.
    pub factors: Vec<FactorValues>,
    /// Estimates on held-out images in nats, passed through to the row.
    pub mi_heldout: PerTerm<f64>,
    /// What they guarantee, passed through likewise.
    pub mi_guaranteed: PerTerm<f64>,
    /// How their scores lie, passed through likewise.
    pub histograms: Vec<Histogram>,
    /// Time spent on the features so far.
    pub seconds: f64,
}

/// One factor of the images of both splits: as many values as the split has rows, or more.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorValues {
    pub name: String,
    pub kind: FactorKind,
    pub train: Vec<f32>,
    pub test: Vec<f32>,
}

/// Fits a linear probe on each layer, a kNN vote on the code and a regression on each factor, and judges them on the held-out
/// images.
///
/// Accuracies are NaN (written as `null`) where a layer's features are not all finite or a split is empty.
///
/// # Panics
/// If an array's length is not `n · dim`, the layers of a split differ in `n`, train and test differ in `dim`, a
/// label is not below `classes`, or a factor has fewer values than a split has rows: faults of the caller.
pub fn probe(input: &ProbeInput) -> ProbeRow {
    let start = Instant::now();
    let (train, test) = (&input.train, &input.test);
    train.check(input.classes);
    test.check(input.classes);
    let linear = layers(input).map(|(train, test)| linear(input, train, test));
    let pixels =
        input.pixels.as_ref().map(|(pixels, others)| linear_accuracy(pixels, &train.labels, others, &test.labels, input.classes));
    let factors = factors(input);
    let [conv, fc, y] = linear;
    ProbeRow {
        step: input.step,
        accuracy: Accuracy {
            linear: LinearAccuracy { conv: conv.test_accuracy, fc: fc.test_accuracy, y: y.test_accuracy },
            knn: KnnAccuracy { y: knn_accuracy(&train.y, &train.labels, &test.y, &test.labels, input.classes) },
        },
        chance: chance(&test.labels, input.classes),
        mi_heldout: input.mi_heldout,
        mi_guaranteed: input.mi_guaranteed,
        pixels,
        confusion: (input.classes <= CONFUSION_CLASSES).then_some(PerLayer {
            conv: conv.confusion,
            fc: fc.confusion,
            y: y.confusion,
        }),
        factors,
        histograms: input.histograms.iter().cloned().chain(spread(&test.y)).collect(),
        seconds: input.seconds + start.elapsed().as_secs_f64(),
    }
}

/// The standard deviations of the units of the code.
fn spread(code: &Features) -> Option<Histogram> {
    let deviation = |unit: usize| {
        let values = || (0..code.n).map(|i| f64::from(code.row(i)[unit]));
        let mean = values().sum::<f64>() / code.n as f64;
        (values().map(|v| (v - mean).powi(2)).sum::<f64>() / code.n as f64).sqrt() as f32
    };
    let deviations: Vec<f32> = (0..code.dim).map(deviation).collect();
    Histogram::of("code/deviation", &deviations, BINS)
}

fn layers(input: &ProbeInput) -> [(&Features, &Features); 3] {
    let (train, test) = (&input.train, &input.test);
    [(&train.conv, &test.conv), (&train.fc, &test.fc), (&train.y, &test.y)]
}

fn linear(input: &ProbeInput, train: &Features, test: &Features) -> Judged {
    let (labels, test_labels) = (&input.train.labels, &input.test.labels);
    let task = Task { train, labels, test, test_labels, classes: input.classes, seed: 0, effort: Default::default() };
    judge(ProbeKind::Linear, &task)
}

/// Every factor from every layer, fitted on the first [`FACTOR_ROWS`] training images.
fn factors(input: &ProbeInput) -> Vec<FactorScores> {
    let (rows, tests) = (input.train.labels.len().min(FACTOR_ROWS), input.test.labels.len());
    let wanted: Vec<Factor> =
        input.factors.iter().map(|f| Factor { kind: f.kind, train: &f.train[..rows], test: &f.test[..tests] }).collect();
    if wanted.is_empty() || rows == 0 || tests == 0 {
        return Vec::new();
    }
    let [conv, fc, y] = layers(input).map(|(train, test)| read_factors(&train.first(rows), test, &wanted));
    let finite = |read: &FactorRead| read.value.is_finite().then_some(read.value);
    let scores = conv.iter().zip(&fc).zip(&y).zip(&input.factors);
    scores
        .map(|(((conv, fc), y), factor)| FactorScores {
            name: factor.name.clone(),
            measure: if matches!(factor.kind, FactorKind::Categorical { .. }) { Measure::Accuracy } else { Measure::R2 },
            score: PerLayer { conv: finite(conv), fc: finite(fc), y: finite(y) },
            baseline: Some(y.baseline).filter(|b| b.is_finite()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::eval::draw;

    const CLASSES: usize = 4;

    /// The class is the largest of the first four features of Y, the factor the fifth; conv and fc hold noise.
    fn split(n: usize, seed: u64) -> (Split, Vec<f32>) {
        let mut rng = draw::rng(seed, "split");
        let noise = |rng: &mut ChaCha8Rng| Features::new(n, 6, (0..n * 6).map(|_| draw::normal(rng)).collect());
        let (conv, fc, mut y) = (noise(&mut rng), noise(&mut rng), noise(&mut rng));
        let labels: Vec<u8> = (0..n).map(|i| (i % CLASSES) as u8).collect();
        for (row, &label) in y.values.chunks_exact_mut(6).zip(&labels) {
            row[usize::from(label)] += 20.0;
        }
        let factor = (0..n).map(|i| 3.0 * y.row(i)[4]).collect();
        (Split { conv, fc, y, labels }, factor)
    }

    fn input() -> ProbeInput {
        let ((train, train_values), (test, test_values)) = (split(600, 1), split(200, 2));
        let factor = FactorValues { name: "depth".into(), kind: FactorKind::Continuous, train: train_values, test: test_values };
        ProbeInput {
            step: 0,
            pixels: Some((train.y.clone(), test.y.clone())),
            train,
            test,
            classes: CLASSES,
            factors: vec![factor],
            mi_heldout: PerTerm::default(),
            mi_guaranteed: PerTerm::default(),
            histograms: Vec::new(),
            seconds: 0.0,
        }
    }

    #[test]
    fn the_spread_of_the_code_is_counted_and_scores_are_passed_through() {
        let given = Histogram::of("scores/local/joint", &[1.0, 2.0], 2).unwrap();
        let row = probe(&ProbeInput { histograms: vec![given.clone()], ..input() });
        assert_eq!(row.histograms[0], given);
        let h = &row.histograms[1];
        // Noise of deviation 1 in two units; in four, 20 more for a quarter of the images: √(400·3/16 + 1) = 8.7.
        assert_eq!((h.name.as_str(), h.counts.iter().sum::<u64>(), h.counts[0]), ("code/deviation", 6, 2));
        assert!((h.low - 1.0).abs() < 0.2 && (h.high - 8.7).abs() < 0.3, "{h:?}");
    }

    #[test]
    fn the_confusion_is_that_of_the_accuracy() {
        let row = probe(&input());
        let confusion = row.confusion.unwrap();
        let linear = row.accuracy.linear;
        for (table, accuracy) in [(&confusion.conv, linear.conv), (&confusion.fc, linear.fc), (&confusion.y, linear.y)] {
            assert!(table.iter().all(|row| row.iter().sum::<u32>() == 50), "50 test images of each class: {table:?}");
            let right: u32 = (0..CLASSES).map(|c| table[c][c]).sum();
            assert_eq!(f64::from(right) / 200.0, accuracy);
        }
        assert_eq!(linear.y, 1.0);
        assert!(linear.conv < 0.4, "noise: {}", linear.conv);
        assert_eq!(row.pixels, Some(1.0));
    }

    #[test]
    fn a_factor_is_read_where_it_is() {
        let row = probe(&input());
        let [FactorScores { name, measure: Measure::R2, score, baseline }] = &row.factors[..] else {
            panic!("{:?}", row.factors)
        };
        assert_eq!(name, "depth");
        assert!(score.y.unwrap() > 0.999 && score.conv.unwrap() < 0.05 && score.fc.unwrap() < 0.05, "{score:?}");
        assert!(baseline.unwrap() <= 0.0, "the training mean is no better than the mean of the test rows");
    }

    #[test]
    fn what_would_be_long_or_cannot_be_told_is_left_out() {
        let mut many = input();
        many.classes = CONFUSION_CLASSES + 1;
        assert_eq!(probe(&many).confusion, None);
        let mut bad = input();
        bad.train.fc.values[0] = f32::NAN;
        let score = probe(&bad).factors[0].score;
        assert!(score.fc.is_none() && score.y.is_some());
        let later = ProbeInput { pixels: None, factors: Vec::new(), ..input() };
        let row = probe(&later);
        let text = serde_json::to_string(&row).unwrap();
        assert!(!text.contains("pixels") && !text.contains("factors"), "{text}");
        assert_eq!(serde_json::from_str::<ProbeRow>(&text).unwrap(), row);
    }
}
