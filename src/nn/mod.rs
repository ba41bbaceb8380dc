//! What Candle lacks: seeded init and draws, fast convolution, BatchNorm, Adam with reachable state.
