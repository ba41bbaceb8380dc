#!/usr/bin/env python3
"""What the screen costs training, and how soon it is there: the workbench in a pseudo-terminal against --batch.

    python3 benches/screen.py target/release/dim-tui [rounds] [steps] [more options ...]

Alternates the two with the same config and prints medians over all steps, and the time from the start of the program to
the first characters on the screen and to the first drawn header.
"""
import fcntl
import json
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time

OPTIONS = ["--set", "probe.every=0", "--set", "checkpoint.every=0"]


def step_times(run):
    with open(os.path.join(run, "metrics.jsonl")) as rows:
        seconds = [json.loads(row)["seconds"] for row in rows]
    return [1e3 * (b - a) for a, b in zip(seconds, seconds[1:])][5:]


def batch(program, options, out):
    subprocess.run([program, "--batch", "--out", out, *options], stdout=subprocess.DEVNULL, check=True)


def screen(program, options, steps, out):
    start = time.monotonic()
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execv(program, [program, "--out", out, *options])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 160, 0, 0))
    seen, first, header, finished = b"", None, None, None
    while finished is None:
        if not select.select([terminal], [], [], 1.0)[0]:
            continue
        seen = (seen + os.read(terminal, 1 << 16))[-(1 << 18):]
        now = time.monotonic() - start
        first = first or now
        if header is None and b"dim-tui" in seen:
            header = now
        metrics = os.path.join(out, "metrics.jsonl")
        if os.path.exists(metrics):
            with open(metrics, "rb") as rows:
                if rows.read().count(b"\n") >= steps:
                    finished = now
    # The first key asks, where training is not over yet; the second answers.
    for key in (b"q", b"y"):
        try:
            os.write(terminal, key)
            until = time.monotonic() + 2
            while time.monotonic() < until and select.select([terminal], [], [], 0.2)[0]:
                if not os.read(terminal, 1 << 16):
                    break
        except OSError:
            break
    os.close(terminal)
    os.waitpid(child, 0)
    return first, header


def main():
    program = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    steps = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    options = OPTIONS + ["--set", f"optim.steps={steps}"] + sys.argv[4:]
    plain, drawn, firsts, headers = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(rounds):
            run = os.path.join(folder, f"batch{i}")
            batch(program, options, run)
            plain += step_times(run)
            run = os.path.join(folder, f"screen{i}")
            first, header = screen(program, options, steps, run)
            drawn += step_times(run)
            firsts.append(1e3 * first)
            headers.append(1e3 * (header or 0))
    a, b = statistics.median(plain), statistics.median(drawn)
    print(f"step: {a:.2f} ms headless, {b:.2f} ms under the screen: {100 * (b / a - 1):+.1f} %")
    a, b = statistics.mean(plain), statistics.mean(drawn)
    print(f"mean: {a:.2f} ms headless, {b:.2f} ms under the screen: {100 * (b / a - 1):+.1f} %")
    print(f"first characters after {statistics.median(firsts):.0f} ms, header after {statistics.median(headers):.0f} ms")


if __name__ == "__main__":
    main()
