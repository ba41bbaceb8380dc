//! The true factors behind generated images: what a probe of a representation is held against.

/// How the values of a factor are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A real number.
    Continuous,
    /// A place on a circle, in turns: 0 and 1 are the same. Regress its sine and cosine, not the number.
    Circular,
    /// One of `Column::names`, by its index.
    Categorical,
}

/// One factor, one value per image.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: &'static str,
    /// What the numbers mean, with their unit and range.
    pub about: &'static str,
    pub kind: Kind,
    /// Names of the values of a categorical factor; else empty.
    pub names: Vec<&'static str>,
    pub values: Vec<f32>,
}

/// All factors of a split; every column is as long as the split.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Factors {
    pub columns: Vec<Column>,
}

impl Factors {
    /// The factor of that name.
    pub fn get(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Keeps the first `n` values of each factor.
    pub fn truncate(&mut self, n: usize) {
        self.columns.iter_mut().for_each(|column| column.values.truncate(n));
    }
}
