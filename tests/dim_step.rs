//! The whole step against PyTorch in float64: same weights, same images, same negatives.
//!
//! `tests/fixtures/dim_step/README.md` says what the fixtures hold and how they were made.

use std::{collections::HashMap, path::PathBuf};

use candle_core::{DType, Device, Result, Tensor, Var, safetensors};
use dim_tui::{
    config::{CriticKind, CriticNorm, EncoderChoice, GlobalLayer, Locations, Mode, Options, PriorKind},
    model::{Critic, Discriminator, Encoder, EncoderShape, Features, Pairs, critic::CriticShape},
    nn::{Adam, Draws, Gradients, Stats, Store},
    train::{
        Scripts,
        objective::{self, PriorTerm, StepValue, Term},
        term_estimator::TermEstimator,
    },
};
use serde::Deserialize;

type Tensors = HashMap<String, Tensor>;

#[derive(Deserialize)]
struct Suite {
    sizes: Sizes,
    weights: Weights,
    lr: f64,
    steps: usize,
    cases: Vec<Case>,
}
#[derive(Deserialize)]
struct Sizes {
    batch: usize,
    width: usize,
    fc: usize,
    code: usize,
    units: usize,
    hidden: usize,
    discriminator: (usize, usize),
}
#[derive(Deserialize)]
struct Weights {
    alpha: f64,
    beta: f64,
    gamma: f64,
}
#[derive(Deserialize)]
struct Case {
    name: String,
    encoder: EncoderChoice,
    global: Option<GlobalCase>,
    local: Option<LocalCase>,
    prior: Option<PriorKind>,
    clip: f64,
    norm: CriticNorm,
    include_positives: bool,
    adam: bool,
    zero: Vec<String>,
}
#[derive(Deserialize)]
struct GlobalCase {
    estimator: String,
    critic: CriticKind,
    k: usize,
    layer: GlobalLayer,
}
#[derive(Deserialize)]
struct LocalCase {
    estimator: String,
    critic: CriticKind,
    locations: Locations,
    k: usize,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dim_step")
}

fn load(name: &str) -> Tensors {
    let path = folder().join(format!("{name}.safetensors"));
    safetensors::load(&path, &Device::Cpu).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn integers(t: &Tensor) -> Vec<usize> {
    t.flatten_all().unwrap().to_vec1::<i64>().unwrap().into_iter().map(|i| i as usize).collect()
}

/// The networks of a case with the fixture's weights.
struct Setup {
    store: Store,
    encoder: Encoder,
    global: Option<Critic>,
    local: Option<Critic>,
    discriminator: Option<Discriminator>,
    images: Tensor,
}

fn setup(case: &Case, sizes: &Sizes, fixture: &Tensors) -> Result<Setup> {
    let name = if case.encoder == EncoderChoice::Conv28 { "conv28" } else { "conv32" };
    let shared = load(name);
    let mut store = Store::new(Draws { seed: 0, attempt: 0 }, &Device::Cpu, DType::F32);
    let shape = EncoderShape::new(case.encoder, sizes.width, sizes.fc, sizes.code);
    let critic = |feature| CriticShape { feature, code: sizes.code, units: sizes.units, hidden: sizes.hidden, norm: case.norm };
    let encoder = Encoder::new(store.root().sub("encoder"), shape)?;
    let global = match &case.global {
        None => None,
        Some(g) => {
            let feature = if g.layer == GlobalLayer::Fc { sizes.fc } else { shape.conv_features() };
            Some(Critic::new(store.root().sub("global"), g.critic, critic(feature), "feature")?)
        }
    };
    let local = match &case.local {
        None => None,
        Some(l) => Some(Critic::new(store.root().sub("local"), l.critic, critic(shape.map_channels()), "map")?),
    };
    let discriminator = match case.prior {
        None => None,
        Some(_) => Some(Discriminator::new(store.root().sub("prior"), sizes.code, sizes.discriminator)?),
    };
    for (name, var) in store.params().iter().chain(store.buffers()) {
        let initial = fixture.get(&format!("init.{name}")).or_else(|| shared.get(name));
        var.set(initial.unwrap_or_else(|| panic!("{}: the fixture has no '{name}'", case.name)))?;
    }
    let images = shared["images"].to_dtype(DType::F32)?.affine(1.0 / 127.5, -1.0)?;
    Ok(Setup { store, encoder, global, local, discriminator, images })
}

fn global_pairs(n: usize, k: usize, table: &[usize]) -> Pairs {
    let joint = (0..n).map(|i| (i * n + i) as u32).collect();
    let marginal = table.iter().enumerate().map(|(at, j)| ((at / k) * n + j) as u32).collect();
    Pairs { rows: n, groups: n, positives: 1, negatives: k, joint, marginal }
}

fn local_pairs(n: usize, cells: usize, local: &LocalCase, fixture: &Tensors) -> Pairs {
    let (rows, k) = (n * cells, local.k);
    let images = integers(&fixture["neg.local.images"]);
    let joint = (0..rows).map(|r| ((r / cells) * rows + r) as u32).collect();
    let entry = |code: usize, image: usize, cell: usize| (code * rows + image * cells + cell) as u32;
    if local.locations == Locations::Same {
        let marginal = images.iter().enumerate().map(|(at, &j)| entry(at / k / cells, j, at / k % cells)).collect();
        return Pairs { rows, groups: rows, positives: 1, negatives: k, joint, marginal };
    }
    let cell = integers(&fixture["neg.local.locations"]);
    let marginal = images.iter().zip(cell).enumerate().map(|(at, (&j, l))| entry(at / k, j, l)).collect();
    Pairs { rows, groups: n, positives: cells, negatives: k, joint, marginal }
}

fn norm(t: &Tensor) -> f64 {
    let t = t.to_dtype(DType::F64).unwrap();
    t.sqr().unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap().sqrt()
}

fn difference(a: &Tensor, b: &Tensor) -> f64 {
    norm(&(a.to_dtype(DType::F64).unwrap() - b.to_dtype(DType::F64).unwrap()).unwrap())
}

fn scalar(t: &Tensor) -> f64 {
    t.to_dtype(DType::F64).unwrap().to_scalar().unwrap()
}

fn close(case: &str, what: &str, ours: f64, theirs: f64) {
    assert!((ours - theirs).abs() <= 2e-5 * (1.0 + theirs.abs()), "{case}: {what} is {ours}, PyTorch has {theirs}");
}

/// One case: values and gradients of the first step, parameters after all steps.
struct Check<'a> {
    suite: &'a Suite,
    case: &'a Case,
    fixture: Tensors,
    setup: Setup,
}

