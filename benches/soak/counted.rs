//! The allocator that counts what the program holds. Resident memory also has what the allocator keeps for later, which comes and goes.

use std::{
    alloc::{GlobalAlloc, Layout},
    sync::atomic::{AtomicIsize, Ordering},
};

/// The program's own allocator, and how many bytes are held.
pub struct Counted(mimalloc::MiMalloc, AtomicIsize);

#[global_allocator]
pub static ALLOCATOR: Counted = Counted(mimalloc::MiMalloc, AtomicIsize::new(0));

impl Counted {
    /// Bytes held now, MiB.
    pub fn held_mib(&self) -> f64 {
        self.1.load(Ordering::Relaxed) as f64 / f64::from(1 << 20)
    }
}

// SAFETY: everything is handed to the other allocator as it came.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.1.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as this function's caller promises.
        unsafe { self.0.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.1.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as this function's caller promises.
        unsafe { self.0.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.1.fetch_add(size as isize - layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as this function's caller promises.
        unsafe { self.0.realloc(old, layout, size) }
    }
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        self.1.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as this function's caller promises.
        unsafe { self.0.dealloc(old, layout) }
    }
}
