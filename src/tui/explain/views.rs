//! The header, and the main numbers of the views.

use super::{Entry, entry};
use crate::tui::keys::Action;

pub const HEADER: &[Entry] = &[
    entry(
        "What is going on",
        "An encoder learns to describe images by a short row of numbers, the code Y, without being told what the images show. It is trained \
         to keep as much information about the image as it can; the charts show how much, and what it is good for.",
    )
    .source("Deep InfoMax: Hjelm et al. 2019"),
    entry("8192 train, 2048 test", "Images that the encoder learns from, and images held out, on which nothing is fitted.").unit("images"),
    entry("32×32×3, 10 classes", "Width, height and colours of an image, and how many kinds there are. Only the probes see the classes."),
    entry("conv32 width 32 → 64", "The encoder, the channels of its first convolution, and how many numbers its code Y has."),
    entry("cpu, 2 threads, 172 MiB", "What it computes on, and the memory that this program holds, where the system tells."),
    entry("TRAINING, PAUSED, FINISHED", "What the trainer does now. {pause} pauses and goes on; charts, views and settings work all the while."),
    entry("step 120 / 3,000", "Steps done, and steps of the whole run. A step shows one batch of images to the encoder and corrects it once."),
    entry("steps/s and left", "The present speed, and how long the rest takes at that."),
    entry("epoch", "How often every training image has been seen, on the average.").formula("images seen / training images"),
    entry("parameters", "Numbers that are trained: weights of encoder, critics and discriminator."),
    entry("The signs of the log", "… asked for, ✓ in force, ✗ refused, ◆ a probe, ■ a checkpoint, ≡ the config file, ! a warning; before them the step."),
];

const ESTIMATORS: &[Entry] = &[
    entry("of ln r, nats", "What each estimator reads from the newest scores, once these are translated to the critic that it would itself train to.")
        .unit("nats")
        .kind("of the kind in the last column, on one batch")
        .mind("The translation needs that scores say something of ln r, the log-ratio of true pairs to others; '–' where they do not."),
    entry("raw, nats", "The same from the scores as they are.").unit("nats").mind(
        "Only the estimator in force trains the critic: for the others these scores may be off by a constant or worse.",
    ),
    entry("ceiling", "The most that the estimator can report with these K negatives.").unit("nats").formula("infonce: ln(K+1)"),
    entry("negatives, of which … count", "How many of the K negatives carry the comparison: weights w of the softmax over a group's negatives.")
        .formula("1/Σw²")
        .mind("Few count where few negatives are hard to tell from the true pair."),
    entry("show the class of their anchor", "Share of the negatives whose image is of the same class as the one they are compared with.")
        .unit("%")
        .mind("The training knows no classes and pushes these apart as any other."),
    entry("joint and marginal", "How the scores of true pairs and of others lie: the further apart, the surer the critic."),
    entry("pull at Y", "How hard each term pulls at the codes of the newest batch: the length of its gradient, weighted, and raw in brackets.")
        .formula("‖∂(weight·loss)/∂Y‖ over the batch"),
    entry("cosines", "Whether two terms pull the same way.").kind("1: both want the same; −1: one undoes the other"),
    entry("effective rank", "How many directions the codes of the batch really use.")
        .formula("exp(−Σ p ln p), p the shares of the singular values of the centred codes")
        .source("RankMe: Garrido et al. 2023, eq. 1, here of centred codes")
        .mind("Far below the number of units: much of the code repeats itself."),
    entry("idle", "Units of the code that hardly change from image to image."),
];

const REPRESENTATION: &[Entry] = &[
    entry(
        "principal components of Y",
        "Each held-out image where its code lies, on the two directions in which the codes differ most; each letter is a class.",
    )
    .unit("% of the variance that each of the two explains")
    .mind("Two directions of many: what overlaps here may be apart in others."),
    entry("nearest", "The images whose codes point most nearly the same way as that of the image looked into.")
        .formula("cosine of the codes")
        .kind("= its class, ≠ another"),
    entry("over all images … agree", "Share of the nearest images, over all that are shown, of the same class.")
        .unit("%")
        .mind("Chance is about 1/classes."),
    entry(
        "scores T by place",
        "What the local critic says of each place of the image together with the image's own code: where it recognises itself.",
    )
    .kind("a score, not nats"),
    entry(
        "hardest negatives",
        "The other images that the local critic takes most readily for this one: the mean score of their places.",
    )
    .kind("a score, not nats"),
];

const PROBES: &[Entry] = &[
    entry("accuracy", "Share of held-out images whose class a linear classifier reads off the frozen layer.")
        .unit("%")
        .kind("a value of this sample; ± is one standard error")
        .formula("± √(a(1 − a)/n)"),
    entry("untrained and gain", "The same layer before any training, and how far it is above that now. Features of a random encoder are no rubbish.")
        .unit("% and percentage points"),
    entry("over pixels", "How far the layer is above a classifier on the raw pixels.")
        .unit("percentage points")
        .mind("Below 0 the layer has lost something of what the pixels say at once."),
    entry("confusion", "Which class (row) is taken for which (column) by the probe on the layer.").unit("held-out images"),
    entry("factors", "How well a linear model reads what each image was drawn from: place, hue, scale and so on. Known for the built-in shapes only.")
        .formula("R² = 1 − error²/variance; * accuracy, where the factor is a name")
        .kind("1: read perfectly; 0: not at all; │ where the untrained encoder stands")
        .mind("It may be a little below 0: a model that is worse than the mean on held-out images."),
];

const RUNS: &[Entry] = &[
    entry("Y", "Accuracy of the linear probe on the code at the last probe of the run.").unit("%"),
    entry("nats", "The held-out estimate at the last probe of the run.")
        .unit("nats")
        .mind("Nats of different estimators, or of different K with infonce, do not compare as they stand."),
];

const DATA: &[Entry] = &[
    entry("The images", "What the run is about: training images, which the encoder learns from, and held-out ones, which it never sees. Labels \
                         are for the probes alone."),
    entry("augmented", "The picked training image as it would look as the first of the batch of each of the next steps, under the settings in force.")
        .mind("Drawn from (seed, step) as the trainer draws them, so that the same step shows the same image. Held-out images are never augmented."),
    entry("factors", "What the picked image was drawn from, known for the built-in shapes; the bar is the place of the value in its range."),
    entry("images by class", "How many images of each class the split holds: chance for the probes is the share of the largest."),
];

/// What there is to say of the view that this action opens.
pub fn of(action: Action) -> &'static [Entry] {
    match action {
        Action::Estimators => ESTIMATORS,
        Action::Representation => REPRESENTATION,
        Action::Probes => PROBES,
        Action::Runs => RUNS,
        Action::Data => DATA,
        _ => &[],
    }
}
