//! The settings. What a setting takes, its default and whether it can change live stand in the config's own table of keys.

use super::{Entry, entry};

const OWN_ESTIMATOR: &str = "\"inherit\" takes the estimator that both terms share.";

/// Every setting of the list on the screen, and every live one.
pub const SETTINGS: &[(&str, Entry)] = &[
    (
        "objective.estimator",
        entry("", "What turns the critic's scores of true pairs and of others into an objective to train on and into an estimate in nats.")
            .mind("What a swap does to the critics is 'on swap'. Estimates compare across a swap, losses do not."),
    ),
    (
        "objective.options.ema",
        entry("", "How much of its running mean of eᵀ' the estimator mine keeps at each batch; the others have none.")
            .formula("m ← ema·m + (1 − ema)·mean(eᵀ')")
            .source("Belghazi et al. 2018, section 3.2")
            .mind("Nearer to 1: less bias of the gradient, and slower to follow."),
    ),
    (
        "objective.options.tau",
        entry("", "Where the estimator smile cuts the scores of other pairs before it reads nats off them; the others do not.")
            .formula("clip(T', −τ, τ)")
            .source("Song & Ermon 2020, eq. 14")
            .mind("Smaller: less variance and more bias. No bound either way."),
    ),
    (
        "objective.clip",
        entry("", "Bends every score softly into ±c, against scores that run away; 0 leaves them as they are.")
            .formula("T ← c·tanh(T/c)")
            .mind("It brings a ceiling: with dv no more than 2c nats can be reported. Scores far beyond c get no gradient any more."),
    ),
    (
        "objective.include_positives",
        entry("", "Puts every true pair among its own negatives as well: a mistake of published code, here to be seen at work.")
            .mind("With few negatives it hurts most: at K = 1 half of the 'others' are true pairs. The usual ceilings do not hold."),
    ),
    (
        "objective.on_swap",
        entry("", "What becomes of the critics when the estimator changes: kept as they are, kept with their scores mapped so that nothing \
                   jumps, or begun anew.")
            .mind("Estimators want different scores of the same pairs: a kept critic may read badly for some steps after a swap."),
    ),
    (
        "objective.on_nonfinite",
        entry("", "What happens when loss or gradient are no numbers any more: wait for you, stop, or go back to the last checkpoint at half \
                   the learning rate.")
            .mind("The step that failed leaves no trace in the networks. After three ways back the run stops."),
    ),
    (
        "objective.local.mode",
        entry("", "The local term: information between the code and single places of the image. On, watched without moving the encoder, or off.")
            .formula("β·(1/L) Σ Î(C⁽ˡ⁾(x); Y) over the L places")
            .source("Hjelm et al. 2019, section 3.2, eq. 6")
            .mind("On photographs it is what makes classes readable. On the built-in shapes it is not: see the chart of accuracy."),
    ),
    (
        "objective.local.weight",
        entry("", "How much the local term counts beside the others.")
            .formula("β")
            .source("Hjelm et al. 2019, eq. 8")
            .mind("Where it is the only term that trains, it changes nothing: Adam rescales a lone term."),
    ),
    (
        "objective.local.negatives",
        entry("", "With how many pairs that do not belong together each true pair is compared.")
            .formula("K; infonce cannot report more than ln(K+1) nats")
            .source("Hjelm et al. 2019: infonce and dv want many, jsd does with few")
            .mind("Drawn anew from the batch at every step, never the image itself. No more than batch − 1 with locations = same or one."),
    ),
    (
        "objective.local.locations",
        entry("", "Where the negatives come from: the same place of other images, one random place of each, or any place of any other image.")
            .mind("With 'any' several negatives are of one image and depend on each other: the number is then a contrastive score, no bound."),
    ),
    (
        "objective.local.critic",
        entry("", "The network that scores a pair: 'dot' embeds both sides and multiplies, 'concat' reads both at once.")
            .source("Hjelm et al. 2019, appendix")
            .mind("A change starts the critic anew: its estimates begin at the bottom. 'concat' costs more with each negative."),
    ),
    ("objective.local.estimator", entry("", "An estimator for the local term alone.").mind(OWN_ESTIMATOR)),
    ("objective.local.clip", entry("", "A score clip for the local term alone, c·tanh(T/c).").mind("\"inherit\" takes the shared one.")),
    (
        "objective.local.options.ema",
        entry("", "What the estimator mine keeps of its running mean, for the local term alone.").mind("\"inherit\" takes the shared one."),
    ),
    (
        "objective.local.options.tau",
        entry("", "Where the estimator smile cuts scores, for the local term alone.").mind("\"inherit\" takes the shared one."),
    ),
    (
        "objective.global.mode",
        entry("", "The global term: information between the code and the whole feature map. On, watched without moving the encoder, or off.")
            .formula("α·Î(C(x); Y)")
            .source("Hjelm et al. 2019, section 3.1, eq. 3")
            .mind("'monitor' answers: does local training raise the global information too?"),
    ),
    (
        "objective.global.weight",
        entry("", "How much the global term counts beside the others.")
            .formula("α")
            .source("Hjelm et al. 2019, eq. 8")
            .mind("Where it is the only term that trains, it changes nothing: Adam rescales a lone term."),
    ),
    (
        "objective.global.critic",
        entry("", "The network that scores a code with a whole feature map: 'dot' embeds both and multiplies, 'concat' reads both at once.")
            .source("Hjelm et al. 2019, appendix")
            .mind("A change starts the critic anew: its estimates begin at the bottom."),
    ),
    (
        "objective.global.negatives",
        entry("", "With how many other images each image is compared in the global term.")
            .formula("K; infonce cannot report more than ln(K+1) nats")
            .mind("Drawn anew from the batch at every step; no more than batch − 1."),
    ),
    ("objective.global.estimator", entry("", "An estimator for the global term alone.").mind(OWN_ESTIMATOR)),
    ("objective.global.clip", entry("", "A score clip for the global term alone, c·tanh(T/c).").mind("\"inherit\" takes the shared one.")),
    (
        "objective.global.options.ema",
        entry("", "What the estimator mine keeps of its running mean, for the global term alone.").mind("\"inherit\" takes the shared one."),
    ),
    (
        "objective.global.options.tau",
        entry("", "Where the estimator smile cuts scores, for the global term alone.").mind("\"inherit\" takes the shared one."),
    ),
    (
        "objective.global.layer",
        entry("", "Which features the global term pairs with the code: the last feature map, or the fully connected layer after it."),
    ),
    (
        "objective.prior.mode",
        entry("", "Prior matching: a discriminator learns to tell the codes from draws of a known distribution, and the encoder to fool it.")
            .formula("γ·(−E[ln D(Y)])")
            .source("Hjelm et al. 2019, section 3.3, eq. 7")
            .mind("It spends part of the code on its shape: the estimates may fall. 'monitor' trains the discriminator and leaves the code alone."),
    ),
    (
        "objective.prior.weight",
        entry("", "How much prior matching counts beside the other terms.")
            .formula("γ")
            .source("Hjelm et al. 2019, eq. 8: 0.1 in DIM(L), 1 in DIM(G)")
            .mind("If the loss of the discriminator is near 0, the prior has lost and needs a larger weight."),
    ),
    (
        "objective.prior.kind",
        entry("", "The distribution that the codes are pulled to: uniform on the cube [0, 1]ᵈ, by way of σ(Y), or a standard normal on Y itself.")
            .source("Hjelm et al. 2019, section 3.3: uniform"),
    ),
    (
        "optim.lr",
        entry("", "How large a step Adam takes. Too large: the loss jumps; too small: nothing moves.")
            .source("Hjelm et al. 2019: 10⁻⁴; Adam: Kingma & Ba 2015"),
    ),
    (
        "optim.batch",
        entry("", "Images of one step. They are each other's negatives: K can be at most batch − 1.")
            .source("Hjelm et al. 2019: 64")
            .mind("A larger one costs time for each step and raises what infonce can report."),
    ),
    ("optim.steps", entry("", "How many steps the run has in all. After the last one the screen stays; raise it to go on.")),
    ("optim.epochs", entry("", "The length as passes over the training images instead of steps; 0: 'steps' counts.")),
    (
        "optim.lr_schedule",
        entry("", "The course of the learning rate: constant, or down to 0 along half a cosine.")
            .formula("lr·½(1 + cos(π·step/steps)), times the warm-up")
            .mind("A change of 'steps' stretches the cosine."),
    ),
    ("optim.warmup", entry("", "Over so many first steps the learning rate rises in a straight line from nearly 0.")),
    (
        "optim.clip_norm",
        entry("", "The largest length of the gradient of encoder and critics; a longer one is shortened to it. 0: off.")
            .formula("g ← g·min(1, clip/‖g‖)"),
    ),
    (
        "probe.every",
        entry("", "Steps between probes: how often the layers are read by small classifiers and the held-out estimates are taken.")
            .mind("They are fitted beside the training; if one is still at it when the next is due, training waits."),
    ),
    (
        "probe.train",
        entry("", "Labelled images that a probe is fitted on. The encoder never sees the labels.")
            .mind("More images: higher accuracy and longer fits. Compare probes of the same size only."),
    ),
    (
        "probe.test",
        entry("", "Held-out images that a probe is judged on.")
            .formula("standard error √(a(1 − a)/n) of an accuracy a")
            .mind("With 1,024 images an accuracy of 50 % is known to ±1.6 %."),
    ),
    ("metrics.every", entry("", "Steps between recorded rows, and between the points of the charts.")),
    ("checkpoint.every", entry("", "Steps between checkpoints, from which a killed run goes on; 0: only at the end.")),
    ("checkpoint.keep", entry("", "How many of the newest checkpoints stay on the disk. Those saved by hand ({checkpoint}) are kept besides.")),
    (
        "checkpoint.keep_best",
        entry("", "Keeps besides the checkpoint whose own step has the best linear probe on Y.")
            .mind("Picked by the probe's held-out images: judge it by others."),
    ),
    (
        "data.augment.crop",
        entry("", "Training images are shifted by up to so many pixels each way, anew at every step; what comes in is black, or the rest of a larger image.")
            .mind("What the encoder is shown shifted it may learn to ignore. Probes and held-out estimates see the images as they are. {data} shows it."),
    ),
    (
        "data.augment.flip",
        entry("", "Every second training image is turned around, left and right, anew at every step.")
            .mind("Not for images whose meaning changes, as digits. {data} shows it."),
    ),
    (
        "data.augment.colour",
        entry("", "Brightness, contrast and saturation of training images are multiplied by a random factor, anew at every step.")
            .formula("1 ± this, uniformly")
            .mind("What varies at random is no help to recognise an image, so the code may drop it. {data} shows it."),
    ),
    (
        "gaussian.information",
        entry("", "How much the two numbers of a pair really tell of each other: the truth that the estimators are held against.")
            .formula("I = −(d/2) ln(1 − ρ²)")
            .unit("nats")
            .mind("Raise it step by step and see who follows."),
    ),
    (
        "gaussian.estimators",
        entry("", "The estimators that train side by side, each with a critic of its own, on the same pairs.")
            .mind("Options and scripts too: smile:tau=1, mine-own.rhai. All critics begin with the same weights."),
    ),
    (
        "gaussian.cubed",
        entry("", "y is cubed. The information stays exactly the same, since the cube can be undone; the distribution is harder.")
            .source("Poole et al. 2019; Song & Ermon 2020, section 6.1"),
    ),
    ("gaussian.dimension", entry("", "d: how many numbers each side of a pair has.").formula("I = −(d/2) ln(1 − ρ²)")),
    (
        "gaussian.critic",
        entry("", "'separable' embeds both sides apart and multiplies, 'joint' reads them at once.").source("Poole et al. 2019"),
    ),
    ("data.name", entry("", "Which images the encoder learns from; 'gaussian' has none and compares estimators instead.")),
    ("data.dir", entry("", "The folder of the images; empty: the download cache, then a download. The built-in shapes need none.")),
    ("data.train_limit", entry("", "Only the first so many training images are used; 0: all of them.")),
    ("data.side", entry("", "Pixels a side that images of a folder or of parquet files are scaled to.")),
    (
        "encoder.kind",
        entry("", "The network that makes a code of an image: convolutions, a fully connected layer, and a linear one to the code.")
            .source("Hjelm et al. 2019, appendix"),
    ),
    ("encoder.width", entry("", "Channels of the first convolution; the later ones have multiples of it.").source("Hjelm et al. 2019: 64")),
    ("encoder.fc", entry("", "Units of the fully connected layer between feature map and code.").source("Hjelm et al. 2019: 1,024")),
    ("encoder.code", entry("", "How many numbers the code Y of an image has.").source("Hjelm et al. 2019: 64")),
    ("critic.units", entry("", "Into how many numbers the dot critic embeds each side of a pair.").source("Hjelm et al. 2019: 2,048")),
    ("critic.hidden", entry("", "Units of the hidden layers of the concat critic.").source("Hjelm et al. 2019: 512")),
    (
        "critic.norm",
        entry("", "A LayerNorm at the end of both sides of the dot critic, as the official code has it; the paper's text has none.")
            .mind("It is slower: such a critic cannot be folded."),
    ),
    (
        "seed",
        entry("", "Where every random draw begins: weights, order of the images, negatives. The same seed gives the same run, bit for bit.")
            .mind("One seed is one sample: compare settings over several."),
    ),
    ("run.device", entry("", "Where it is computed: auto takes a GPU if this build can use one and it answers, else the CPU. The header says which.")),
    ("run.tf32", entry("", "NVIDIA GPUs: matrix products with 10 bits of mantissa instead of 23. Faster; results differ in the fourth digit.")),
    ("run.threads", entry("", "CPU threads to compute with; 0: one for each physical core.")),
];
