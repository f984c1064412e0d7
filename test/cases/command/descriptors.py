"""Descriptors: COMMAND gets exactly those that the command was given, and nobody else keeps them."""

import fcntl
import itertools
import json
import os
import resource
import select
import subprocess
import sys
import unittest

from lib import COMMAND, TIMEOUT, CommandTest

# Writes its open descriptors, with flags, offset and what they are, to the file argv[1].
SHOW = """
import fcntl, json, os, sys
seen = {}
for fd in map(int, os.listdir('/proc/self/fd')):
    try:
        name = os.readlink(f'/proc/self/fd/{fd}')
        seen[fd] = [name, fcntl.fcntl(fd, fcntl.F_GETFD), fcntl.fcntl(fd, fcntl.F_GETFL)]
        # Those of whoever runs the tests may move meanwhile.
        if name.startswith(os.path.dirname(sys.argv[1])):
            seen[fd].append(os.lseek(fd, 0, os.SEEK_CUR))
    except OSError:
        pass
seen = {fd: s for fd, s in seen.items() if '/proc/' not in s[0]}
out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
os.write(out, json.dumps(seen).encode())
"""


class Descriptors(CommandTest):
    """What COMMAND finds open."""

    def show(self, prefix, prepare, **kwargs):
        """What SHOW has written, natively or behind a prefix."""
        out = os.path.join(self.work, "seen")
        script = os.path.join(self.work, "show.py")
        with open(script, "w", encoding="ascii") as f:
            f.write(SHOW)
        status = subprocess.run([*prefix, sys.executable, script, out], env=self.env,
                                preexec_fn=prepare, check=False, timeout=TIMEOUT,
                                close_fds=False, **kwargs)
        self.assertEqual(status.returncode, 0)
        with open(out, encoding="ascii") as f:
            return json.load(f)

    def compare(self, prepare, *options, **kwargs):
        native = self.show([], prepare, **kwargs)
        self.assertEqual(self.show([COMMAND, *options], prepare, **kwargs), native)
        return native

    def test_files(self):
        path = os.path.join(self.work, "file")
        with open(path, "wb") as f:
            f.write(bytes(1000))
        with open(path, "r+b", buffering=0) as f:
            f.seek(123)

            def prepare():
                os.dup2(f.fileno(), 9, inheritable=True)
                os.dup2(f.fileno(), 200, inheritable=True)
            native = self.compare(prepare)
            self.assertEqual(native["9"][3], 123)

    def test_pipes(self):
        fds = os.pipe()

        def prepare():
            os.dup2(fds[0], 30, inheritable=True)
            os.dup2(fds[1], 31, inheritable=True)
        native = self.compare(prepare)
        self.assertIn("30", native)
        for fd in fds:
            os.close(fd)

    def test_standard_closed(self):
        stats = os.path.join(self.work, "stats.json")
        for closed in itertools.chain.from_iterable(
                itertools.combinations((0, 1, 2), n) for n in range(4)):
            def prepare(closed=closed):
                for fd in closed:
                    os.close(fd)
            with self.subTest(closed=closed):
                # Python itself opens what it finds closed: stdin as /dev/null and so on.
                self.compare(prepare, "--stats", "--verbose", f"--stats={stats}",
                             stderr=subprocess.DEVNULL)
                with open(stats, "rb") as f:
                    self.assertEqual(json.load(f)["version"], 1)
                os.unlink(stats)

    def test_standard_closed_for_a_program_that_opens_nothing(self):
        for fd in range(3):
            process = subprocess.run(
                [COMMAND, "sh", "-c", f"test ! -e /proc/$$/fd/{fd} && exit 6"], env=self.env,
                preexec_fn=lambda fd=fd: os.close(fd), check=False, timeout=TIMEOUT)
            self.assertEqual(process.returncode, 6)

    def test_few_allowed(self):
        """With no descriptors to be had COMMAND runs natively."""
        for limit in (3, 4, 5, 6, 7, 8, 12):
            def prepare(limit=limit):
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            process = subprocess.run([COMMAND, "sh", "-c", "exit 6"], env=self.env,
                                     preexec_fn=prepare, check=False, timeout=TIMEOUT,
                                     stderr=subprocess.PIPE)
            native = subprocess.run(["sh", "-c", "exit 6"], env=self.env, preexec_fn=prepare,
                                    check=False, timeout=TIMEOUT, stderr=subprocess.PIPE)
            with self.subTest(limit=limit):
                # Below four not even the loader can open a library.
                self.assertEqual(process.returncode, native.returncode)
        self.assertEqual(self.sessions(), [])


