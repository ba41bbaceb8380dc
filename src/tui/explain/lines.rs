//! The lines of the charts.

use super::{Entry, entry};
use crate::{config::Config, train::history::Series, tui::app::ChartId};

/// Every line that the chart may have.
pub fn of_chart(id: ChartId) -> Vec<Series> {
    match id {
        ChartId::Loss => {
            vec![Series::Loss, Series::LossLocal, Series::LossGlobal, Series::LossPrior, Series::LossDiscriminator]
        }
        ChartId::Information => vec![
            Series::HeldoutLocal,
            Series::HeldoutGlobal,
            Series::GuaranteedLocal,
            Series::GuaranteedGlobal,
            Series::MiLocal,
            Series::MiGlobal,
            Series::CeilingLocal,
            Series::CeilingGlobal,
            Series::Truth,
            Series::MeanEstimate(0),
            Series::Estimate(0),
            Series::ArenaCeiling,
        ],
        ChartId::Accuracy => {
            vec![Series::AccuracyConv, Series::AccuracyFc, Series::AccuracyY, Series::AccuracyKnn, Series::Chance]
        }
        ChartId::Bias => vec![Series::Bias(0)],
        ChartId::Deviation => vec![Series::Deviation(0)],
    }
}

/// What comes before the lines.
pub fn whole(id: ChartId, config: &Config) -> &'static [Entry] {
    match id {
        ChartId::Information if config.has_encoder() => &[INFORMATION],
        ChartId::Accuracy if config.data.name == "shapes" => &[WHY_IT_FALLS],
        ChartId::Accuracy => &[ACCURACY],
        _ => &[],
    }
}

const INFORMATION: Entry = entry(
    "Information in nats",
    "How much the code Y is known to say about the image: what this critic can certify on this sample, not a property of the encoder alone. \
     A deterministic encoder of continuous images has infinite information with its input; no estimate can show that.",
)
.unit("nats: 1 nat = 1.44 bits")
.mind(
    "More nats need not mean better features. Values below −5 are cut off and the title says so: one large score of a negative pair sinks \
     the read-out of an untrained critic.",
);

const WHY_IT_FALLS: Entry = entry(
    "Why accuracy falls on these images",
    "It is no fault of the run. The local term lets the places of an image tell each other what they share: hue, place and brightness of \
     the ground are kept whole. The class is the outline of the shape, which shows in no single place, and that is given up. The probe asks \
     for the class only, so it falls while the estimates rise.",
)
.source("measured, three seeds: README, 'What the global term learns that the local one does not'; the bars of Probes ({probes}) show it live")
.mind("On photographs, whose classes show locally, the same objective raises it: README, 'Results'.");

const ACCURACY: Entry = entry(
    "How the layers are probed",
    "A small classifier is fitted on the frozen features of a layer and judged on held-out images. The encoder never sees a label: what the \
     probe finds was learned without any. An untrained encoder is not at chance; the point at step 0 shows where it begins.",
);

/// The entry of a line.
pub fn entry_of(series: Series) -> Option<&'static Entry> {
    Some(match series {
        Series::Loss => &LOSS,
        Series::LossLocal => &LOSS_LOCAL,
        Series::LossGlobal => &LOSS_GLOBAL,
        Series::LossPrior => &LOSS_PRIOR,
        Series::LossDiscriminator => &DISCRIMINATOR,
        Series::MiLocal => &TRAINING_LOCAL,
        Series::MiGlobal => &TRAINING_GLOBAL,
        Series::HeldoutLocal => &HELDOUT_LOCAL,
        Series::HeldoutGlobal => &HELDOUT_GLOBAL,
        Series::GuaranteedLocal => &GUARANTEED_LOCAL,
        Series::GuaranteedGlobal => &GUARANTEED_GLOBAL,
        Series::CeilingLocal => &CEILING_LOCAL,
        Series::CeilingGlobal => &CEILING_GLOBAL,
        Series::AccuracyConv => &CONV,
        Series::AccuracyFc => &FC,
        Series::AccuracyY => &Y,
        Series::AccuracyKnn => &KNN,
        Series::Chance => &CHANCE,
        Series::Truth => &TRUTH,
        Series::ArenaCeiling => &ARENA_CEILING,
        Series::Estimate(_) => &ESTIMATE,
        Series::MeanEstimate(_) => &MEAN_ESTIMATE,
        Series::Bias(_) => &BIAS,
        Series::Deviation(_) => &DEVIATION,
        // On no chart.
        Series::GradNorm | Series::LearningRate => return None,
    })
}

