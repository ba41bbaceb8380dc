#!/bin/sh
# gpu.sh PROGRAM CIFAR10 OUT [TORCH_REFERENCE]: all that is to be known of a GPU, into OUT/results.txt.
#
# Agreement with the CPU and times of steps; PyTorch's beside them, if its script is named; then the paper's DIM(L) with JSD and with InfoNCE,
# as many steps as GPU_SECONDS (600) allow, and what their encoders have learned (the paper has 73.6 % and 75.6 % on fc). GPU_SET is given to
# both runs, e.g. "--set encoder.width=8".
set -eu
program=$1 data=$2 out=$3 torch=${4:-}
seconds=${GPU_SECONDS:-600}
mkdir -p "$out"
{
    for tf32 in false true; do
        echo "== gpu-check, run.tf32 = $tf32"
        "$program" gpu-check --set run.tf32=$tf32 ${GPU_CHECK:-} || echo "exit code $?"
    done
    if [ -n "$torch" ]; then
        for batch in 64 1024; do
            echo "== PyTorch, plain, --compile, batch $batch"
            python3 "$torch" --device cuda --batch $batch --units 2048 --variant plain --compile || echo "exit code $?"
        done
    fi
    for estimator in jsd infonce; do
        echo "== DIM(L) with $estimator, $seconds s"
        # A run that is told to end writes a checkpoint first.
        timeout "$seconds" "$program" --batch --device cuda --config configs/paper-dim-l.toml --data "$data" --out "$out/$estimator" \
            --set objective.estimator=$estimator --set optim.epochs=100000 ${GPU_SET:-} | tail -3 || echo "exit code $?"
        "$program" eval "$out/$estimator" --protocol paper --data "$data" || echo "exit code $?"
    done
} 2>&1 | tee "$out/results.txt"
