#!/usr/bin/env python3
"""Time the training step against a PyTorch script, in turns, and print the ratios of the medians.

Needs a built `cargo bench --bench step --no-run` (its path is the first argument) and a PyTorch script that takes
--batch, --units, --variant plain|folded, --global-negatives, --steps and prints a JSON line with "median_ms" (the second).
Run it on an otherwise idle machine, with the Python that has PyTorch:

    python benches/against_pytorch.py target/release/deps/step-HASH torch_reference.py [rounds]
"""
import json
import statistics
import subprocess
import sys

CASES = [
    ("256 units", 256, 1),
    ("2048 units", 2048, 1),
    ("2048 units, 63 global negatives", 2048, 63),
]


def last_json(command):
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads([line for line in out.splitlines() if line.startswith("{")][-1])


def main():
    ours, theirs = sys.argv[1:3]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    print("| case | ours, ms | PyTorch folded, ms | ratio | PyTorch plain, ms | ratio | peak MiB, ours / PyTorch folded |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, units, negatives in CASES:
        a, f, p, memory = [], [], [], [0, 0]
        for _ in range(rounds):
            row = last_json([ours, f"units={units}", "steps=20", f"objective.global.negatives={negatives}"])
            a.append(row["median_ms"])
            memory[0] = max(memory[0], row["peak_mib"])
            for variant, times in (("folded", f), ("plain", p)):
                command = ["/usr/bin/time", "-f", "%M", sys.executable, theirs, "--units", str(units), "--variant", variant]
                command += ["--global-negatives", str(negatives), "--steps", "15"]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                times.append(json.loads(done.stdout.splitlines()[-1])["median_ms"])
                if variant == "folded":
                    memory[1] = max(memory[1], int(done.stderr.split()[-1]) // 1024)
        a, f, p = (statistics.median(x) for x in (a, f, p))
        print(f"| {name} | {a:.0f} | {f:.0f} | {f / a:.2f} | {p:.0f} | {p / a:.2f} | {memory[0]} / {memory[1]} |", flush=True)


if __name__ == "__main__":
    main()