class Release(CommandTest):
    """What the launcher lets go of when COMMAND has it."""

    def wait_for_end_of(self, fd):
        """Until the end of file, while COMMAND goes on."""
        data = b""
        while select.select([fd], [], [], TIMEOUT)[0]:
            more = os.read(fd, 100)
            if not more:
                return data
            data += more
        raise AssertionError(f"no end of file: {data!r}")

    def test_stdout_closed_early(self):
        for options in ([], ["--stats"], ["--verbose"]):
            process = subprocess.Popen(
                [COMMAND, *options, "sh", "-c", "echo said; exec >&-; read line"], env=self.env,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.assertEqual(self.wait_for_end_of(process.stdout.fileno()), b"said\n")
            self.assertIsNone(process.poll())
            process.communicate(b"line\n", TIMEOUT)
            self.assertEqual(process.returncode, 0)

    def test_stderr_closed_early(self):
        process = subprocess.Popen(
            [COMMAND, "sh", "-c", "echo said >&2; exec 2>&-; read line"], env=self.env,
            stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(self.wait_for_end_of(process.stderr.fileno()), b"said\n")
        process.communicate(b"line\n", TIMEOUT)
        self.assertEqual(process.returncode, 0)

    def test_another_closed_early(self):
        """As a server does that says on a descriptor that it is ready."""
        read, write = os.pipe()
        process = subprocess.Popen(
            [COMMAND, "sh", "-c", f"echo ready >&{write}; exec {write}>&-; read line"],
            env=self.env, stdin=subprocess.PIPE, pass_fds=(write,))
        os.close(write)
        self.assertEqual(self.wait_for_end_of(read), b"ready\n")
        self.assertIsNone(process.poll())
        process.communicate(b"line\n", TIMEOUT)
        self.assertEqual(process.returncode, 0)
        os.close(read)

    def test_stdin_closed_early(self):
        """The writer of a pipe that nobody reads any more is told so."""
        process = subprocess.Popen([COMMAND, "sh", "-c", "exec <&-; echo closed; exec sleep 30"],
                                   env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.assertEqual(os.read(process.stdout.fileno(), 100), b"closed\n")

        def write_until_broken():
            end = 1000
            while end:
                end -= 1
                try:
                    os.write(process.stdin.fileno(), b"x")
                except BrokenPipeError:
                    return True
                select.select([], [], [], 0.01)
            return False
        self.assertTrue(write_until_broken())
        process.terminate()
        process.stdout.close()
        self.assertEqual(process.wait(TIMEOUT), 143)
        process.stdin.close()

    def test_record_locks(self):
        """A POSIX lock belongs to a process and survives exec; the launcher is that process."""
        path = os.path.join(self.work, "lock")
        fd = os.open(path, os.O_RDWR | os.O_CREAT)
        process = subprocess.Popen([COMMAND, "sh", "-c", "echo runs; read line"], env=self.env,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(fd,),
                                   preexec_fn=lambda: fcntl.lockf(fd, fcntl.LOCK_EX))
        self.assertEqual(os.read(process.stdout.fileno(), 100), b"runs\n")
        # Time for the launcher to have let go of what it does.
        select.select([], [], [], 0.2)
        with self.assertRaises(OSError):
            fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        process.communicate(b"line\n", TIMEOUT)
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(fd)


if __name__ == "__main__":
    unittest.main()