const LOSS: Entry = entry("total", "What encoder and critics minimise: the terms that train, each times its weight.")
    .formula("−α·Î(global) − β·Î(local) + γ·prior")
    .unit("none: a sum of objectives, not nats of information")
    .kind("a value of the newest batch")
    .source("Hjelm et al. 2019, eq. 8")
    .mind("Each estimator has an objective of its own: losses before and after a swap, or of two estimators, do not compare.");

const LOSS_LOCAL: Entry = entry(
    "local (L)",
    "Minus the objective of the local term: the critic scores the code with single places of the feature map, true pairs high, others low.",
)
.formula("−Î(C⁽ˡ⁾(x); Y), the mean over the places l")
.unit("none: the estimator's own objective")
.kind("a value of the newest batch")
.source("Hjelm et al. 2019, eq. 6")
.mind("For infonce it can fall to 0 and no further; for jsd likewise; for dv and nwj there is no floor.");

const LOSS_GLOBAL: Entry =
    entry("global (G)", "Minus the objective of the global term: the critic scores the code with the whole feature map at once.")
        .formula("−Î(C(x); Y)")
        .unit("none: the estimator's own objective")
        .kind("a value of the newest batch")
        .source("Hjelm et al. 2019, section 3.1, eq. 3")
        .mind("In mode monitor it trains its critic only and is no part of the total.");

const LOSS_PRIOR: Entry = entry(
    "prior (P)",
    "How clearly the discriminator tells the codes from draws of the prior, as the encoder feels it: it wants this small.",
)
.formula("−E[ln D(Y)], the non-saturating loss")
.unit("nats, of cross-entropy and not of information")
.kind("a value of the newest batch")
.source("Hjelm et al. 2019, eq. 7; non-saturating as in Goodfellow et al. 2014, section 3")
.mind("At ln 2 = 0.69 the discriminator can tell nothing; far above it the codes are nothing like the prior.");

const DISCRIMINATOR: Entry = entry(
    "discriminator (D)",
    "The loss of the network that learns to tell codes from draws of the prior. It has a step of its own, before the encoder's.",
)
.formula("−E[ln D(z)] − E[ln(1 − D(Y))], z drawn from the prior")
.unit("nats, of cross-entropy and not of information")
.kind("a value of the newest batch")
.source("Hjelm et al. 2019, eq. 7")
.mind("2 ln 2 = 1.39 is a toss-up: codes that look like the prior. Near 0 the prior has lost, and the doctor says so.");

const TRAINING_LOCAL: Entry = entry(
    "local training (L tr)",
    "The estimate of the local term on the newest training batch: what the critic says of the images that it learns from.",
)
.unit("nats")
.kind("of the kind of its estimator (below), on one batch")
.mind("It may lie above the held-out one: a critic can learn its images by heart. Believe the held-out one.");

const TRAINING_GLOBAL: Entry = entry("global training (G tr)", "The estimate of the global term on the newest training batch.")
    .unit("nats")
    .kind("of the kind of its estimator (below), on one batch")
    .mind("It may lie above the held-out one: a critic can learn its images by heart. Believe the held-out one.");

const HELDOUT_LOCAL: Entry = entry(
    "local held-out (L val)",
    "The same estimate on images that training never saw, taken with each probe: the number to believe.",
)
.unit("nats")
.kind("of the kind of its estimator (below), on at least 1,024 images if there are so many")
.mind(
    "It can be negative: a bound that a bad critic certifies may lie below zero although the information cannot. With locations = any it is \
     a contrastive score and bounds nothing.",
);

const HELDOUT_GLOBAL: Entry =
    entry("global held-out (G val)", "The estimate of the global term on images that training never saw, taken with each probe.")
        .unit("nats")
        .kind("of the kind of its estimator (below), on at least 1,024 images if there are so many")
        .mind("It can be negative: a bound that a bad critic certifies may lie below zero although the information cannot.");

const GUARANTEED_LOCAL: Entry = entry(
    "local guaranteed (L min)",
    "Under jsd: what the Jensen-Shannon divergence of the held-out pairs guarantees, less two standard errors.",
)
.formula("Ξ(JS − 2 s.e.), JS = ln 2 + objective/2; Ξ inverts JS = ln 2 − ½(1+e⁻ᵏ)ln(1+e⁻ᵏ) − ½k·e⁻ᵏ")
.unit("nats")
.kind("a lower bound that holds for any critic")
.source("arXiv 2510.20644")
.mind("It is small, and it holds. At 0 the critic has shown nothing yet. It has no ceiling in K.");

