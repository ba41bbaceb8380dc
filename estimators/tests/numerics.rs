//! Finite differences, extreme scores, wrong shapes.

mod common;

use candle_core::{DType, Device, Tensor};
use common::{all, flat, get, gradients, matrix, nats, nats_if_any, objective, scores};
use dim_estimators::{Error, Options, Scores, State, ops};

/// Scores without structure: an irrational rotation, spread over ±`scale`.
fn spread(n: usize, from: f64, scale: f64) -> Vec<f64> {
    (0..n).map(|i| scale * (((i as f64 + from) * 0.618_033_988_749_895).fract() * 2. - 1.)).collect()
}

#[test]
fn gradients_are_finite_differences_of_the_objective() {
    for (g, r, k) in [(1, 1, 1), (3, 1, 4), (2, 3, 5), (4, 2, 1)] {
        let (joint, marginal) = (spread(g * r, 0.3, 3.), spread(g * k, 7.1, 3.));
        for e in all() {
            let (dt, du) = gradients(&*e, &matrix(g, &joint, DType::F64), &matrix(g, &marginal, DType::F64));
            let h = 1e-5;
            for (i, gradient) in dt.iter().chain(&du).enumerate() {
                let at = |delta: f64| {
                    let (mut t, mut u) = (joint.clone(), marginal.clone());
                    if i < t.len() {
                        t[i] += delta
                    } else {
                        u[i - joint.len()] += delta
                    }
                    objective(&*e, &scores(g, &t, &u))
                };
                let slope = (at(h) - at(-h)) / (2. * h);
                assert!((slope - gradient).abs() < 1e-9, "{} [{g},{r},{k}] #{i}: {gradient} vs {slope}", e.info().name);
            }
        }
    }
}

/// `nats` is a read-out: nothing may flow back from it.
#[test]
fn nats_carry_no_gradient() {
    let joint = candle_core::Var::from_tensor(&matrix(1, &[1., 2.], DType::F64)).unwrap();
    let s = Scores::new(joint.as_tensor().clone(), matrix(1, &[0.5], DType::F64)).unwrap();
    for e in all() {
        let trained = e.train(&s, &mut State::default()).unwrap().nats;
        for nats in [e.nats(&s).unwrap(), e.read(&s).unwrap().nats, trained] {
            assert!(nats.is_none_or(|n| !n.track_op()), "{}", e.info().name);
        }
    }
}

/// Stay finite at any finite score, value and gradient.
const BOUNDED_GROWTH: [&str; 7] = ["dv", "mine", "jsd", "infonce", "smile", "chi2", "wasserstein"];

/// Scores of ±1e4, alone and mixed: value and gradient stay finite, or are infinite where the exponential has no number, and
/// never NaN.
#[test]
fn extreme_scores() {
    let big = 1e4;
    for dtype in [DType::F32, DType::F64] {
        for (joint, marginal) in [
            ([big, big], [big, big, big, big]),
            ([big, big], [-big, -big, -big, -big]),
            ([-big, -big], [big, big, big, big]),
            ([-big, -big], [-big, -big, -big, -big]),
            ([big, -big], [big, -big, 0., 1.]),
            ([0., -big], [-big, big, big, -big]),
        ] {
            let (t, u) = (matrix(2, &joint, dtype), matrix(2, &marginal, dtype));
            let s = Scores::new(t.clone(), u.clone()).unwrap();
            for e in all() {
                let info = e.info();
                let what = format!("{} {dtype:?} {joint:?} {marginal:?}", info.name);
                let bounded = BOUNDED_GROWTH.contains(&info.name);
                let value = objective(&*e, &s);
                assert!(value.is_finite() || (!bounded && value == f64::NEG_INFINITY), "{what}: {value}");
                // Read-outs through e^T' may sink to −∞; chi2 has none for a joint score below −2.
                let n = nats_if_any(&*e, &s).unwrap_or(0.);
                let no_ratio = info.name == "chi2" && joint.iter().any(|t| *t <= -2.);
                assert!(if no_ratio { n.is_nan() } else { n.is_finite() || n == f64::NEG_INFINITY }, "{what}: {n}");
                let firm = ["dv", "mine", "infonce", "smile"].contains(&info.name);
                assert!(!firm || n.is_finite(), "{what}: {n}");
                let (dt, du) = gradients(&*e, &t, &u);
                let fine = |g: &f64| g.is_finite() || (!bounded && g.is_infinite());
                assert!(dt.iter().chain(&du).all(fine), "{what}: {dt:?} {du:?}");
                let Some(ratio) = e.log_ratio(&s).unwrap() else { continue };
                let sound = |v: &f64| v.is_finite() || (info.name == "chi2" && *v == f64::NEG_INFINITY);
                assert!(flat(&ratio.joint).iter().chain(&flat(&ratio.marginal)).all(sound), "{what}");
            }
        }
        // All pairs told wrong by 2e4: dv −2e4, jsd −2e4, infonce −2e4 (less ln 2 resp. nothing).
        let wrong = Scores::new(matrix(1, &[-big], dtype), matrix(1, &[big], dtype)).unwrap();
        assert_eq!(objective(&*get("dv"), &wrong), -2e4);
        assert_eq!(objective(&*get("jsd"), &wrong), -2e4);
        assert_eq!(objective(&*get("infonce"), &wrong), -2e4);
        assert_eq!(nats(&*get("jsd"), &wrong), f64::NEG_INFINITY);
        let (dt, du) = gradients(&*get("jsd"), &wrong.joint, &wrong.marginal);
        assert_eq!((dt[0], du[0]), (1., -1.));
    }
}

