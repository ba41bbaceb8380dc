//! Estimators written as scripts agree with the built-in ones, with closed forms and with finite differences.
#![cfg(feature = "scripts")]

use candle_core::{DType, Device, Tensor, Var};
use dim_estimators::{
    Estimator, Kind, Scores, Script, by_name,
    script::{Fault, HELPERS, helper_table, shipped},
};

/// Numbers between −2 and 2, none alike.
fn wave(n: usize, phase: f64) -> Vec<f64> {
    (0..n).map(|i| 2. * (phase + 1.7 * i as f64).sin()).collect()
}

fn matrix(rows: usize, columns: usize, phase: f64, dtype: DType) -> Tensor {
    Tensor::from_vec(wave(rows * columns, phase), (rows, columns), &Device::Cpu).unwrap().to_dtype(dtype).unwrap()
}

fn flat(t: &Tensor) -> Vec<f64> {
    t.flatten_all().unwrap().to_dtype(DType::F64).unwrap().to_vec1().unwrap()
}

fn scalar(t: &Tensor) -> f64 {
    assert_eq!(t.rank(), 0);
    flat(t)[0]
}

fn text(name: &str) -> &'static str {
    shipped().into_iter().find(|(n, _)| *n == name).unwrap().1
}

fn script(source: &str) -> Script {
    Script::from_source("robust", source).unwrap_or_else(|e| panic!("{e}"))
}

/// A shipped script with one of its constants changed.
fn with_constant(name: &str, from: &str, to: &str) -> Script {
    assert_eq!(text(name).matches(from).count(), 1, "{name} declares {from}");
    script(&text(name).replace(from, to))
}

/// Objective, nats and the gradients with respect to joint and marginal scores.
struct Numbers {
    objective: f64,
    nats: Option<f64>,
    gradients: [Vec<f64>; 2],
}

fn numbers(e: &dyn Estimator, joint: &Tensor, marginal: &Tensor) -> Numbers {
    let [t, u] = [joint, marginal].map(|m| Var::from_tensor(m).unwrap());
    let scores = Scores::new(t.as_tensor().clone(), u.as_tensor().clone()).unwrap();
    let reading = e.read(&scores).unwrap();
    assert_eq!(reading.objective.dtype(), joint.dtype());
    // Each method alone says the same as both at once.
    assert_eq!(scalar(&e.objective(&scores).unwrap()), scalar(&reading.objective));
    let alone = e.nats(&scores).unwrap().map(|n| scalar(&n));
    let nats = reading.nats.map(|n| scalar(&n));
    assert_eq!(alone.is_some(), nats.is_some());
    alone.iter().zip(&nats).for_each(|(a, b)| assert!((a - b).abs() < 1e-5 * (1. + b.abs()), "{a} {b}"));
    let grads = reading.objective.backward().unwrap();
    Numbers { objective: scalar(&reading.objective), nats, gradients: [&t, &u].map(|v| flat(grads.get(v).unwrap())) }
}

#[track_caller]
fn close(got: f64, want: f64, tolerance: f64, what: &str) {
    assert!((got - want).abs() <= tolerance * (1. + want.abs()), "{what}: got {got}, want {want}");
}

/// Gradients by their largest element: where they cancel to nothing, digits cannot agree.
#[track_caller]
fn close_all(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len());
    let scale = want.iter().fold(0f64, |m, v| m.max(v.abs()));
    got.iter()
        .zip(want)
        .for_each(|(g, w)| assert!((g - w).abs() <= tolerance * scale, "{what}: got {g}, want {w}, scale {scale}"));
}

/// G, R, K: one and several of each.
const SHAPES: [(usize, usize, usize); 5] = [(1, 1, 1), (6, 1, 1), (5, 1, 7), (4, 3, 5), (40, 2, 500)];

/// The same values and gradients to 1e-5 in f32, to 1e-12 in f64; the objective up to `lift` of K.
fn twins(script: &Script, built_in: &str, lift: fn(f64) -> f64) {
    let twin = by_name(built_in).unwrap();
    for (dtype, tolerance) in [(DType::F32, 1e-5), (DType::F64, 1e-12)] {
        for (g, r, k) in SHAPES {
            let (joint, marginal) = (matrix(g, r, 0.4, dtype), matrix(g, k, 2.2, dtype));
            let (got, want) = (numbers(script, &joint, &marginal), numbers(&*twin, &joint, &marginal));
            let what = format!("{} as {built_in}, {g} × {r} | {k}, {dtype:?}", script.name());
            close(got.objective, want.objective + lift(k as f64), tolerance, &what);
            close(got.nats.unwrap(), want.nats.unwrap(), tolerance, &what);
            for (got, want) in got.gradients.iter().zip(&want.gradients) {
                close_all(got, want, tolerance, &what);
            }
        }
    }
}

