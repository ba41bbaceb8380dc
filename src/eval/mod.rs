//! Probes: how well small supervised models read frozen features. No Candle in here.
