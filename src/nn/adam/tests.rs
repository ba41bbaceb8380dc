use super::{update::CHUNK, *};
use crate::nn::testing::numbers;

fn var(values: &[f64], dtype: DType) -> Var {
    Var::from_tensor(&Tensor::new(values, &Device::Cpu).unwrap().to_dtype(dtype).unwrap()).unwrap()
}

/// Gradients of Σ c·p over the pairs given.
fn grads(pairs: &[(&Var, &[f64])]) -> Gradients {
    let terms = pairs.iter().map(|(p, c)| {
        let c = Tensor::new(*c, &Device::Cpu).unwrap().to_dtype(p.dtype()).unwrap();
        (p.as_tensor() * c).unwrap().sum_all().unwrap()
    });
    Gradients::of(&terms.reduce(|a, b| (a + b).unwrap()).unwrap()).unwrap()
}

/// PyTorch's `_single_tensor_adam`, line by line, for one number.
#[derive(Default, Clone, Copy)]
struct Scalar {
    p: f64,
    m: f64,
    v: f64,
    t: i32,
}
impl Scalar {
    fn step(&mut self, g: f64, lr: f64) {
        self.t += 1;
        self.m = 0.9 * self.m + 0.1 * g;
        self.v = 0.999 * self.v + 0.001 * g * g;
        let correction1 = 1.0 - 0.9f64.powi(self.t);
        let correction2 = 1.0 - 0.999f64.powi(self.t);
        self.p -= lr / correction1 * self.m / (self.v.sqrt() / correction2.sqrt() + 1e-8);
    }
}

#[test]
fn several_steps_with_a_skipped_gradient_follow_the_formula() {
    for (dtype, tolerance) in [(DType::F64, 1e-13), (DType::F32, 1e-6)] {
        let (a, b) = (var(&[1.0, -2.0], dtype), var(&[0.5], dtype));
        let params = [("a".to_owned(), a.clone()), ("b".to_owned(), b.clone())];
        let mut want = [1.0, -2.0, 0.5].map(|p| Scalar { p, ..Scalar::default() });
        let mut adam = Adam::new();
        for step in 0..6 {
            let ga = [0.3 - 0.1 * f64::from(step), 1e-3];
            let gb = [2.0];
            let (lr, scale) = (0.01 * f64::from(step + 1), 0.5);
            want[0].step(ga[0] * scale, lr);
            want[1].step(ga[1] * scale, lr);
            // b has no gradient in steps 2 and 3: neither its moments nor its count move.
            let with_b = !(2..4).contains(&step);
            let store = if with_b { grads(&[(&a, &ga), (&b, &gb)]) } else { grads(&[(&a, &ga)]) };
            if with_b {
                want[2].step(gb[0] * scale, lr);
            }
            adam.step(&params, &store, lr, scale).unwrap();
            let have = [numbers(&a), numbers(&b)].concat();
            for (have, want) in have.iter().zip(&want) {
                assert!((have - want.p).abs() < tolerance, "step {step}: {have} {}", want.p);
            }
        }
        let state: HashMap<_, _> = adam.state().unwrap().into_iter().collect();
        assert_eq!(numbers(&state["a.t"]), [6.0]);
        assert_eq!(numbers(&state["b.t"]), [4.0]);
        assert!((numbers(&state["b.m"])[0] - want[2].m).abs() < tolerance);
        assert!((numbers(&state["a.v"])[1] - want[1].v).abs() < tolerance);
    }
}

