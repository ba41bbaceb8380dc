//! How much of the images, and how long: the two protocols of `dim-tui eval`.

use super::Error;
use crate::eval::Effort;

/// One line of [`Protocol::ALL`].
#[derive(Debug, Clone, Copy)]
pub struct Protocol {
    pub name: &'static str,
    /// Training images that probes, decoder and critics see, and test images that they are judged on; all if there are fewer.
    pub train: usize,
    pub test: usize,
    /// Seeds of the probes, unless others are asked for.
    pub seeds: u64,
    /// How long the MLP probe is trained.
    pub effort: Effort,
    pub ndm_steps: u64,
    pub ndm_batch: usize,
    pub mine_steps: u64,
    pub decoder_steps: u64,
}

impl Protocol {
    pub const ALL: [Protocol; 2] = [
        Protocol {
            name: "quick",
            train: 5_000,
            test: 2_000,
            seeds: 1,
            effort: Effort::Quick,
            ndm_steps: 200,
            ndm_batch: 1_000,
            mine_steps: 500,
            decoder_steps: 300,
        },
        Protocol {
            name: "paper",
            train: usize::MAX,
            test: usize::MAX,
            seeds: 3,
            effort: Effort::Paper,
            ndm_steps: 1_000,
            ndm_batch: 10_000,
            mine_steps: 10_000,
            decoder_steps: 10_000,
        },
    ];

    /// The protocol of that name.
    ///
    /// # Errors
    /// [`Error::Input`] with the names there are.
    pub fn named(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|p| p.name == name);
        found.ok_or_else(|| Error::Input(format!("no protocol is named '{name}'; there are quick and paper")))
    }
}

/// A part of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Probes,
    Code,
    Ndm,
    Mine,
    Reconstruction,
    Factors,
}

impl Section {
    pub const ALL: [Section; 6] =
        [Section::Probes, Section::Code, Section::Ndm, Section::Mine, Section::Reconstruction, Section::Factors];

    pub fn name(self) -> &'static str {
        match self {
            Section::Probes => "probes",
            Section::Code => "code",
            Section::Ndm => "ndm",
            Section::Mine => "mine",
            Section::Reconstruction => "reconstruction",
            Section::Factors => "factors",
        }
    }

    /// The sections named in a list parted by commas.
    ///
    /// # Errors
    /// [`Error::Input`] with the names there are.
    pub fn list(text: &str) -> Result<Vec<Self>, Error> {
        let one = |name: &str| {
            let found = Self::ALL.into_iter().find(|s| s.name() == name.trim());
            let all = || Self::ALL.map(Section::name).join(", ");
            found.ok_or_else(|| Error::Input(format!("no part of the report is named '{name}'; there are {}", all())))
        };
        text.split(',').map(one).collect()
    }
}
