"""The session's service: what it is, what it does not touch, when it ends, and what then is left."""

import contextlib
import json
import os
import pty
import random
import select
import shutil
import signal
import subprocess
import sys
import time
import unittest

from lib import (COMMAND, TIMEOUT, CommandTest, Counter, children, command_line, state,
                 status_field, wait_until)

# With which signal_counter.py ends.
COUNTER_STATUS = 7

# Nothing of a session that is over is there longer than this, in seconds.
LINGERING = 10


def services(directory):
    """The services of the sessions in a cache directory: process ids."""
    found = []
    for name in os.listdir("/proc"):
        try:
            words = command_line(int(name)).split(b"\0")
        except (ValueError, FileNotFoundError, ProcessLookupError):
            continue
        if (words[:2] == [b"spawn-template-service", b"session"]
                and words[2].startswith(os.fsencode(directory) + b"/")):
            found.append(int(name))
    # A child that bakes has the same command line.
    return [pid for pid in found if parent(pid) not in found]


def parent(pid):
    """The parent of a process, None if there is none any more."""
    try:
        return int(status_field(pid, "PPid"))
    except (FileNotFoundError, ProcessLookupError):
        return None


def descriptors(pid):
    """What the open descriptors of a process lead to, but for those that it closes meanwhile."""
    names = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            names.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            pass
    return names


def stat_fields(pid):
    """The fields of /proc/PID/stat behind the name, the state being number 0."""
    with open(f"/proc/{pid}/stat", "rb") as f:
        return f.read().rpartition(b")")[2].split()


def group_nice(pid):
    """The nice value of the process's autogroup, None if the kernel has none."""
    try:
        with open(f"/proc/{pid}/autogroup", encoding="ascii") as f:
            line = f.read()
    except OSError:
        return None
    return int(line.split()[-1]) if line else None


def switches(pid):
    """How often the process has been on a processor."""
    return (int(status_field(pid, "voluntary_ctxt_switches"))
            + int(status_field(pid, "nonvoluntary_ctxt_switches")))


def images_work():
    """Whether images can be made here at all."""
    result = subprocess.run([COMMAND, "inspect", "--json", "/bin/true"], check=False,
                            stdin=subprocess.DEVNULL, capture_output=True)
    return json.loads(result.stdout)["files"][0]["engines"]["image"]["eligible"]


class ServiceTest(CommandTest):
    """What the tests of the service share."""

    def service(self):
        """The only service of this test's sessions, once it has begun."""
        found = wait_until("the service starts", lambda: services(self.cache))
        self.assertEqual(len(found), 1)
        return found[0]

    def none(self, what):
        """No service is left, after a moment."""
        end = time.monotonic() + LINGERING
        while services(self.cache):
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.02)

    def files(self):
        """All files in the cache directory."""
        return [os.path.join(d, f) for d, _, files in os.walk(self.cache) for f in files]

    def tearDown(self):
        self.none("a service is left at the end")
        super().tearDown()


