//! What must hold for any scores, to rounding.

mod common;

use candle_core::{D, DType, Tensor};
use common::{close, flat, get, matrix, nats, nats_if_any, objective, scores};
use dim_estimators::{Estimator, Scores, ops};
use proptest::prelude::*;

/// G, joint, marginal.
type Batch = (usize, Vec<f64>, Vec<f64>);

fn batch(scale: f64) -> impl Strategy<Value = Batch> {
    (1usize..5, 1usize..4, 1usize..7).prop_flat_map(move |(g, r, k)| {
        let score = || -scale..scale;
        (Just(g), prop::collection::vec(score(), g * r), prop::collection::vec(score(), g * k))
    })
}

fn make((g, joint, marginal): &Batch) -> Scores {
    scores(*g, joint, marginal)
}

fn both(e: &dyn Estimator, s: &Scores) -> [f64; 2] {
    [objective(e, s), nats_if_any(e, s).unwrap_or(0.)]
}

fn same(e: &dyn Estimator, a: &Scores, b: &Scores, what: &str) {
    for (x, y) in both(e, a).into_iter().zip(both(e, b)) {
        // chi2 has no estimate for either, or for both.
        if !(x.is_nan() && y.is_nan()) {
            close(x, y, 1e-11, &format!("{}: {what}", e.info().name));
        }
    }
}

