//! Probes against outside knowledge.
