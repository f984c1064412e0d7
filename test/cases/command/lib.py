"""What the Python tests of the command share.

They need in the environment ST_COMMAND, the command spawn-template, built.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

COMMAND = os.environ["ST_COMMAND"]
TIMEOUT = 20

# A program that writes a line for every signal it gets, and ends when its stdin does.
COUNTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "signal_counter.py")


def clean_environment(home):
    """The environment without anything of the one who runs the tests."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SPAWN_TEMPLATE", "XDG_", "LD_PRELOAD", "MAKE", "MFLAGS"))
    }
    env["HOME"] = home
    return env


def wait_until(what, condition):
    """Wait for a condition, which must become true within a reasonable time."""
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError("never: " + what)


def state(pid):
    """The state letter of a process, None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            return f.read().rpartition(b")")[2].split()[0].decode()
    except (FileNotFoundError, ProcessLookupError):
        return None


def status_field(pid, name):
    """A field of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        for line in f:
            if line.startswith(name + ":"):
                return line.split(None, 1)[1].strip()
    raise KeyError(name)


def children(pid):
    """The children of a process: name -> pid."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        pids = [int(word) for word in f.read().split()]
    return {status_field(child, "Name"): child for child in pids}


class CommandTest(unittest.TestCase):
    """A test with a home directory of its own, in which no session may be left."""

    def setUp(self):
        self.work = os.path.realpath(tempfile.mkdtemp(prefix="spawn-template-test."))
        self.home = os.path.join(self.work, "home")
        os.mkdir(self.home)
        self.env = clean_environment(self.home)
        self.cache = os.path.join(self.home, ".cache", "spawn-template")

    def tearDown(self):
        shutil.rmtree(self.work)

    def sessions(self):
        """The sessions in the cache directory."""
        try:
            return [name for name in os.listdir(self.cache) if name.startswith("session-")]
        except FileNotFoundError:
            return []

    def run_command(self, *args, **kwargs):
        """Run the command to its end; the result of subprocess.run()."""
        kwargs.setdefault("env", self.env)
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        kwargs.setdefault("capture_output", True)
        return subprocess.run([COMMAND, *args], timeout=TIMEOUT, check=False, **kwargs)


class Counter:
    """signal_counter.py under the command, in a process group of its own."""

    def __init__(self, test, *prefix, **kwargs):
        self.log = os.path.join(test.work, f"log{time.monotonic_ns()}")
        kwargs.setdefault("env", test.env)
        kwargs.setdefault("preexec_fn", os.setpgrp)
        self.process = subprocess.Popen(
            [*(prefix or [COMMAND]), sys.executable, COUNTER, self.log],
            stdin=subprocess.PIPE, **kwargs)
        lines = wait_until("the counter starts", self.lines)
        self.pid = int(lines[0])
        self.launcher = self.process.pid

    def lines(self):
        """What it has written: its process id, then a line for each signal."""
        try:
            with open(self.log, encoding="ascii") as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def signals(self):
        """The names of the signals it has got."""
        return self.lines()[1:]

    def wait_for_sentry(self):
        """Until the launcher is ready to tell a signal to it from one to everybody."""
        wait_until("the sentry starts", lambda: "st-sentry" in children(self.launcher))

    def end(self):
        """End it; the exit status of the command."""
        self.process.stdin.close()
        return self.process.wait(TIMEOUT)


def command_line(pid):
    """The command line of a process, as bytes."""
    with open(f"/proc/{pid}/cmdline", "rb") as f:
        return f.read()


def name(number):
    """SIGTERM for 15."""
    return signal.Signals(number).name