#[test]
fn a_copy_of_dv_is_dv() {
    twins(&Script::from_source("dv-copy", text("dv-copy")).unwrap(), "dv", |_| 0.);
}

#[test]
fn at_temperature_1_it_is_jsd() {
    twins(&with_constant("tempered-jsd", "TEMPERATURE = 2.0;", "TEMPERATURE = 1.0;"), "jsd", |_| 0.);
}

/// Its objective contains the ln(K+1) that InfoNCE adds for its nats.
#[test]
fn at_alpha_1_it_is_infonce() {
    twins(&with_constant("alpha-infonce", "ALPHA = 0.5;", "ALPHA = 1.0;"), "infonce", |k| (k + 1.).ln());
}

#[test]
fn towards_alpha_0_it_is_nwj_with_q_1() {
    let e = with_constant("alpha-infonce", "ALPHA = 0.5;", "ALPHA = 1e-12;");
    let (joint, marginal) = (matrix(4, 3, 0.4, DType::F64), matrix(4, 5, 2.2, DType::F64));
    let mean = |t: &Tensor, f: fn(f64) -> f64| flat(t).into_iter().map(f).sum::<f64>() / t.elem_count() as f64;
    close(
        numbers(&e, &joint, &marginal).objective,
        1. + mean(&joint, |v| v) - mean(&marginal, f64::exp),
        1e-10,
        "1 + E[T] − E[e^T']",
    );
}

/// Poole et al. 2019 by hand: G = R = K = 1 with T = a, T' = b, ALPHA = ½, q = 1.
#[test]
fn alpha_infonce_by_hand() {
    let e = script(text("alpha-infonce"));
    for (a, b) in [(0., 0.), (1.5, -0.5), (-2., 3.)] {
        let one = |v: f64| Tensor::new(&[[v]], &Device::Cpu).unwrap();
        let (ea, eb) = (f64::exp(a), f64::exp(b));
        let want = 1. + a - (0.5 * (ea + eb) / 2. + 0.5f64).ln() - eb / (0.5 * eb + 0.5);
        close(numbers(&e, &one(a), &one(b)).objective, want, 1e-14, "by hand");
    }
}

/// 5 tanh(T/5) and the plain formula of DV, its gradients by the chain rule.
#[test]
fn robust_dv_in_closed_form() {
    let e = script(text("robust-dv"));
    for (dtype, tolerance) in [(DType::F32, 1e-5), (DType::F64, 1e-12)] {
        for (g, r, k) in SHAPES {
            let (joint, marginal) = (matrix(g, r, 0.4, dtype), matrix(g, k, 2.2, dtype));
            let got = numbers(&e, &joint, &marginal);
            let (t, u) = (flat(&joint), flat(&marginal));
            let soft = |v: f64| 5. * (v / 5.).tanh();
            let slope = |v: f64| 1. - (v / 5.).tanh().powi(2);
            let sum: f64 = u.iter().map(|v| soft(*v).exp()).sum();
            let want = t.iter().map(|v| soft(*v)).sum::<f64>() / t.len() as f64 - (sum / u.len() as f64).ln();
            close(got.objective, want, tolerance, "value");
            close(got.nats.unwrap(), want, tolerance, "nats");
            let of_t: Vec<f64> = t.iter().map(|v| slope(*v) / t.len() as f64).collect();
            let of_u: Vec<f64> = u.iter().map(|v| -soft(*v).exp() / sum * slope(*v)).collect();
            close_all(&got.gradients[0], &of_t, tolerance, "joint");
            close_all(&got.gradients[1], &of_u, tolerance, "marginal");
        }
    }
}