/// Parameters of different ages, one of them without gradient at times, with the step for other devices and with the kernel.
#[test]
fn the_flat_step_is_the_kernels() {
    let start =
        || [("a", var(&[1.0, -2.0, 3.0], DType::F64)), ("b", var(&[0.5], DType::F64)), ("c", var(&[2.0, 7.0], DType::F64))];
    let run = || {
        let params = start().map(|(name, p)| (name.to_owned(), p));
        let mut adam = Adam::new();
        for t in 1..7 {
            let (ga, gb, gc) = ([0.1, -0.2, 0.3 * f64::from(t)], [f64::from(t)], [-0.4, 0.01]);
            let mut pairs: Vec<(&Var, &[f64])> = vec![(&params[0].1, &ga), (&params[2].1, &gc)];
            if t != 2 && t != 3 {
                pairs.push((&params[1].1, &gb));
            }
            let (one, two) = params.split_at(2);
            adam.step_parts(&[(one, 0.7), (two, 1.0)], &grads(&pairs), 0.1).unwrap();
            if t == 4 {
                adam.forget("c");
            }
            if t == 5 {
                let state = adam.state().unwrap().into_iter().collect();
                adam.load(&state).unwrap();
            }
        }
        let state: Vec<f64> = adam.state().unwrap().iter().flat_map(|(_, t)| numbers(t)).collect();
        [params.iter().flat_map(|(_, p)| numbers(p)).collect(), state].concat()
    };
    let (kernel, flat) = (run(), crate::nn::testing::elsewhere(run));
    assert_eq!(kernel.len(), 6 + 12 + 3);
    assert!(kernel.iter().zip(&flat).all(|(a, b)| (a - b).abs() < 1e-14), "{kernel:?}\n{flat:?}");
    assert_ne!(kernel, flat, "the two are computed in different ways");
}

/// A shape that does not fit is found before anything is written.
#[test]
fn a_step_that_fails_elsewhere_changes_nothing() {
    let (a, b) = (var(&[1.0], DType::F64), var(&[2.0, 3.0], DType::F64));
    let params = [("a".to_owned(), a.clone()), ("b".to_owned(), b.clone())];
    let mut adam = Adam::new();
    adam.load(&HashMap::from([
        ("b.m".to_owned(), b.zeros_like().unwrap().narrow(0, 0, 1).unwrap()),
        ("b.v".to_owned(), b.zeros_like().unwrap().narrow(0, 0, 1).unwrap()),
        ("b.t".to_owned(), Tensor::new(3i64, &Device::Cpu).unwrap()),
    ]))
    .unwrap();
    let grads = grads(&[(&a, &[1.0]), (&b, &[1.0, 1.0])]);
    assert!(crate::nn::testing::elsewhere(|| adam.step_parts(&[(&params[..1], 1.0), (&params[1..], 1.0)], &grads, 0.1)).is_err());
    assert_eq!((numbers(&a), numbers(&b)), (vec![1.0], vec![2.0, 3.0]));
}

#[test]
fn a_loaded_state_goes_on_to_the_bit() {
    // More numbers than one thread's chunk.
    let n = CHUNK + 5;
    let start: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
    let g: Vec<f64> = (0..n).map(|i| (i as f64).cos()).collect();
    let (straight, resumed) = (var(&start, DType::F32), var(&start, DType::F32));
    let (mut first, mut before) = (Adam::new(), Adam::new());
    let step = |adam: &mut Adam, p: &Var| adam.step(&[("net.p".into(), p.clone())], &grads(&[(p, &g)]), 0.01, 1.0).unwrap();
    for _ in 0..3 {
        step(&mut first, &straight);
        step(&mut before, &resumed);
    }
    let mut after = Adam::new();
    after.load(&before.state().unwrap().into_iter().collect()).unwrap();
    step(&mut first, &straight);
    step(&mut after, &resumed);
    assert_eq!(numbers(&straight), numbers(&resumed));
    assert_ne!(numbers(&straight)[CHUNK + 4], start[CHUNK + 4]);
    after.forget("net");
    assert!(after.state().unwrap().is_empty());
    // A moment without its companions is refused, and a shape that does not fit the parameter too.
    assert!(after.load(&HashMap::from([("p.t".to_owned(), Tensor::new(1i64, &Device::Cpu).unwrap())])).is_err());
    after.load(&before.state().unwrap().into_iter().collect()).unwrap();
    let other = var(&[1.0], DType::F32);
    assert!(after.step(&[("net.p".into(), other.clone())], &grads(&[(&other, &[1.0])]), 0.1, 1.0).is_err());
}
