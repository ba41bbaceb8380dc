#!/usr/bin/env python3
"""Draws the pictures of views that only a running trainer has something to show in.

    cargo build --release
    python3 screenshots/live.py target/release/dim-tui

A run on the built-in images in a pseudo-terminal of each size: after some hundred steps it is paused, each view is opened by its key, and
Ctrl-S keeps the screen as it is. The pictures go beside this script. (The other pictures are drawn from recorded runs:
`UPDATE=1 cargo test --test screenshots`.)
"""
import fcntl, os, pathlib, pty, select, shutil, struct, sys, tempfile, termios, time

HERE = pathlib.Path(__file__).parent
SIZES = {"": (120, 36), "-small": (80, 24)}
STEPS = 300
#: Name of the picture, keys that lead there, keys that lead back.
VIEWS = [
    ("estimators", "v", "v"),
    ("representation", "r", "r"),
    ("data", "D", "D"),
]


class Screen:
    def __init__(self, program, size, folder, *more):
        self.run = pathlib.Path(folder) / "run"
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", DIM_TUI_TOUR="never", XDG_CONFIG_HOME=folder)
            os.chdir(folder)  # The pictures name no folder of this machine.
            os.execv(program, [program, "--images", "halfblocks", "--out", "run", *more])
        columns, rows = size
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.wait(lambda: (self.run / "metrics.jsonl").exists())

    def listen(self, seconds):
        end = time.time() + seconds
        while time.time() < end:
            if select.select([self.fd], [], [], 0.02)[0]:
                os.read(self.fd, 1 << 16)

    def wait(self, done, seconds=600):
        end = time.time() + seconds
        while not done():
            if time.time() > end:
                sys.exit("the workbench does not answer")
            self.listen(0.05)

    def press(self, keys):
        for key in keys:
            os.write(self.fd, key.encode())
            self.listen(0.15)
        self.listen(1.0)

    def steps(self):
        return sum(1 for _ in (self.run / "metrics.jsonl").open())

    def keep(self, name):
        before = set(self.run.glob("screen-*.svg"))
        os.write(self.fd, b"\x13")
        self.wait(lambda: set(self.run.glob("screen-*.svg")) - before)
        self.listen(0.2)
        shutil.move(str((set(self.run.glob("screen-*.svg")) - before).pop()), HERE / f"{name}.svg")

    def leave(self):
        os.write(self.fd, b"qy")
        try:
            self.listen(5)
        except OSError:
            pass  # It has gone.


def main(program):
    program = str(pathlib.Path(program).resolve())
    for suffix, size in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            screen = Screen(program, size, folder, "--set", "optim.steps=2000", "--set", "probe.every=100")
            screen.wait(lambda: screen.steps() >= STEPS)
            for name, there, back in VIEWS:
                screen.press(there)
                screen.listen(4)  # The trainer computes what is looked at.
                screen.keep(name + suffix)
                screen.press(back)
            screen.leave()
        with tempfile.TemporaryDirectory() as folder:
            screen = Screen(program, size, folder, "--lesson", "negatives")
            screen.wait(lambda: screen.steps() >= 320)
            screen.press("n")
            screen.keep("lesson" + suffix)
            screen.leave()


if __name__ == "__main__":
    main(sys.argv[1])