class OfCommand(ServiceTest):
    """The service of `spawn-template COMMAND`."""

    def test_apart(self):
        """It is nobody's but the launcher's, and has nothing of the user's."""
        given, kept = os.pipe()
        os.set_inheritable(given, True)
        with open(os.path.join(self.work, "file"), "w", encoding="ascii") as opened:
            os.set_inheritable(opened.fileno(), True)
            counter = Counter(self, close_fds=False, cwd=self.work)
            pid = self.service()
            self.assertEqual(int(status_field(pid, "PPid")), counter.launcher)
            fields = stat_fields(pid)
            self.assertEqual(int(fields[2]), pid, "process group")
            self.assertEqual(int(fields[3]), pid, "session")
            self.assertEqual(int(fields[4]), 0, "controlling terminal")
            # Once it has begun to serve.
            wait_until("it is nice", lambda: int(stat_fields(pid)[16]) >= 10)
            # Among sessions too, where the kernel tells them apart.
            wait_until("its session is nice", lambda: group_nice(pid) in (None, 2))
            # Where memory runs out, it goes first.
            def score():
                with open(f"/proc/{pid}/oom_score_adj", encoding="ascii") as f:
                    return int(f.read())
            wait_until("it goes first", lambda: score() == 1000)
            self.check_descriptors(pid)
            self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")
            with open(f"/proc/{pid}/environ", "rb") as f:
                self.assertEqual(f.read(), b"")
            self.assertEqual(status_field(pid, "SigBlk"), "0" * 16)
            self.assertNotIn(pid, children(counter.pid).values())
            counter.end()
        os.close(given)
        os.close(kept)

    def check_descriptors(self, pid):
        """/dev/null, and what is in the cache directory."""
        def are_its_own():
            names = descriptors(pid)
            # The environment goes away at the beginning, once it has been read; and now and then
            # it looks whether the session's leader lives.
            if any("memfd:environment" in name or name.startswith("/proc/") for name in names):
                return False
            self.assertEqual(
                [n for n in names if n != "/dev/null" and not n.startswith(self.cache + "/")], [])
            return len(names) >= 4
        wait_until("its descriptors are its own", are_its_own)

    def test_terminal(self):
        """With a terminal, it neither has it open nor as its controlling one."""
        pid, master = pty.fork()
        if pid == 0:
            os.execve(COMMAND, [COMMAND, "sh", "-c", "echo ready; read x"], self.env)
        while b"ready" not in os.read(master, 1000):
            pass
        service = self.service()
        fields = stat_fields(service)
        self.assertEqual(int(fields[4]), 0, "controlling terminal")
        self.assertNotEqual(int(fields[3]), pid, "session")
        self.check_descriptors(service)
        os.write(master, b"\n")
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        os.close(master)
        self.none("after a terminal")

    def test_only_for_images(self):
        """Other engines have none."""
        for engine in "off", "kernel":
            counter = Counter(self, COMMAND, f"--engine={engine}")
            counter.wait_for_sentry()
            time.sleep(0.2)
            self.assertEqual(services(self.cache), [], engine)
            self.assertEqual(counter.end(), COUNTER_STATUS)
        self.env["SPAWN_TEMPLATE"] = "off"
        counter = Counter(self)
        counter.wait_for_sentry()
        time.sleep(0.2)
        self.assertEqual(services(self.cache), [])
        self.assertEqual(counter.end(), COUNTER_STATUS)

    def test_end(self):
        """It ends with COMMAND, before the command itself does."""
        counter = Counter(self)
        pid = self.service()
        self.assertEqual(counter.end(), COUNTER_STATUS)
        self.assertIsNone(state(pid))
        self.assertEqual(self.sessions(), [])

    def test_launcher_killed(self):
        """It ends with the launcher if that is killed."""
        counter = Counter(self)
        counter.wait_for_sentry()
        pid = self.service()
        counter.process.kill()
        counter.process.wait(TIMEOUT)
        wait_until("it ends", lambda: state(pid) in (None, "Z"))
        counter.process.stdin.close()
        self.none("the launcher was killed")
        # What it has left goes with the next.
        self.assertEqual(self.run_command("true").returncode, 0)
        self.assertEqual(self.sessions(), [])

    def test_killed(self):
        """COMMAND goes on without it, and there is no zombie."""
        counter = Counter(self)
        counter.wait_for_sentry()
        pid = self.service()
        os.kill(pid, signal.SIGKILL)
        wait_until("it is reaped", lambda: state(pid) is None)
        self.assertEqual(state(counter.pid), "S")
        self.assertEqual(list(children(counter.launcher)).count("service"), 0)
        # A signal is passed on as ever.
        os.kill(counter.launcher, signal.SIGUSR1)
        wait_until("SIGUSR1 arrives", lambda: counter.signals() == ["SIGUSR1"])
        self.assertEqual(counter.end(), COUNTER_STATUS)
        self.assertEqual(self.sessions(), [])

    def test_killed_while_baking(self):
        """No half image has its name, and nothing is left."""
        script = "n=0; while [ $n -lt 60 ]; do n=$((n + 1)); /bin/true; /bin/echo $n; done"
        for _ in range(15):
            process = subprocess.Popen([COMMAND, "sh", "-c", script], env=self.env,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            # It bakes within this time.
            time.sleep(random.uniform(0.01, 0.12))
            for pid in services(self.cache):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            verified = self.run_command("cache", "verify")
            self.assertEqual(verified.returncode, 0, verified.stdout)
            output = process.communicate(timeout=TIMEOUT)[0]
            self.assertEqual(process.returncode, 0)
            self.assertEqual(output.split(), [b"%d" % n for n in range(1, 61)])
        self.assertEqual(self.files(), [])

    def test_idle(self):
        """Where nothing is to be done, it costs nothing."""
        counter = Counter(self)
        pid = self.service()
        wait_until("it sleeps", lambda: state(pid) == "S")
        time.sleep(1)
        before = switches(pid)
        used = stat_fields(pid)[11:13]
        time.sleep(2)
        self.assertLessEqual(switches(pid) - before, 4)
        self.assertEqual(stat_fields(pid)[11:13], used, "processor time")
        counter.end()

    def test_two_sessions(self):
        """Each has its own service and its own images."""
        script = "for i in $(seq 40); do /bin/true; sleep 0.05; done"
        files = [os.path.join(self.work, f"{n}.json") for n in range(2)]
        running = [subprocess.Popen([COMMAND, f"--stats={file}", "sh", "-c", script],
                                    env=self.env, stdin=subprocess.DEVNULL) for file in files]
        wait_until("both begin", lambda: len(services(self.cache)) == 2)
        for process in running:
            self.assertEqual(process.wait(TIMEOUT), 0)
        for file in files:
            with open(file, encoding="utf-8") as f:
                stats = json.load(f)
            # Of seq, sleep and true.
            self.assertEqual(stats["starts"]["total"], 81)
            self.assertGreater(stats["baked"], 0)
            self.assertGreater(stats["starts"]["image"], 0)
        self.assertEqual(self.files(), [])

    def test_replaced(self):
        """A program that is replaced again and again is not baked again and again."""
        tool = os.path.join(self.work, "tool")
        shutil.copy("/bin/true", tool)
        file = os.path.join(self.work, "s.json")
        script = ('for i in 1 2 3 4 5; do for j in 1 2 3 4 5 6; do "$0" || exit; sleep 0.05; done;'
                  ' cp "$0" "$0.new"; mv "$0.new" "$0"; done')
        result = self.run_command(f"--stats={file}", "sh", "-c", script, tool)
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(file, encoding="utf-8") as f:
            stats = json.load(f)
        self.assertEqual(sum(t["starts"] for t in stats["targets"] if t["path"] == tool), 30)

    def test_orphans(self):
        """A process that outlives its session starts others as ever."""
        done = os.path.join(self.work, "done")
        script = ("for i in 1 2 3 4 5 6 7 8; do /bin/true; sleep 0.05; done;"
                  f" (sleep 0.7; /bin/true && /bin/echo fine >{done}) & :")
        self.assertEqual(self.run_command("sh", "-c", script, capture_output=False,
                                          stdout=subprocess.DEVNULL).returncode, 0)
        self.assertEqual(self.sessions(), [])
        wait_until("it goes on", lambda: os.path.exists(done) and os.path.getsize(done))


class OfShell(ServiceTest):
    """The service of a shell after `spawn-template env`."""

    def shell(self):
        """A shell in which it was evaluated."""
        process = subprocess.Popen(["sh"], env=self.env, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, bufsize=0)
        self.tell(process, f'eval "$("{COMMAND}" env --shell=sh)"')
        return process

    def tell(self, process, line):
        """Have the shell do something; what it prints."""
        process.stdin.write(f"{line}\necho END\n".encode())
        output = b""
        while not output.endswith(b"END\n"):
            self.assertTrue(select.select([process.stdout], [], [], TIMEOUT)[0], line)
            output += process.stdout.read(1)
        return output[:-4]

    def test_apart(self):
        """It is not a child of the shell, nor in its session, and has nothing open of it."""
        process = self.shell()
        pid = self.service()
        self.assertNotEqual(int(status_field(pid, "PPid")), process.pid)
        fields = stat_fields(pid)
        self.assertNotEqual(int(fields[2]), os.getpgid(process.pid))
        self.assertNotEqual(int(fields[3]), os.getsid(process.pid))
        self.assertEqual(int(fields[4]), 0, "controlling terminal")
        self.assertEqual([name for name in descriptors(pid) if name.startswith("pipe:")], [])
        # It works.
        def starts_from_an_image():
            self.tell(process, "sh -c '/bin/true; sleep 0.05'")
            stats = json.loads(self.tell(process, f'"{COMMAND}" stats --json'))
            return stats["starts"]["image"] > 0
        wait_until("a start is from an image", starts_from_an_image)
        process.stdin.close()
        self.assertEqual(process.wait(TIMEOUT), 0)
        self.none("the shell has ended")
        self.assertEqual(self.sessions(), [])
        process.stdout.close()

    def test_off(self):
        """`env --off` ends it."""
        process = self.shell()
        self.service()
        self.tell(process, f'eval "$("{COMMAND}" env --off --shell=sh)"')
        self.none("env --off")
        self.assertEqual(self.sessions(), [])
        process.stdin.close()
        self.assertEqual(process.wait(TIMEOUT), 0)
        process.stdout.close()

    def test_shell_killed(self):
        """So does the shell's end, whatever it dies of."""
        process = self.shell()
        self.service()
        process.kill()
        process.wait(TIMEOUT)
        self.none("the shell was killed")
        self.assertEqual(self.sessions(), [])
        process.stdin.close()
        process.stdout.close()

    def test_off_and_kernel(self):
        """Other engines have none."""
        for engine in "off", "kernel":
            process = subprocess.Popen(["sh"], env=self.env, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, bufsize=0)
            self.tell(process, f'eval "$("{COMMAND}" env --engine={engine} --shell=sh)"')
            time.sleep(0.2)
            self.assertEqual(services(self.cache), [])
            process.stdin.close()
            process.wait(TIMEOUT)
            process.stdout.close()


if __name__ == "__main__":
    if not images_work():
        print("skipped: no images on this machine; see spawn-template doctor")
        sys.exit(77)
    unittest.main()