/// Rows of a matrix in another order.
fn reorder(t: &Tensor, order: &[u32], dim: usize) -> Tensor {
    t.index_select(&Tensor::new(order, t.device()).unwrap(), dim).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn infonce_stays_below_its_ceiling(b in batch(30.)) {
        let s = make(&b);
        let e = get("infonce");
        prop_assert!(nats(&*e, &s) <= e.ceiling(s.negatives(), None).unwrap() + 1e-12);
        prop_assert!(objective(&*e, &s) <= 0.);
    }

    /// ln x ≤ x − 1.
    #[test]
    fn nwj_stays_below_dv_at_any_critic(b in batch(8.)) {
        let s = make(&b);
        let dv = nats(&*get("dv"), &s);
        for name in ["nwj", "jsd", "rkl"] {
            let nwj = nats(&*get(name), &s);
            prop_assert!(nwj <= dv + 1e-12 * (1. + nwj.abs()), "{}: {} > {}", name, nwj, dv);
        }
    }

    #[test]
    fn jsd_is_never_positive_and_never_clamped(b in batch(30.)) {
        let s = make(&b);
        let value = objective(&*get("jsd"), &s);
        prop_assert!(value <= 0.);
        // Turned round, the same scores are as wrong as they were right: sp(x) − sp(−x) = x.
        let turned = Scores::new(s.joint.neg().unwrap(), s.marginal.neg().unwrap()).unwrap();
        let mean = |t: &Tensor| flat(t).iter().sum::<f64>() / t.elem_count() as f64;
        let want = value - mean(&s.joint) + mean(&s.marginal);
        close(objective(&*get("jsd"), &turned), want, 1e-12, "turned round");
    }

    #[test]
    fn a_constant_on_all_scores_changes_nothing(b in batch(10.), c in -50f64..50.) {
        let s = make(&b);
        let moved = Scores::new((&s.joint + c).unwrap(), (&s.marginal + c).unwrap()).unwrap();
        for name in ["dv", "mine", "infonce", "wasserstein"] {
            same(&*get(name), &s, &moved, "constant added");
        }
    }

    #[test]
    fn infonce_ignores_a_constant_per_group(b in batch(10.), seed in 0f64..1.) {
        let s = make(&b);
        let constants: Vec<f64> = (0..b.0).map(|i| 40. * ((seed + i as f64 * 0.618).fract() - 0.5)).collect();
        let c = matrix(b.0, &constants, DType::F64);
        let moved = Scores::new(s.joint.broadcast_add(&c).unwrap(), s.marginal.broadcast_add(&c).unwrap()).unwrap();
        same(&*get("infonce"), &s, &moved, "constant per group");
    }

    #[test]
    fn constant_scores_say_nothing(g in 1usize..5, r in 1usize..4, k in 1usize..7, c in -100f64..100., inside in -5f64..=5.) {
        let constant = |c: f64| scores(g, &vec![c; g * r], &vec![c; g * k]);
        for name in ["dv", "mine", "infonce"] {
            close(nats(&*get(name), &constant(c)), 0., 1e-12, name);
        }
        close(nats(&*get("smile"), &constant(inside)), 0., 1e-12, "smile");
        for name in ["jsd", "rkl", "hellinger", "chi2"] {
            close(nats(&*get(name), &constant(0.)), 0., 1e-15, name);
        }
        close(nats(&*get("nwj"), &constant(1.)), 0., 1e-15, "nwj");
    }

    /// The critic that an estimator would train to at a known ln r, read back by its own log-ratio.
    #[test]
    fn log_ratio_undoes_the_optimal_critic(b in batch(6.)) {
        let ratios = make(&b);
        for e in common::all() {
            let Some(link) = e.link() else {
                prop_assert_eq!(e.info().name, "wasserstein");
                continue;
            };
            let (joint, marginal) = (link.critic(&ratios.joint).unwrap(), link.critic(&ratios.marginal).unwrap());
            flat(&link.log_ratio(&joint).unwrap()).iter().zip(&b.1).for_each(|(l, want)| close(*l, *want, 1e-9, e.info().name));
            let back = e.log_ratio(&Scores::new(joint, marginal).unwrap()).unwrap().unwrap();
            // Optimal up to a constant (dv, mine) or one per group (infonce): differences within a group are what is known.
            let free = ["dv", "mine", "infonce"].contains(&e.info().name);
            let offset = |got: &Tensor, want: &Tensor| {
                let d = (got - want).unwrap();
                if free { d.broadcast_sub(&d.narrow(1, 0, 1).unwrap()).unwrap() } else { d }
            };
            for (got, want) in [(&back.joint, &ratios.joint), (&back.marginal, &ratios.marginal)] {
                if e.info().name == "infonce" && std::ptr::eq(want, &ratios.joint) {
                    continue; // each positive has candidates of its own
                }
                flat(&offset(got, want)).iter().for_each(|d| close(*d, 0., 1e-9, e.info().name));
            }
        }
    }

    #[test]
    fn order_is_irrelevant(b in batch(10.), turn in 0usize..6) {
        let s = make(&b);
        let rotated = |n: usize| -> Vec<u32> { (0..n).map(|i| ((i + turn) % n) as u32).rev().collect() };
        let groups = Scores::new(
            reorder(&s.joint, &rotated(b.0), 0),
            reorder(&s.marginal, &rotated(b.0), 0),
        ).unwrap();
        let marginals = Scores::new(s.joint.clone(), reorder(&s.marginal, &rotated(s.negatives()), 1)).unwrap();
        for e in common::all() {
            same(&*e, &s, &groups, "groups reordered");
            same(&*e, &s, &marginals, "marginals reordered");
        }
    }

    #[test]
    fn clipped_scores_stay_below_the_clipped_ceiling(b in batch(60.), c in 0.1f64..12.) {
        let s = make(&b).clipped(c).unwrap();
        prop_assert!(flat(&s.joint).iter().chain(&flat(&s.marginal)).all(|v| v.abs() <= c));
        let k = s.negatives();
        let best = scores(1, &[c], &vec![-c; k]);
        for e in common::all() {
            let Some(ceiling) = e.ceiling(k, Some(c)) else {
                prop_assert_eq!(e.info().name, "wasserstein");
                continue;
            };
            let value = nats(&*e, &s);
            prop_assert!(value.is_nan() || value <= ceiling + 1e-12, "{}", e.info().name);
            // ... and is reached by the best scores there can be.
            close(nats(&*e, &best), ceiling, 1e-12, e.info().name);
        }
    }

    /// The estimate is the mean log-ratio of the positives; the ratios of dv's negatives average to one.
    #[test]
    fn log_ratios_agree_with_the_estimates(b in batch(10.)) {
        let s = make(&b);
        for name in ["dv", "infonce"] {
            let ratio = get(name).log_ratio(&s).unwrap().unwrap();
            prop_assert_eq!(ratio.joint.dims(), s.joint.dims());
            prop_assert_eq!(ratio.marginal.dims(), s.marginal.dims());
            close(flat(&ratio.joint).iter().sum::<f64>() / ratio.joint.elem_count() as f64, nats(&*get(name), &s), 1e-12, name);
        }
        let dv = get("dv").log_ratio(&s).unwrap().unwrap();
        close(scalar_mean_exp(&dv.marginal), 1., 1e-12, "dv");
        if s.positives() == 1 {
            // The ratios of a group's candidates, too, average to one.
            let r = get("infonce").log_ratio(&s).unwrap().unwrap();
            let candidates = Tensor::cat(&[&r.joint, &r.marginal], 1).unwrap().exp().unwrap().mean(D::Minus1).unwrap();
            flat(&candidates).iter().for_each(|m| close(*m, 1., 1e-12, "infonce"));
        }
    }

    #[test]
    fn f32_agrees_with_f64(b in batch(20.)) {
        let narrow = |t: &Tensor| t.to_dtype(DType::F32).unwrap();
        let s = make(&b);
        let s32 = Scores::new(narrow(&s.joint), narrow(&s.marginal)).unwrap();
        for e in common::all() {
            close(objective(&*e, &s32), objective(&*e, &s), 1e-5, e.info().name);
        }
    }

    #[test]
    fn log_add_exp_is_what_it_says(a in -30f64..30., b in -30f64..30.) {
        let t = |v: f64| matrix(1, &[v], DType::F64);
        close(flat(&ops::log_add_exp(&t(a), &t(b)).unwrap())[0], (a.exp() + b.exp()).ln(), 1e-13, "log_add_exp");
    }
}

fn scalar_mean_exp(t: &Tensor) -> f64 {
    flat(t).iter().map(|v| v.exp()).sum::<f64>() / t.elem_count() as f64
}
