"""Terminals: what the terminal sends reaches COMMAND once, and job control works."""

import fcntl
import os
import pty
import select
import shutil
import struct
import sys
import termios
import time
import unittest

from lib import COMMAND, COUNTER, TIMEOUT, CommandTest, children, state, wait_until

QUIET = 0.15


class Terminal:
    """A program as the leader of a session with a terminal of its own."""

    def __init__(self, test, *argv):
        self.output = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.clear()
            os.environ.update(test.env)
            os.execvp(argv[0], argv)

    def type(self, text):
        """Type on its keyboard."""
        os.write(self.fd, text)

    def read(self):
        """Take what it has written by now."""
        while select.select([self.fd], [], [], 0)[0]:
            try:
                data = os.read(self.fd, 4096)
            except OSError:
                return
            if not data:
                return
            self.output += data

    def expect(self, text):
        """Wait until it has written text, and forget everything up to there."""
        def found():
            self.read()
            return text in self.output
        try:
            wait_until(repr(text), found)
        except AssertionError:
            raise AssertionError(f"never: {text!r} in {self.output!r}") from None
        self.output = self.output.partition(text)[2]

    def wait(self):
        """Its status, as of waitpid(2)."""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            if self.fd >= 0:
                self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                if self.fd >= 0:
                    os.close(self.fd)
                return status
            time.sleep(0.01)
        raise AssertionError(f"does not end: {self.output!r}")


class Keys(CommandTest):
    """The command as the terminal's only program."""

    def start_counter(self):
        log = os.path.join(self.work, "log")
        terminal = Terminal(self, COMMAND, sys.executable, COUNTER, log)

        def lines():
            if not os.path.exists(log):
                return []
            with open(log, encoding="ascii") as f:
                return f.read().splitlines()
        wait_until("the counter starts", lines)
        wait_until("the sentry starts", lambda: "st-sentry" in children(terminal.pid))
        return terminal, lambda: lines()[1:]

    def end_counter(self, terminal):
        terminal.type(b"\n\x04")
        self.assertEqual(os.waitstatus_to_exitcode(terminal.wait()), 7)
        self.assertEqual(self.sessions(), [])

    def test_keys_once(self):
        terminal, signals = self.start_counter()
        expected = []
        for key, number in ((b"\x03", "SIGINT"), (b"\x1c", "SIGQUIT"), (b"\x1a", "SIGTSTP"),
                            (b"\x03", "SIGINT")):
            terminal.type(key)
            expected.append(number)
            wait_until(number, lambda: len(signals()) >= len(expected))
            time.sleep(QUIET)
            self.assertEqual(signals(), expected)
        self.end_counter(terminal)

    def test_window_size_once(self):
        terminal, signals = self.start_counter()
        fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
        wait_until("SIGWINCH", signals)
        time.sleep(QUIET)
        self.assertEqual(signals(), ["SIGWINCH"])
        self.end_counter(terminal)

    def test_hangup(self):
        """The kernel tells the session leader alone, which is the launcher."""
        terminal = Terminal(self, COMMAND, "sh", "-c", "echo here; exec sleep 30 <&- >&- 2>&-")
        terminal.expect(b"here")
        wait_until("sleep starts", lambda: "sleep" in children(terminal.pid))
        os.close(terminal.fd)
        terminal.fd = -1
        self.assertEqual(os.waitstatus_to_exitcode(terminal.wait()), 129)
        self.assertEqual(self.sessions(), [])

    def test_interrupt_ends_command(self):
        terminal = Terminal(self, COMMAND, "sleep", "30")
        wait_until("sleep starts", lambda: "sleep" in children(terminal.pid))
        terminal.type(b"\x03")
        self.assertEqual(os.waitstatus_to_exitcode(terminal.wait()), 130)
        self.assertEqual(self.sessions(), [])

    def test_isatty(self):
        terminal = Terminal(self, COMMAND, "sh", "-c",
                            "tty -s && test -t 1 && test -t 2 && stty size >/dev/null && exit 4")
        self.assertEqual(os.waitstatus_to_exitcode(terminal.wait()), 4)