/// Central differences in f64 of every shipped script, and of one that uses every differentiable helper and operator.
#[test]
fn gradients_are_those_of_finite_differences() {
    let everything = "fn objective(joint, marginal) {
        let a = log_mean_exp_rows(marginal) - mean_rows(sqr(marginal)) / 7 + 0.1 * sum_rows(sigmoid(marginal));
        let b = max(joint, a) * 2 - min(joint, 0.1) + clip(joint, -1, 1.5) + max(joint, -0.3) + min(a, joint);
        let c = log_add_exp(joint, a) + log_add_exp(a, 0.5) + log_add_exp(-1, joint) + abs(joint) + tanh(joint / 3);
        let d = sqrt(sqr(marginal) + 1) + log(1 + exp(marginal)) + 2 / (3 + sqr(marginal)) + ln(softplus(marginal) + 1);
        let e = sum(b * c) / (sqr(a) + 1) - log_sum_exp(d) + log_sum_exp_rows(d) - 1 + mean(softplus(-joint));
        mean(e) + mean(exp(marginal / 2)) - log_mean_exp(joint) + detach(mean(joint)) * mean(marginal)
    }";
    let all = shipped().map(|(_, source)| script(source));
    let detached = |joint: &Tensor| scalar(&joint.mean_all().unwrap());
    for (e, has_detach) in all.iter().map(|e| (e, false)).chain([(&script(everything), true)]) {
        let (joint, marginal) = (matrix(3, 2, 0.4, DType::F64), matrix(3, 4, 2.2, DType::F64));
        let exact = numbers(e, &joint, &marginal).gradients;
        let (base, marginal_mean) = (detached(&joint), scalar(&marginal.mean_all().unwrap()));
        let value = |joint: &Tensor, marginal: &Tensor| {
            let scores = Scores::new(joint.clone(), marginal.clone()).unwrap();
            // What runs through detach moves the value but is not in the gradient.
            let moved = if has_detach { (detached(joint) - base) * marginal_mean } else { 0. };
            scalar(&e.objective(&scores).unwrap()) - moved
        };
        for (which, exact) in exact.iter().enumerate() {
            for (i, exact) in exact.iter().enumerate() {
                let step = 1e-5;
                let moved = |by: f64| {
                    let mut both = [flat(&joint), flat(&marginal)];
                    both[which][i] += by;
                    let [j, m] = both;
                    value(
                        &Tensor::from_vec(j, (3, 2), &Device::Cpu).unwrap(),
                        &Tensor::from_vec(m, (3, 4), &Device::Cpu).unwrap(),
                    )
                };
                close(*exact, (moved(step) - moved(-step)) / (2. * step), 1e-8, e.name());
            }
        }
    }
}

/// Helpers on tensors and on numbers give the same function.
#[test]
fn numbers_go_through_the_same_functions() {
    for name in ["exp", "log", "ln", "sqrt", "sqr", "abs", "tanh", "softplus", "sigmoid"] {
        for x in ["0.7", "2", "30.5"] {
            let source =
                format!("fn objective(j, m) {{ mean(j) - mean(m) }} fn nats(j, m) {{ mean({name}(j * 0 + {x})) - {name}({x}) }}");
            let scores = Scores::new(matrix(2, 2, 0., DType::F64), matrix(2, 3, 0., DType::F64)).unwrap();
            let difference = scalar(&script(&source).nats(&scores).unwrap().unwrap());
            assert!(difference.abs() < 1e-12 * f64::exp(x.parse().unwrap()), "{name}({x}) differs by {difference}");
        }
    }
    // rhai's own log has base 10.
    let source = "const E2 = log(7.38905609893065); fn objective(j, m) { mean(j) - mean(m) } fn nats(j, m) { E2 }";
    let scores = Scores::new(matrix(2, 2, 0., DType::F64), matrix(2, 3, 0., DType::F64)).unwrap();
    close(scalar(&script(source).nats(&scores).unwrap().unwrap()), 2., 1e-14, "ln e²");
}

#[test]
fn log_ratios_have_the_shape_of_the_scores() {
    let scores = Scores::new(matrix(4, 2, 0.4, DType::F64), matrix(4, 5, 2.2, DType::F64)).unwrap();
    let got = script(text("dv-copy")).log_ratio(&scores).unwrap().unwrap();
    let want = by_name("dv").unwrap().log_ratio(&scores).unwrap().unwrap();
    close_all(&flat(&got.joint), &flat(&want.joint), 1e-14, "joint");
    close_all(&flat(&got.marginal), &flat(&want.marginal), 1e-14, "marginal");
    assert_eq!((got.joint.dims(), got.marginal.dims()), (&[4, 2][..], &[4, 5][..]));
    assert!(script(text("alpha-infonce")).log_ratio(&scores).unwrap().is_none());
}

