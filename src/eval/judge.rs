//! The probes in one table, and the one question they are all asked: how well are labels read off frozen features?

use super::{
    features::{Features, Standardiser},
    knn, logistic, mlp, share_right, svm,
};

/// What reads the features. Its name and description are in [`PROBES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProbeKind {
    Linear,
    Mlp,
    Svm,
    Knn,
}

/// One line of the table.
pub struct Probe {
    pub kind: ProbeKind,
    pub name: &'static str,
    pub about: &'static str,
    /// Whether the fit itself draws random numbers; the others give the same answer for every seed.
    pub draws: bool,
    answer: fn(&Task) -> Answers,
}

/// All probes, in the order of [`ProbeKind`].
pub const PROBES: &[Probe] = &[
    Probe {
        kind: ProbeKind::Linear,
        name: "linear",
        about: "multinomial logistic regression on standardised features, L2 penalty dim/(2n)",
        draws: false,
        answer: logistic::answer,
    },
    Probe {
        kind: ProbeKind::Mlp,
        name: "mlp",
        about: "one hidden layer of 200 ReLU units with dropout 0.1 on standardised features (Hjelm et al. 2019)",
        draws: true,
        answer: mlp::answer,
    },
    Probe {
        kind: ProbeKind::Svm,
        name: "svm",
        about: "linear support vector machines, one against the rest, squared hinge, C = 1, on standardised features",
        draws: false,
        answer: svm::answer,
    },
    Probe {
        kind: ProbeKind::Knn,
        name: "knn",
        about: "majority vote of the 200 (at most n/5) training rows of largest cosine",
        draws: false,
        answer: knn::answer,
    },
];

impl ProbeKind {
    /// Its line of [`PROBES`].
    pub fn probe(self) -> &'static Probe {
        &PROBES[self as usize]
    }

    pub fn name(self) -> &'static str {
        self.probe().name
    }

    pub fn about(self) -> &'static str {
        self.probe().about
    }

    /// The probe of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        PROBES.iter().find(|p| p.name == name).map(|p| p.kind)
    }
}

/// How long a probe that is trained by steps may take; the others are solved to the end either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effort {
    /// Ten passes over the training rows, and at least 1,000 steps.
    #[default]
    Quick,
    /// A hundred passes, and at least 10,000 steps.
    Paper,
}

/// A training and a test split of one layer's features, and what else a probe must know.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    pub train: &'a Features,
    /// One per training row, each below `classes`.
    pub labels: &'a [u8],
    pub test: &'a Features,
    /// One per test row, each below `classes`.
    pub test_labels: &'a [u8],
    pub classes: usize,
    /// Of the probes that draw; see [`Probe::draws`].
    pub seed: u64,
    pub effort: Effort,
}

/// How well the labels were read.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Share of training rows read right, in [0, 1]. kNN leaves the row itself out, and asks at most 2,000 rows.
    pub train_accuracy: f64,
    /// Share of test rows read right, in [0, 1].
    pub test_accuracy: f64,
    /// Test rows by \[true class]\[predicted class].
    pub confusion: Vec<Vec<u32>>,
}

/// What a probe answers: the classes predicted for the test rows, and how well it does on its own training rows.
pub(super) struct Answers {
    pub train_accuracy: f64,
    pub test: Vec<u8>,
}

/// Fits the probe on the training split and judges it on the test split.
///
/// Both accuracies are NaN, and the confusion is all zero, if a split is empty or a feature is not finite.
///
/// # Panics
/// If `labels` are not one per row and below `classes`, or the splits differ in `dim`: faults of the caller.
pub fn judge(kind: ProbeKind, task: &Task) -> Judged {
    task.check();
    let mut confusion = vec![vec![0u32; task.classes]; task.classes];
    if !task.can_be_judged() {
        return Judged { train_accuracy: f64::NAN, test_accuracy: f64::NAN, confusion };
    }
    let answers = (kind.probe().answer)(task);
    for (&label, &predicted) in task.test_labels.iter().zip(&answers.test) {
        confusion[usize::from(label)][usize::from(predicted)] += 1;
    }
    let test_accuracy = share_right(&answers.test, task.test_labels);
    Judged { train_accuracy: answers.train_accuracy, test_accuracy, confusion }
}

impl Task<'_> {
    fn check(&self) {
        // What is empty has no dimension.
        assert!(
            self.train.n == 0 || self.test.n == 0 || self.train.dim == self.test.dim,
            "train and test features have the same dimension"
        );
        for (features, labels) in [(self.train, self.labels), (self.test, self.test_labels)] {
            features.check();
            assert_eq!(features.n, labels.len(), "one label per image");
            if let Some(&label) = labels.iter().find(|&&l| usize::from(l) >= self.classes) {
                panic!("label {label} is not below the number of classes, {}", self.classes);
            }
        }
    }

    fn can_be_judged(&self) -> bool {
        self.train.n > 0 && self.test.n > 0 && self.train.finite() && self.test.finite()
    }
}

/// Both splits by the training split's mean and deviation.
pub(super) fn standardised(task: &Task) -> (Features, Features) {
    let scale = Standardiser::fit(task.train);
    (scale.apply(task.train), scale.apply(task.test))
}