@unittest.skipUnless(shutil.which("bash"), "needs bash")
class JobControl(CommandTest):
    """The command in an interactive shell."""

    def setUp(self):
        super().setUp()
        self.env.update(PS1="[prompt]", HISTFILE="/dev/null", TERM="dumb")
        self.terminal = Terminal(self, "bash", "--norc", "--noprofile", "--noediting", "-i")
        self.terminal.expect(b"[prompt]")

    def tearDown(self):
        self.terminal.type(b"exit 3\n")
        self.assertEqual(os.waitstatus_to_exitcode(self.terminal.wait()), 3)
        self.assertEqual(self.sessions(), [])
        super().tearDown()

    def run_line(self, line):
        self.terminal.type(line.encode() + b"\n")

    def status(self, expected):
        """The shell's prompt is there, and $? is as expected."""
        self.terminal.expect(b"[prompt]")
        self.run_line("echo status=$?.")
        self.terminal.expect(b"status=%d." % expected)
        self.terminal.expect(b"[prompt]")

    def launcher(self):
        """The process ids of the job: launcher, COMMAND."""
        launcher = wait_until("launcher", lambda: children(self.terminal.pid).get("spawn-template"))
        child = wait_until("COMMAND", lambda: children(launcher).get("sleep"))
        wait_until("sentry", lambda: "st-sentry" in children(launcher))
        return launcher, child

    def test_stop_and_foreground(self):
        self.run_line(COMMAND + " sleep 30")
        launcher, child = self.launcher()
        for _ in range(3):
            self.terminal.type(b"\x1a")
            self.terminal.expect(b"Stopped")
            self.terminal.expect(b"[prompt]")
            self.assertEqual((state(launcher), state(child)), ("T", "T"))
            self.run_line("fg")
            wait_until("both run", lambda: (state(launcher), state(child)) == ("S", "S"))
        self.terminal.type(b"\x03")
        self.status(130)

    def test_background(self):
        self.run_line(COMMAND + " sleep 30")
        launcher, child = self.launcher()
        self.terminal.type(b"\x1a")
        self.terminal.expect(b"Stopped")
        self.terminal.expect(b"[prompt]")
        self.run_line("bg")
        wait_until("both run", lambda: (state(launcher), state(child)) == ("S", "S"))
        self.terminal.expect(b"[prompt]")
        self.run_line("kill %1; wait %1")
        self.status(143)

    def test_reading_in_the_background(self):
        """A job that reads the terminal in the background stops with SIGTTIN, and can go on."""
        self.run_line(COMMAND + " sh -c 'read line; echo got $line; exit 6' &")
        self.terminal.expect(b"[prompt]")
        launcher = wait_until("launcher",
                              lambda: children(self.terminal.pid).get("spawn-template"))
        wait_until("it stops", lambda: state(launcher) == "T")
        self.run_line("fg")
        self.terminal.expect(b"exit 6")
        wait_until("it continues", lambda: state(launcher) == "S")
        self.run_line("words")
        self.terminal.expect(b"got words")
        self.status(6)

    def test_shell_as_command(self):
        """An interactive shell as COMMAND makes its own jobs, and gives the terminal back."""
        self.run_line(COMMAND + " bash --norc --noprofile --noediting -i")
        self.terminal.expect(b"[prompt]")
        shell = children(wait_until(
            "launcher", lambda: children(self.terminal.pid).get("spawn-template")))["bash"]
        self.run_line("sleep 30")
        wait_until("sleep starts", lambda: "sleep" in children(shell))
        self.terminal.type(b"\x1a")
        self.terminal.expect(b"Stopped")
        self.terminal.expect(b"[prompt]")
        self.run_line("fg")
        wait_until("sleep continues", lambda: state(children(shell)["sleep"]) == "S")
        self.terminal.type(b"\x03")
        self.terminal.expect(b"[prompt]")
        self.run_line("exit 8")
        self.terminal.expect(b"exit 8")
        self.status(8)


def wait_status(status):
    """os.waitstatus_to_exitcode() is of Python 3.9."""
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


if not hasattr(os, "waitstatus_to_exitcode"):
    os.waitstatus_to_exitcode = wait_status

if __name__ == "__main__":
    unittest.main()