#[test]
fn a_script_says_what_it_is() {
    let e = Script::from_source("tempered-jsd", text("tempered-jsd")).unwrap();
    let info = e.info();
    assert_eq!((info.name, info.title, info.kind), ("tempered-jsd", "Jensen-Shannon at a temperature", Kind::LowerBound));
    assert!(
        info.formula.contains("softplus(marginal / TEMPERATURE)") && info.formula.ends_with("TEMPERATURE = 2.0"),
        "{}",
        info.formula
    );
    let plain = Script::from_source("own", "fn objective(j, m) { mean(j) - mean(m) }").unwrap();
    let info = plain.info();
    assert_eq!((info.title, info.kind, info.formula, info.nats_formula), ("own", Kind::Surrogate, "mean(j) - mean(m)", "none"));
    let scores = Scores::new(matrix(2, 2, 0., DType::F64), matrix(2, 3, 0., DType::F64)).unwrap();
    assert!(plain.read(&scores).unwrap().nats.is_none() && plain.nats(&scores).unwrap().is_none());
}

#[test]
fn a_copy_is_named_after_its_text() {
    fn shareable<T: Send + Sync + Clone>(_: &T) {}
    let source = "fn objective(j, m) { mean(j) - mean(m) }";
    let (a, b, c) = (script(source), script(source), script(&format!("{source} ")));
    shareable(&a);
    assert_eq!(a.hash(), b.hash());
    assert_ne!(a.hash(), c.hash());
    assert_eq!(a.source(), source);
    assert_eq!(a.file_name(), format!("robust-{}.rhai", a.hash()));
    assert!(a.hash().len() == 8 && a.hash().chars().all(|c| c.is_ascii_hexdigit()));
}

#[test]
fn a_file_is_named_after_itself() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    for (name, source) in shipped() {
        let e = Script::load(folder.join(format!("{name}.rhai"))).unwrap();
        assert_eq!((e.name(), e.source()), (name, source));
        assert!(by_name(name).is_none(), "{name} would hide a built-in estimator");
    }
    let error = Script::load(folder.join("missing.rhai")).unwrap_err();
    assert!(matches!(error.fault, Fault::Read(_)) && error.to_string().starts_with("missing.rhai: the script cannot be read: "));
}

/// Limits are of a call, not of a script: what one call spends, the next has again.
#[test]
fn every_call_has_its_own_limits() {
    let e = script(
        "fn objective(joint, marginal) { let x = mean(joint) - mean(marginal); let i = 0; while i < 300 { x += 0.5; i += 1; } x }
         fn nats(joint, marginal) { objective(joint, marginal) }",
    );
    let scores = Scores::new(matrix(4, 2, 0.4, DType::F64), matrix(4, 5, 2.2, DType::F64)).unwrap();
    for _ in 0..50 {
        let reading = e.read(&scores).unwrap();
        assert_eq!(scalar(&reading.objective), scalar(&reading.nats.unwrap()));
    }
}

/// Clones on several threads do not disturb each other.
#[test]
fn threads_share_a_script() {
    let e = script(text("alpha-infonce"));
    let scores = Scores::new(matrix(8, 2, 0.4, DType::F32), matrix(8, 9, 2.2, DType::F32)).unwrap();
    let want = scalar(&e.objective(&scores).unwrap());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (e, scores) = (e.clone(), scores.clone());
            scope.spawn(move || (0..50).for_each(|_| assert_eq!(scalar(&e.objective(&scores).unwrap()), want)));
        }
    });
}

#[test]
fn the_readme_has_the_table_of_helpers() {
    let readme = include_str!("../scripts/README.md");
    assert!(readme.contains(&helper_table()), "put this into scripts/README.md:\n{}", helper_table());
    assert!(HELPERS.len() > 20);
}

/// Every helper of the table is there, and takes at least the arguments of its signature.
#[test]
fn every_helper_of_the_table_works() {
    for helper in HELPERS {
        let call = helper.signature.replace("lo, hi", "-1, 1.5").replace("(x", "(sqr(j)").replace(", y)", ", sqr(j) + 1)");
        let source = format!("fn objective(j, m) {{ mean(j) - mean(m) }} fn nats(j, m) {{ mean({call} * mean(j)) }}");
        script(&source);
    }
}
