//! Files from elsewhere, some of them malicious: what `tests/fuzz/src/` says must hold, from its seeds, from every case that was ever
//! found, and from seeded mutations of both.
//!
//! `DIM_TUI_HOSTILE_SECONDS=120 cargo test --test hostile config` goes on for that long with new mutations. A case that fails is left in
//! `tests/fuzz/artifacts/`. `UPDATE=1` writes the seeds to `tests/fuzz/corpus/`, where cargo-fuzz begins.

#[path = "fuzz/src/lib.rs"]
mod targets;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// No case may ask for more bytes at once. (The largest that is right: a whole file of CIFAR-10, read without knowing its size.)
const MOST: usize = 128 << 20;
/// Mutations of an ordinary test.
const CASES: usize = 250;

/// The system's allocator, which remembers the largest request.
struct Watched;
static LARGEST: AtomicUsize = AtomicUsize::new(0);
#[global_allocator]
static ALLOCATOR: Watched = Watched;

// SAFETY: everything is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: as this function's caller promises.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: as this function's caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LARGEST.fetch_max(size, Ordering::Relaxed);
        // SAFETY: as this function's caller promises.
        unsafe { System.realloc(old, layout, size) }
    }
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: as this function's caller promises.
        unsafe { System.dealloc(old, layout) }
    }
}

/// One target at a time, so that the largest request is its own.
static TURN: Mutex<()> = Mutex::new(());

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz")
}

/// Runs a case; if it fails, leaves it in `artifacts/`.
fn run(name: &str, check: fn(&[u8]), case: &[u8]) {
    LARGEST.store(0, Ordering::Relaxed);
    let done = catch_unwind(AssertUnwindSafe(|| {
        check(case);
        let largest = LARGEST.load(Ordering::Relaxed);
        assert!(largest <= MOST, "{largest} bytes were asked for at once");
    }));
    if let Err(panic) = done {
        let path = fuzz().join("artifacts").join(name).join(format!("hostile-{:08x}", crc32c::crc32c(case)));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, case).unwrap();
        eprintln!("{name} fails on {}", path.display());
        resume_unwind(panic);
    }
}

/// Seeds and found cases, then mutations of them.
fn target(name: &str) {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, check, seeds) = targets::TARGETS.into_iter().find(|(known, ..)| *known == name).unwrap();
    let mut cases = seeds();
    assert!(!cases.is_empty());
    if std::env::var_os("UPDATE").is_some() {
        keep(name, &cases);
    }
    let found = fs::read_dir(fuzz().join("found").join(name)).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = found.map(|entry| entry.path()).collect();
    found.sort();
    cases.extend(found.iter().map(|path| fs::read(path).unwrap()));
    cases.iter().for_each(|case| run(name, check, case));

    let seconds = std::env::var("DIM_TUI_HOSTILE_SECONDS").ok().map(|s| s.parse().expect("a number of seconds"));
    let end = seconds.map(|s| Instant::now() + Duration::from_secs(s));
    let seed = end.map_or(7, |_| SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs());
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // Whole data files are slow to pass over, and their mutations much alike.
    let small: Vec<&Vec<u8>> = cases.iter().filter(|case| case.len() < 50_000).collect();
    let mut n = 0;
    while end.map_or(n < CASES, |end| Instant::now() < end) {
        run(name, check, &mutated(&mut rng, &small));
        n += 1;
    }
    drop(turn);
    eprintln!("{name}: {} cases and {n} mutations", cases.len());
}

fn keep(name: &str, seeds: &[Vec<u8>]) {
    let folder = fuzz().join("corpus").join(name);
    fs::create_dir_all(&folder).unwrap();
    for (i, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("seed-{i:02}")), seed).unwrap();
    }
}

/// What numbers, texts and headers are sensitive to.
const TOKENS: [&[u8]; 24] = [
    b"nan",
    b"inf",
    b"-inf",
    b"1e308",
    b"-1e308",
    b"1e-320",
    b"-1",
    b"0",
    b"9223372036854775807",
    b"18446744073709551616",
    b"null",
    b"true",
    b"[",
    b"]",
    b"{",
    b"}",
    b"\"",
    b"'",
    b"=",
    b"\n",
    b"\x1b[2J",
    b"\\u0000",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff",
];

/// One of the cases with up to eight changes.
fn mutated(rng: &mut ChaCha8Rng, cases: &[&Vec<u8>]) -> Vec<u8> {
    let mut bytes = cases[rng.random_range(0..cases.len())].clone();
    for _ in 0..rng.random_range(1..=8) {
        let at = rng.random_range(0..=bytes.len());
        let reach = rng.random_range(0..=16).min(bytes.len() - at);
        match rng.random_range(0..8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
            1 if at < bytes.len() => bytes[at] = rng.random(),
            2 => drop(bytes.drain(at..at + reach)),
            3 => {
                let again = bytes[at..at + reach].repeat(rng.random_range(1..=20));
                drop(bytes.splice(at..at, again));
            }
            4 => bytes.truncate(at),
            5 => {
                // The end of another.
                let other = cases[rng.random_range(0..cases.len())];
                let from = rng.random_range(0..=other.len());
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
            6 => drop(bytes.splice(at..at + reach, TOKENS[rng.random_range(0..TOKENS.len())].to_vec())),
            _ => {
                // A whole number or word of a text.
                let word = |b: &u8| b.is_ascii_alphanumeric() || b"._-".contains(b);
                let begin = bytes[..at].iter().rposition(|b| !word(b)).map_or(0, |i| i + 1);
                let end = bytes[at..].iter().position(|b| !word(b)).map_or(bytes.len(), |i| at + i);
                drop(bytes.splice(begin..end, TOKENS[rng.random_range(0..TOKENS.len())].to_vec()));
            }
        }
    }
    bytes
}

#[test]
fn config() {
    target("config");
}

#[test]
fn images() {
    target("images");
}

#[test]
fn arrays() {
    target("arrays");
}

#[test]
fn checkpoint() {
    target("checkpoint");
}

#[test]
fn script() {
    target("script");
}

#[test]
fn run_directory() {
    target("run");
}
