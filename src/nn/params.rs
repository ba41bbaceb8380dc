//! The ordered store of named trainable tensors and buffers.
//!
//! Names are dotted paths (`encoder.conv1.weight`). Each initial tensor is drawn from its own generator, keyed by its
//! full name, so neither the order in which modules are built nor the presence of others changes it.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Result, Shape, Tensor, Var, bail};
use rand_chacha::ChaCha8Rng;

use super::rng::{self, Draws};

/// All parameters (trained by gradient) and buffers (BatchNorm statistics) of a model, sorted by name.
#[derive(Debug)]
pub struct Store {
    params: BTreeMap<String, Var>,
    buffers: BTreeMap<String, Var>,
    draws: Draws,
    device: Device,
    dtype: DType,
}

impl Store {
    /// An empty store; what is made in it lives on `device` in `dtype`.
    pub fn new(draws: Draws, device: &Device, dtype: DType) -> Self {
        Self { params: BTreeMap::new(), buffers: BTreeMap::new(), draws, device: device.clone(), dtype }
    }

    /// A place to make tensors in, at the top of the tree of names.
    pub fn root(&mut self) -> Init<'_> {
        Init { store: self, path: String::new() }
    }

    /// Parameters by name.
    pub fn params(&self) -> &BTreeMap<String, Var> {
        &self.params
    }

    /// Buffers by name.
    pub fn buffers(&self) -> &BTreeMap<String, Var> {
        &self.buffers
    }

    /// Drops all parameters and buffers whose name starts with `prefix` and a dot.
    pub fn remove(&mut self, prefix: &str) {
        self.params.retain(|name, _| !is_under(name, prefix));
        self.buffers.retain(|name, _| !is_under(name, prefix));
    }

    /// The parameters whose name starts with `prefix` and a dot, in order of name; all of them for an empty prefix.
    pub fn group(&self, prefix: &str) -> Vec<(String, Var)> {
        let chosen = self.params.iter().filter(|(name, _)| prefix.is_empty() || is_under(name, prefix));
        chosen.map(|(name, var)| (name.clone(), var.clone())).collect()
    }

    /// What later initialisations are drawn from (a rollback raises `attempt`).
    pub fn set_draws(&mut self, draws: Draws) {
        self.draws = draws;
    }

    /// Where the tensors live.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// What the tensors are made of.
    pub fn dtype(&self) -> DType {
        self.dtype
    }
}

/// Whether `name` is `prefix.something`.
pub(super) fn is_under(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'))
}

/// A place in the tree of names where tensors can be made.
#[derive(Debug)]
pub struct Init<'a> {
    store: &'a mut Store,
    path: String,
}

impl Init<'_> {
    /// The place `name` below this one.
    pub fn sub(&mut self, name: &str) -> Init<'_> {
        let path = self.full(name);
        Init { store: self.store, path }
    }

    /// A parameter drawn uniformly from [−bound, bound].
    pub fn uniform(&mut self, name: &str, shape: impl Into<Shape>, bound: f64) -> Result<Var> {
        let shape = shape.into();
        let values = rng::uniform(&mut self.rng(name), shape.elem_count(), -bound, bound);
        self.tensor(name, values, shape)
    }

    /// A parameter of equal values.
    pub fn constant(&mut self, name: &str, shape: impl Into<Shape>, value: f64) -> Result<Var> {
        let shape = shape.into();
        self.tensor(name, vec![value as f32; shape.elem_count()], shape)
    }

    /// A parameter with given values.
    pub fn tensor(&mut self, name: &str, values: Vec<f32>, shape: impl Into<Shape>) -> Result<Var> {
        let var = self.upload(values, shape.into())?;
        self.insert(name, var, false)
    }

    /// A buffer of equal values: saved with the parameters, never trained.
    pub fn buffer(&mut self, name: &str, shape: impl Into<Shape>, value: f64) -> Result<Var> {
        let shape = shape.into();
        let var = self.upload(vec![value as f32; shape.elem_count()], shape)?;
        self.insert(name, var, true)
    }

    /// The generator of the initial values of `name`, for those who draw them themselves.
    pub fn rng(&self, name: &str) -> ChaCha8Rng {
        self.store.draws.rng(&format!("init/{}", self.full(name)), 0)
    }

    /// Where the tensors live.
    pub fn device(&self) -> &Device {
        &self.store.device
    }

    /// What the tensors are made of.
    pub fn dtype(&self) -> DType {
        self.store.dtype
    }

    fn full(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn upload(&self, values: Vec<f32>, shape: Shape) -> Result<Var> {
        let host = Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(self.store.dtype)?;
        Var::from_tensor(&host.to_device(&self.store.device)?)
    }

    fn insert(&mut self, name: &str, var: Var, buffer: bool) -> Result<Var> {
        let full = self.full(name);
        if self.store.params.contains_key(&full) || self.store.buffers.contains_key(&full) {
            bail!("a tensor named {full} exists already");
        }
        let map = if buffer { &mut self.store.buffers } else { &mut self.store.params };
        map.insert(full, var.clone());
        Ok(var)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(seed: u64) -> Store {
        Store::new(Draws { seed, attempt: 0 }, &Device::Cpu, DType::F32)
    }

    fn values(var: &Var) -> Vec<f32> {
        var.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn initial_values_depend_on_the_name_and_not_on_the_order() {
        let (mut one, mut two) = (store(1), store(1));
        let a = one.root().sub("enc").uniform("a", (4, 3), 0.5).unwrap();
        let b = one.root().sub("enc").uniform("b", (4, 3), 0.5).unwrap();
        let b2 = two.root().sub("enc").uniform("b", (4, 3), 0.5).unwrap();
        let a2 = two.root().sub("enc").uniform("a", (4, 3), 0.5).unwrap();
        assert_eq!(values(&a), values(&a2));
        assert_eq!(values(&b), values(&b2));
        assert_ne!(values(&a), values(&b));
        assert!(values(&a).iter().all(|v| v.abs() <= 0.5));
        let other_seed = store(2).root().sub("enc").uniform("a", (4, 3), 0.5).unwrap();
        assert_ne!(values(&a), values(&other_seed));
    }

    #[test]
    fn groups_and_removal_respect_the_dots() {
        let mut s = store(1);
        for name in ["enc.b", "enc.a", "encoder.c", "enc"] {
            s.root().constant(name, 2, 1.0).unwrap();
        }
        s.root().sub("enc").buffer("mean", 2, 0.0).unwrap();
        let names = |s: &Store, prefix: &str| s.group(prefix).into_iter().map(|(n, _)| n).collect::<Vec<_>>();
        assert_eq!(names(&s, "enc"), ["enc.a", "enc.b"]);
        assert_eq!(names(&s, "").len(), 4);
        s.remove("enc");
        assert_eq!(names(&s, ""), ["enc", "encoder.c"]);
        assert!(s.buffers().is_empty());
    }

    #[test]
    fn a_name_is_taken_once() {
        let mut s = store(1);
        s.root().constant("w", 2, 1.0).unwrap();
        assert!(s.root().buffer("w", 2, 1.0).unwrap_err().to_string().contains("w exists"));
    }
}