const GUARANTEED_GLOBAL: Entry = entry(
    "global guaranteed (G min)",
    "Under jsd: what the held-out pairs of the global term guarantee, less two standard errors.",
)
.formula("Ξ(JS − 2 s.e.), JS = ln 2 + objective/2")
.unit("nats")
.kind("a lower bound that holds for any critic")
.source("arXiv 2510.20644")
.mind("It is small, and it holds. At 0 the critic has shown nothing yet.");

const CEILING_LOCAL: Entry = entry(
    "local ceiling (L max)",
    "The most that the estimator of the local term can report with its K negatives, whatever there is to know.",
)
.formula("infonce: ln(K+1), 4.16 with K = 63; dv with scores clipped to ±c: 2c")
.unit("nats")
.kind("a limit of the estimate, not of the information")
.source("van den Oord et al. 2018, section 2.3; Poole et al. 2019")
.mind("An estimate close to it says only that K is too small.");

const CEILING_GLOBAL: Entry = entry(
    "global ceiling (G max)",
    "The most that the estimator of the global term can report with its K negatives, whatever there is to know.",
)
.formula("infonce: ln(K+1); dv with scores clipped to ±c: 2c")
.unit("nats")
.kind("a limit of the estimate, not of the information")
.source("van den Oord et al. 2018, section 2.3; Poole et al. 2019")
.mind("An estimate close to it says only that K is too small.");

const CONV: Entry = entry(
    "conv",
    "Held-out accuracy of a linear classifier on the last feature map of the convolutions, flattened.",
)
.formula("images of the right class / images judged")
.unit("%")
.kind("a value, with a standard error: {probes} shows it")
.mind("The largest layer: even untrained it tells classes apart. A probe fitted on few images lies below one fitted on all.");

const FC: Entry = entry("fc", "Held-out accuracy of a linear classifier on the fully connected layer.")
    .formula("images of the right class / images judged")
    .unit("%")
    .kind("a value, with a standard error: {probes} shows it")
    .mind("Between feature map and code.");

const Y: Entry =
    entry("Y", "Held-out accuracy of a linear classifier on the code, the few numbers that the encoder makes of an image.")
        .formula("images of the right class / images judged")
        .unit("%")
        .kind("a value, with a standard error: {probes} shows it")
        .source("Hjelm et al. 2019, section 4.1")
        .mind("It need not follow the estimates: information about what is no class counts as much as any other.");

const KNN: Entry = entry("kNN on Y", "Held-out accuracy of the nearest neighbours in the code: nothing is fitted.")
    .unit("%")
    .kind("a value")
    .mind("It sees distances only, so that it is often below the linear probe.");

const CHANCE: Entry = entry("chance", "The accuracy of always guessing the most frequent class: the line to be above.")
    .unit("%")
    .kind("a reference");

const TRUTH: Entry =
    entry("truth (arena)", "The mutual information that the pairs really have: they are drawn from a known distribution.")
        .formula("I(x; y) = −(d/2) ln(1 − ρ²)")
        .unit("nats")
        .kind("the true value")
        .mind("Raise it with the setting 'information' and see who follows.");

const ARENA_CEILING: Entry =
    entry("ceiling (arena)", "The most that the bounded ones among the estimators can report with this batch.")
        .formula("infonce: ln(K+1)")
        .unit("nats")
        .kind("a limit of the estimate, not of the information");

const ESTIMATE: Entry =
    entry("one batch (arena, dimmed)", "An estimator's value on the newest batch, before it learns from that batch.")
        .unit("nats")
        .kind("of the kind of its estimator (below)")
        .mind("How widely it scatters is the standard deviation.");

const MEAN_ESTIMATE: Entry =
    entry("an estimator's name (arena)", "The mean of its estimates over the last 200 steps since the truth was moved.")
        .unit("nats")
        .kind("of the kind of its estimator (below)")
        .mind("Above the truth it is no bound, whatever it claims; below it the critic may need more steps.");

const BIAS: Entry =
    entry("bias", "How far an estimator is from the truth on the average of the last 200 steps since that was moved.")
        .formula("E[Î] − I")
        .unit("nats")
        .kind("a value; 0 is perfect")
        .source("Song & Ermon 2020, section 6.1; Poole et al. 2019, figure 2")
        .mind("Negative for lower bounds that fall behind. infonce cannot pass ln(K+1) and so falls behind by the rest.");

const DEVIATION: Entry =
    entry("standard deviation", "How widely an estimator scatters from batch to batch over the last 200 steps.")
        .formula("√(E[Î²] − E[Î]²)")
        .unit("nats")
        .kind("a value")
        .source("Song & Ermon 2020, theorem 2: for dv and nwj the variance grows like eᴵ")
        .mind("Small is not good by itself: an estimator at its ceiling hardly moves.");
