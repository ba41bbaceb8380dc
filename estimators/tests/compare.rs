//! The comparison of all estimators on one critic's scores.

mod common;

use common::{close, get, nats_if_any, scalar, scores};
use dim_estimators::{Options, Scores, compare, effective_negatives};

/// ln r̂ known to a critic of each estimator's own scale: whoever trained it, the readings are the same.
#[test]
fn readings_do_not_depend_on_the_scale_of_the_critic() {
    let ratios = scores(2, &[1., 2., 0.5, 1.5], &[0., -1., 0.5, 1., -2., 0.]);
    let reference = compare(&ratios, &*get("jsd"), &Options::default(), None).unwrap();
    for name in ["nwj", "hellinger", "chi2", "rkl", "smile"] {
        let link = get(name).link().unwrap();
        let own = Scores::new(link.critic(&ratios.joint).unwrap(), link.critic(&ratios.marginal).unwrap()).unwrap();
        for (got, want) in compare(&own, &*get(name), &Options::default(), None).unwrap().iter().zip(&reference) {
            assert_eq!((&got.name, got.fitted.is_some()), (&want.name, want.fitted.is_some()));
            if let (Some(g), Some(w)) = (got.fitted, want.fitted) {
                close(g, w, 1e-12, &format!("{} on scores trained by {name}", got.name));
            }
        }
    }
    // The scores are ln r itself: fitted and raw are one for those whose critic is ln r.
    for row in &reference {
        let raw = nats_if_any(&*get(&row.name), &ratios);
        assert_eq!(row.raw.map(f64::to_bits), raw.map(f64::to_bits), "{}", row.name);
        if ["dv", "mine", "jsd", "infonce", "smile", "rkl"].contains(&row.name.as_str()) {
            close(row.fitted.unwrap(), raw.unwrap(), 1e-12, &row.name);
        }
    }
    // NWJ's three read-outs of one ratio are one number.
    let of = |name: &str| reference.iter().find(|row| row.name == name).unwrap().fitted.unwrap();
    for name in ["nwj", "rkl", "hellinger", "chi2"] {
        close(of(name), of("jsd"), 1e-12, name);
    }
}

#[test]
fn without_a_log_ratio_there_is_only_the_raw_reading() {
    let s = scores(1, &[1.], &[0., -1.]);
    let rows = compare(&s, &*get("wasserstein"), &Options::default(), Some(10.)).unwrap();
    assert!(rows.iter().all(|row| row.fitted.is_none()));
    let infonce = rows.iter().find(|row| row.name == "infonce").unwrap();
    close(infonce.raw.unwrap(), scalar(&get("infonce").nats(&s).unwrap().unwrap()), 0., "raw");
}

#[test]
fn effective_negatives_run_from_one_to_all() {
    close(effective_negatives(&scores(2, &[0., 0.], &[3., 3., 3., 3., -1., -1., -1., -1.])).unwrap(), 4., 1e-12, "all alike");
    close(effective_negatives(&scores(1, &[0.], &[900., 0., 0.])).unwrap(), 1., 1e-12, "one drowns the others");
    // Weights 2/3 and 1/3: 1/(4/9 + 1/9).
    close(effective_negatives(&scores(1, &[0.], &[2f64.ln(), 0.])).unwrap(), 1.8, 1e-12, "two to one");
}

/// A script in force is compared too, first of all.
#[cfg(feature = "scripts")]
#[test]
fn a_script_reads_its_own_scores_before_the_others() {
    let s = scores(1, &[1.], &[0., -1.]);
    let text = "fn objective(j, m) { mean(j) - log_mean_exp(m) }\nfn nats(j, m) { mean(j) - log_mean_exp(m) }";
    let script = dim_estimators::Script::from_source("own", text).unwrap();
    let rows = compare(&s, &script, &Options::default(), None).unwrap();
    let built_in = compare(&s, &*get("dv"), &Options::default(), None).unwrap();
    assert_eq!((rows.len(), rows[0].name.as_str()), (built_in.len() + 1, "own"));
    close(rows[0].raw.unwrap(), built_in[0].raw.unwrap(), 1e-12, "dv's twin");
    assert!(rows.iter().all(|row| row.fitted.is_none()), "it says nothing of a log-ratio");
}