/// At large common offsets the softmax weights must still sum to one.
#[test]
fn gradients_at_a_large_offset_in_f32() {
    let marginal: Vec<f64> = spread(300, 0.1, 2.).iter().map(|v| v + 9_000.).collect();
    for name in ["dv", "infonce"] {
        let (dt, du) = gradients(&*get(name), &matrix(1, &[8_990.], DType::F32), &matrix(1, &marginal, DType::F32));
        let (up, down) = (dt[0], du.iter().sum::<f64>());
        assert!((up + down).abs() < 1e-5, "{name}: {up} against {down}");
    }
}

/// What comes in broken does not come out as a number.
#[test]
fn nan_is_not_swallowed() {
    for e in all() {
        assert!(objective(&*e, &scores(1, &[1.], &[0., f64::NAN])).is_nan(), "{}", e.info().name);
        assert!(objective(&*e, &scores(1, &[f64::NAN], &[0., 3.])).is_nan(), "{}", e.info().name);
        assert!(nats_if_any(&*e, &scores(1, &[1.], &[f64::NAN, 2.])).is_none_or(f64::is_nan), "{}", e.info().name);
    }
}

#[test]
fn shapes_are_checked() {
    let t = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    assert!(Scores::new(t(&[2, 1]), t(&[2, 5])).is_ok());
    assert!(matches!(Scores::new(t(&[2]), t(&[2, 5])), Err(Error::Rank { which: "joint", .. })));
    assert!(matches!(Scores::new(t(&[2, 1]), t(&[2, 5, 1])), Err(Error::Rank { which: "marginal", .. })));
    assert!(matches!(Scores::new(t(&[2, 1]), t(&[3, 5])), Err(Error::Groups { joint: 2, marginal: 3 })));
    assert!(matches!(Scores::new(t(&[2, 1]), t(&[2, 0])), Err(Error::Empty { which: "marginal", .. })));
    assert!(matches!(Scores::new(t(&[0, 1]), t(&[0, 4])), Err(Error::Empty { which: "joint", .. })));
    let wide = t(&[2, 5]).to_dtype(DType::F64).unwrap();
    assert!(matches!(Scores::new(t(&[2, 1]), wide), Err(Error::DType { .. })));
    for c in [0., -1., f64::NAN, f64::INFINITY] {
        assert!(matches!(ops::clip_scores(&t(&[2, 2]), c), Err(Error::Clip(_))));
    }
}

#[test]
fn options_are_checked() {
    let mut options = Options::default();
    for (name, value) in [("ema", 0.), ("ema", 0.999), ("tau", 1e-3), ("tau", 50.)] {
        options.set(name, value).unwrap();
    }
    for (name, value) in [("ema", 1.), ("ema", -0.1), ("ema", f64::NAN), ("tau", 0.), ("tau", f64::INFINITY), ("tau", f64::NAN)] {
        assert!(matches!(options.set(name, value), Err(Error::Option { .. })), "{name} = {value}");
    }
    assert_eq!(options, Options { ema: 0.999, tau: 50. });
    let error = options.set("alpha", 1.).unwrap_err().to_string();
    Options::NAMES.iter().for_each(|name| assert!(error.contains(name), "{error}"));
    // Every option belongs to an estimator, and no estimator claims another.
    let claimed: Vec<String> =
        all().iter().flat_map(|e| e.info().options.iter().map(|o| o.to_string()).collect::<Vec<_>>()).collect();
    assert_eq!(claimed, Options::NAMES);
}

/// However sure a critic is, the scores that chi2 is given have a square.
#[test]
fn a_ratio_without_a_number_is_a_large_one() {
    let sure = matrix(1, &[1e4, 60., -1e4], DType::F32);
    let scores = get("chi2").link().unwrap().critic(&sure).unwrap();
    let s = Scores::new(scores.clone(), scores).unwrap();
    assert!(objective(&*get("chi2"), &s).is_finite());
}