impl Check<'_> {
    fn group(&self, names: &[&str]) -> Vec<(String, Var)> {
        names.iter().flat_map(|g| self.setup.store.group(g)).collect()
    }

    fn prior(&self) -> Option<PriorTerm<'_>> {
        let discriminator = self.setup.discriminator.as_ref()?;
        Some(PriorTerm { mode: Mode::Train, weight: self.suite.weights.gamma, kind: self.case.prior?, discriminator })
    }

    fn value(&self, features: &Features) -> Result<StepValue> {
        let (case, n) = (self.case, self.suite.sizes.batch);
        let clip = (case.clip > 0.0).then_some(case.clip);
        let estimator = |name: &str| TermEstimator::new(name, &Options::default(), &Scripts::default()).unwrap();
        let include_positives = case.include_positives;
        let (e_global, e_local, p_global, p_local);
        let mut global = None;
        if let (Some(g), Some(critic)) = (&case.global, &self.setup.global) {
            e_global = estimator(&g.estimator);
            p_global = global_pairs(n, g.k, &integers(&self.fixture["neg.global"]));
            let layer = if g.layer == GlobalLayer::Fc { &features.fc } else { &features.conv };
            let weight = self.suite.weights.alpha;
            let term =
                Term { mode: Mode::Train, weight, critic, estimator: &e_global, pairs: &p_global, clip, include_positives };
            global = Some((term, layer));
        }
        let mut local = None;
        if let (Some(l), Some(critic)) = (&case.local, &self.setup.local) {
            e_local = estimator(&l.estimator);
            p_local = local_pairs(n, self.setup.encoder.shape().locations(), l, &self.fixture);
            let weight = self.suite.weights.beta;
            local =
                Some(Term { mode: Mode::Train, weight, critic, estimator: &e_local, pairs: &p_local, clip, include_positives });
        }
        objective::step(features, global, local, self.prior()).map_err(candle_core::Error::wrap)
    }

    fn values(&self, value: &StepValue) {
        let expect = |what: &str, ours: Option<&Tensor>| {
            let theirs = self.fixture.get(&format!("value.{what}"));
            assert_eq!(ours.is_some(), theirs.is_some(), "{}: {what} on both sides", self.case.name);
            if let (Some(ours), Some(theirs)) = (ours, theirs) {
                close(&self.case.name, what, scalar(ours), scalar(theirs));
            }
        };
        expect("loss.total", Some(&value.loss));
        expect("loss.prior", value.prior.as_ref());
        expect("loss.global", value.global.as_ref().map(|v| &v.loss));
        expect("loss.local", value.local.as_ref().map(|v| &v.loss));
        expect("mi.global", value.global.as_ref().and_then(|v| v.nats.as_ref()));
        expect("mi.local", value.local.as_ref().and_then(|v| v.nats.as_ref()));
    }

    /// ‖Δ‖ ≤ 1e-4·‖g‖ + 1e-7·(largest tensor's norm), per tensor; ≈ 0 where analysis says so.
    fn gradients(&self, ours: &HashMap<String, Tensor>) {
        let largest = ours.keys().map(|n| norm(&self.fixture[&format!("grad.{n}")])).fold(0.0, f64::max);
        for (name, g) in ours {
            let theirs = &self.fixture[&format!("grad.{name}")];
            if self.case.zero.contains(name) {
                assert!(norm(g) <= 1e-6 * largest, "{}: the gradient of {name} is {}, not 0", self.case.name, norm(g));
                continue;
            }
            let (delta, allowed) = (difference(g, theirs), 1e-4 * norm(theirs) + 1e-7 * largest);
            assert!(delta <= allowed, "{}: gradient of {name}: ‖Δ‖ = {delta:e}, allowed {allowed:e}", self.case.name);
        }
    }

    fn after_adam(&self) {
        for (name, var) in self.setup.store.params() {
            if !self.case.zero.contains(name) {
                let theirs = &self.fixture[&format!("adam.{name}")];
                let relative = difference(var, theirs) / norm(theirs);
                assert!(relative <= 1e-4, "{}: {name} after Adam: relative difference {relative:e}", self.case.name);
            }
        }
        for (name, var) in self.setup.store.buffers() {
            if let Some(theirs) = self.fixture.get(&format!("adam.{name}")) {
                let relative = difference(var, theirs) / norm(theirs).max(1e-3);
                assert!(relative <= 1e-4, "{}: {name}: relative difference {relative:e}", self.case.name);
            }
        }
    }

    fn run(&self) -> Result<()> {
        let (mut main, mut prior) = (Adam::new(), Adam::new());
        let steps = if self.case.adam { self.suite.steps } else { 1 };
        for step in 0..steps {
            let features = self.setup.encoder.forward(&self.setup.images, Stats::Train)?;
            let mut gradients = HashMap::new();
            if let Some(term) = self.prior() {
                let loss = term.discriminator_loss(&self.fixture["prior.z"], &features.y)?;
                let grads = Gradients::of(&loss)?;
                let params = self.group(&["prior"]);
                if step == 0 {
                    close(
                        &self.case.name,
                        "loss.discriminator",
                        scalar(&loss),
                        scalar(&self.fixture["value.loss.discriminator"]),
                    );
                    let of = |(n, v): &(String, Var)| (n.clone(), grads.tensor(v).expect("D has gradients"));
                    gradients.extend(params.iter().map(of));
                }
                prior.step(&params, &grads, self.suite.lr, 1.0)?;
            }
            let value = self.value(&features)?;
            let grads = Gradients::of(&value.differentiated)?;
            let params = self.group(&["encoder", "global", "local"]);
            if step == 0 {
                self.values(&value);
                let of = |(n, v): &(String, Var)| (n.clone(), grads.tensor(v).unwrap_or_else(|| panic!("{n} has a gradient")));
                gradients.extend(params.iter().map(of));
                self.gradients(&gradients);
            }
            main.step(&params, &grads, self.suite.lr, 1.0)?;
            if self.case.adam {
                let theirs = self.fixture["value.adam.losses"].to_dtype(DType::F64)?.to_vec1::<f64>()?[step];
                close(&self.case.name, "the loss of a later step", scalar(&value.loss), theirs);
            }
        }
        if self.case.adam {
            self.after_adam();
        }
        Ok(())
    }
}

#[test]
fn every_case_agrees_with_pytorch() {
    let suite: Suite = serde_json::from_slice(&std::fs::read(folder().join("cases.json")).unwrap()).unwrap();
    assert!(suite.cases.len() >= 24, "all cases are there");
    for case in &suite.cases {
        let fixture = load(&format!("case-{}", case.name));
        let setup = setup(case, &suite.sizes, &fixture).unwrap();
        Check { suite: &suite, case, fixture, setup }.run().unwrap();
    }
}
