//! A swap under `align` makes no jump, and what belongs to a term survives a checkpoint.

use candle_core::Tensor;

use super::*;

fn estimator(name: &str) -> TermEstimator {
    TermEstimator::new(name, &crate::config::Options::default(), &Scripts::default()).unwrap()
}

fn flat(t: &Tensor) -> Vec<f64> {
    t.flatten_all().unwrap().to_vec1().unwrap()
}

fn close(got: &Tensor, want: &Tensor, what: &str) {
    for (g, w) in flat(got).iter().zip(flat(want)) {
        assert!((g - w).abs() < 1e-9 * (1.0 + w.abs()), "{what}: {g}, want {w}");
    }
}

/// Scores of a critic trained by `name` that sees these ln r, with the constant `free` where the objective leaves one.
fn trained(name: &str, free: f64) -> Scores {
    let e = estimator(name).estimator;
    let free = if ["dv", "mine", "infonce"].contains(&name) { free } else { 0.0 };
    let scores = |ratios: &[f64], groups: usize| {
        let ratios = Tensor::from_slice(ratios, (groups, ratios.len() / groups), &Device::Cpu).unwrap();
        (e.link().unwrap().critic(&ratios).unwrap() + free).unwrap()
    };
    Scores::new(scores(&[1.0, 2.5, 0.3], 3), scores(&[-1.0, 0.5, -2.0, 0.1, -3.0, 0.9], 3)).unwrap()
}

const WITH_RATIO: [&str; 9] = ["dv", "mine", "jsd", "infonce", "nwj", "smile", "rkl", "hellinger", "chi2"];

#[test]
fn an_aligned_swap_keeps_every_log_ratio() {
    for old in WITH_RATIO {
        for new in WITH_RATIO {
            let scores = trained(old, 7.0);
            let (from, to) = (estimator(old), estimator(new));
            let map = Alignment::default().swapped(&*from.estimator, &*to.estimator, &scores).unwrap();
            let known = from.estimator.log_ratio(&scores).unwrap().unwrap();
            let read = to.estimator.link().unwrap().log_ratio(&map.apply(&scores.joint).unwrap()).unwrap();
            if old == "infonce" {
                // Its constant is one per group; the map has one for all, which is right on the average.
                let mean = |t: &Tensor| flat(t).iter().sum::<f64>() / t.elem_count() as f64;
                assert!((mean(&read) - mean(&known.joint)).abs() < 1e-9, "{old} → {new}");
            } else {
                close(&read, &known.joint, &format!("{old} → {new}"));
            }
        }
    }
}

/// Maps of several swaps are one map, and going back gives the raw scores again where no constant was free.
#[test]
fn swaps_add_up() {
    for [a, b, c] in
        [["nwj", "hellinger", "chi2"], ["chi2", "rkl", "nwj"], ["dv", "nwj", "jsd"], ["hellinger", "jsd", "hellinger"]]
    {
        let raw = trained(a, -3.0);
        let [ea, eb, ec] = [a, b, c].map(estimator);
        let mapped = |map: &Alignment| Scores::new(map.apply(&raw.joint).unwrap(), map.apply(&raw.marginal).unwrap()).unwrap();
        let first = Alignment::default().swapped(&*ea.estimator, &*eb.estimator, &raw).unwrap();
        let second = first.swapped(&*eb.estimator, &*ec.estimator, &mapped(&first)).unwrap();
        let direct = Alignment::default().swapped(&*ea.estimator, &*ec.estimator, &raw).unwrap();
        close(&mapped(&second).joint, &mapped(&direct).joint, &format!("{a} → {b} → {c}"));
        if a != "dv" {
            let back = second.swapped(&*ec.estimator, &*ea.estimator, &mapped(&second)).unwrap();
            close(&mapped(&back).marginal, &raw.marginal, &format!("{a} → {b} → {c} → {a}"));
        }
    }
}

/// A swap under `keep` leaves scores on another estimator's scale; training makes them the new one's own, and a later map starts
/// from there.
#[test]
fn another_policy_may_come_between() {
    let raw = trained("nwj", 0.0);
    let [nwj, hellinger, jsd, chi2] = ["nwj", "hellinger", "jsd", "chi2"].map(estimator);
    let first = Alignment::default().swapped(&*nwj.estimator, &*hellinger.estimator, &raw).unwrap();
    let seen = Scores::new(first.apply(&raw.joint).unwrap(), first.apply(&raw.marginal).unwrap()).unwrap();
    let second = first.swapped(&*jsd.estimator, &*chi2.estimator, &seen).unwrap();
    let want = chi2.estimator.link().unwrap().critic(&seen.joint).unwrap();
    close(&second.apply(&raw.joint).unwrap(), &want, "jsd reads the scores as they are");
}

#[test]
fn without_a_log_ratio_nothing_is_mapped() {
    let scores = trained("jsd", 0.0);
    let (jsd, none) = (estimator("jsd"), estimator("wasserstein"));
    assert_eq!(Alignment::default().swapped(&*jsd.estimator, &*none.estimator, &scores).unwrap(), Alignment::default());
    assert_eq!(Alignment::default().swapped(&*none.estimator, &*jsd.estimator, &scores).unwrap(), Alignment::default());
}

#[test]
fn a_checkpoint_keeps_it_to_the_bit() {
    let mut e = estimator("mine");
    let scores = trained("dv", 0.1 + 0.2);
    e.alignment = Alignment::default().swapped(&*estimator("dv").estimator, &*estimator("chi2").estimator, &scores).unwrap();
    e.memory.log_mean = Some(Tensor::new(0.1f32, &Device::Cpu).unwrap());
    let saved = e.tensors(&Device::Cpu).unwrap();
    let mut back = estimator("mine");
    back.restore(|name| Ok(saved.iter().find(|(n, _)| *n == name).map(|(_, t)| t.clone()))).unwrap();
    assert_eq!(back.alignment, e.alignment);
    assert_eq!(back.memory.log_mean.unwrap().to_scalar::<f32>().unwrap(), 0.1);
}

#[test]
fn an_estimator_that_needs_a_clip_has_one() {
    assert_eq!(estimator("wasserstein").clip(None), Some(10.0));
    assert_eq!(estimator("wasserstein").clip(Some(3.0)), Some(3.0));
    assert_eq!(estimator("dv").clip(None), None);
}
