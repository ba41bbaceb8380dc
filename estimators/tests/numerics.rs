//! Finite differences, extreme scores, wrong shapes.

mod common;

use candle_core::{DType, Device, Tensor};
use common::{all, flat, get, gradients, matrix, nats, objective, scores};
use dim_estimators::{Error, Scores, ops};

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
        assert!(!e.nats(&s).unwrap().unwrap().track_op(), "{}", e.info().name);
        assert!(!e.read(&s).unwrap().nats.unwrap().track_op(), "{}", e.info().name);
    }
}

/// Scores of ±1e4, alone and mixed: value and gradient stay finite, read-outs are never NaN, and what can be known is right.
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
                let what = format!("{} {dtype:?} {joint:?} {marginal:?}", e.info().name);
                assert!(objective(&*e, &s).is_finite(), "{what}");
                let n = nats(&*e, &s);
                assert!(n.is_finite() || (e.info().name == "jsd" && n == f64::NEG_INFINITY), "{what}: {n}");
                let (dt, du) = gradients(&*e, &t, &u);
                assert!(dt.iter().chain(&du).all(|g| g.is_finite()), "{what}: {dt:?} {du:?}");
                let ratio = e.log_ratio(&s).unwrap().unwrap();
                assert!(flat(&ratio.joint).iter().chain(&flat(&ratio.marginal)).all(|v| v.is_finite()), "{what}");
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
        assert!(nats(&*e, &scores(1, &[1.], &[f64::NAN, 2.])).is_nan(), "{}", e.info().name);
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
