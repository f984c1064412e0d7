"""Signals: what is sent to the command reaches COMMAND, once; dispositions and masks are kept."""

import os
import signal
import subprocess
import sys
import time
import unittest

from lib import (
    COMMAND, CommandTest, Counter, children, command_line, name, state, status_field, wait_until)

FORWARDED = [
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2,
    signal.SIGALRM, signal.SIGCONT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
    signal.SIGWINCH, signal.SIGPIPE, signal.SIGVTALRM, signal.SIGABRT, signal.SIGSEGV,
]

# Long enough for a signal that must not come.
QUIET = 0.15


class Forwarding(CommandTest):
    """Signals that processes send."""

    def test_each_signal_once(self):
        counter = Counter(self)
        counter.wait_for_sentry()
        expected = []
        for number in FORWARDED:
            os.kill(counter.launcher, number)
            expected.append(name(number))
            wait_until(name(number), lambda: len(counter.signals()) >= len(expected))
        time.sleep(QUIET)
        self.assertEqual(counter.signals(), expected)
        self.assertEqual(counter.end(), 7)
        self.assertEqual(self.sessions(), [])

    def test_to_the_group_once(self):
        counter = Counter(self)
        counter.wait_for_sentry()
        expected = []
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1,
                       signal.SIGQUIT):
            os.killpg(counter.launcher, number)
            expected.append(name(number))
            wait_until(name(number), lambda: counter.signals() == expected)
            time.sleep(QUIET)
        self.assertEqual(counter.signals(), expected)
        # And afterwards one to the launcher alone is passed on all the same.
        os.kill(counter.launcher, signal.SIGTERM)
        wait_until("SIGTERM", lambda: counter.signals() == expected + ["SIGTERM"])
        self.assertEqual(counter.end(), 7)

    def test_to_everybody_one_by_one(self):
        """As a service manager does that stops a control group."""
        counter = Counter(self)
        counter.wait_for_sentry()
        for pid in [counter.launcher, *children(counter.launcher).values()]:
            os.kill(pid, signal.SIGTERM)
        wait_until("SIGTERM", counter.signals)
        time.sleep(QUIET)
        self.assertEqual(counter.signals(), ["SIGTERM"])
        self.assertEqual(counter.end(), 7)

    def test_several_at_once(self):
        counter = Counter(self)
        counter.wait_for_sentry()
        os.killpg(counter.launcher, signal.SIGTERM)
        os.killpg(counter.launcher, signal.SIGCONT)
        os.killpg(counter.launcher, signal.SIGINT)
        wait_until("three signals", lambda: len(counter.signals()) >= 3)
        time.sleep(QUIET)
        self.assertEqual(sorted(counter.signals()), ["SIGCONT", "SIGINT", "SIGTERM"])
        self.assertEqual(counter.end(), 7)

    def test_from_command_itself(self):
        script = ("n=0; trap 'n=$((n+1))' TERM; kill -TERM 0; sleep 0.2; kill -TERM $PPID; "
                  "sleep 0.2; exit $n")
        process = subprocess.run([COMMAND, "sh", "-c", script], env=self.env, check=False,
                                 preexec_fn=os.setpgrp, timeout=20)
        self.assertEqual(process.returncode, 1)

    def test_before_the_child_is_there(self):
        """Sent at the first possible moment: whoever gets it, COMMAND does not survive it."""
        for _ in range(20):
            process = subprocess.Popen([COMMAND, "sleep", "20"], env=self.env)
            os.kill(process.pid, signal.SIGTERM)
            # -SIGTERM: the launcher had not begun yet, and ended as any program does.
            self.assertIn(process.wait(10), (143, -signal.SIGTERM))
        self.assertEqual(self.sessions(), [])


class Default(CommandTest):
    """Signals that COMMAND does not handle."""

    def start(self):
        # In a group of its own: one that is orphaned, as ours may be, cannot be stopped.
        process = subprocess.Popen([COMMAND, "sleep", "30"], env=self.env, preexec_fn=os.setpgrp)
        child = wait_until("sleep starts", lambda: children(process.pid).get("sleep"))
        return process, child

    def test_ended_by_a_signal(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
            process, child = self.start()
            os.kill(process.pid, number)
            self.assertEqual(process.wait(20), 128 + number)
            self.assertIsNone(state(child))
        self.assertEqual(self.sessions(), [])

    def test_child_killed(self):
        process, child = self.start()
        os.kill(child, signal.SIGKILL)
        self.assertEqual(process.wait(20), 128 + 9)
        self.assertEqual(self.sessions(), [])

    def test_launcher_killed(self):
        """kill -9 cannot be passed on, but has the same end.  The next session sweeps."""
        process, child = self.start()
        sentry = wait_until("sentry", lambda: children(process.pid).get("st-sentry"))
        process.kill()
        self.assertEqual(process.wait(20), -9)
        wait_until("COMMAND ends", lambda: state(child) in (None, "Z"))
        wait_until("the sentry ends", lambda: state(sentry) in (None, "Z"))
        self.assertEqual(len(self.sessions()), 1)
        self.assertEqual(self.run_command("true").returncode, 0)
        self.assertEqual(self.sessions(), [])

    def test_stopped_and_continued_directly(self):
        """SIGSTOP and SIGCONT to COMMAND: the launcher goes along."""
        process, child = self.start()
        wait_until("sentry", lambda: children(process.pid).get("st-sentry"))
        for _ in range(3):
            os.kill(child, signal.SIGSTOP)
            pid, status = os.waitpid(process.pid, os.WUNTRACED)
            self.assertEqual(pid, process.pid)
            self.assertTrue(os.WIFSTOPPED(status))
            self.assertEqual(os.WSTOPSIG(status), signal.SIGSTOP)
            os.kill(child, signal.SIGCONT)
            wait_until("launcher continues", lambda: state(process.pid) == "S")
            wait_until("child continues", lambda: state(child) == "S")
        os.kill(process.pid, signal.SIGTERM)
        self.assertEqual(process.wait(20), 143)

    def test_launcher_continued(self):
        process, child = self.start()
        wait_until("sentry", lambda: children(process.pid).get("st-sentry"))
        os.kill(process.pid, signal.SIGTSTP)
        pid, status = os.waitpid(process.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(status))
        self.assertEqual(os.WSTOPSIG(status), signal.SIGTSTP)
        self.assertEqual(state(child), "T")
        os.kill(process.pid, signal.SIGCONT)
        wait_until("child continues", lambda: state(child) == "S")
        os.kill(process.pid, signal.SIGTERM)
        self.assertEqual(process.wait(20), 143)

    def test_killed_while_stopped(self):
        process, child = self.start()
        wait_until("sentry", lambda: children(process.pid).get("st-sentry"))
        os.kill(child, signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        os.kill(child, signal.SIGKILL)
        self.assertEqual(process.wait(20), 137)


class Kept(CommandTest):
    """What COMMAND inherits through the launcher is what it would inherit without."""

    FIELDS = ("SigBlk", "SigIgn", "SigPnd", "ShdPnd")

    def compare(self, prepare):
        show = [sys.executable, "-c",
                "print([l for l in open('/proc/self/status') "
                f"if l.split(':')[0] in {self.FIELDS!r}])"]
        outputs = [
            subprocess.run(prefix + show, env=self.env, preexec_fn=prepare, check=True,
                           capture_output=True, timeout=20, restore_signals=False).stdout
            for prefix in ([], [COMMAND])
        ]
        self.assertEqual(outputs[0], outputs[1])
        return outputs[0]

    def test_defaults(self):
        self.compare(lambda: None)

    def test_ignored(self):
        def prepare():
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGCHLD, signal.SIGTSTP,
                           signal.SIGUSR2):
                signal.signal(number, signal.SIG_IGN)
        self.compare(prepare)

    def test_blocked(self):
        self.compare(lambda: signal.pthread_sigmask(
            signal.SIG_SETMASK, [signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1, 40]))

    def test_pending(self):
        def prepare():
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
            os.kill(os.getpid(), signal.SIGUSR1)
        mask = 1 << (signal.SIGUSR1 - 1)
        self.assertIn(f"{mask:016x}".encode(), self.compare(prepare))

    def test_status_with_sigchld_ignored(self):
        process = self.run_command(
            "sh", "-c", "exit 5", restore_signals=False,
            preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertEqual(process.returncode, 5)

    def test_alarm(self):
        """alarm(2) survives exec: `perl -e 'alarm 9; exec @ARGV' ...` is a common timeout."""
        process = self.run_command("sleep", "20", preexec_fn=lambda: signal.alarm(1))
        self.assertEqual(process.returncode, 128 + signal.SIGALRM)

    def test_alarm_of_a_nested_command(self):
        process = self.run_command(
            "sh", "-c", 'exec "$0" sleep 20', COMMAND, preexec_fn=lambda: signal.alarm(1))
        self.assertEqual(process.returncode, 128 + signal.SIGALRM)

    def test_process_group_and_session(self):
        script = "import os; print(os.getpgid(0), os.getsid(0))"
        process = subprocess.Popen([COMMAND, sys.executable, "-c", script], env=self.env,
                                   stdout=subprocess.PIPE, preexec_fn=os.setpgrp)
        out = process.communicate(timeout=20)[0]
        self.assertEqual(out.split(), [str(process.pid).encode(), str(os.getsid(0)).encode()])

    def test_orphans_are_left_alone(self):
        process = self.run_command("sh", "-c", "sleep 30 >/dev/null 2>&1 & echo $!")
        orphan = int(process.stdout)
        self.assertNotIn(state(orphan), (None, "Z"))
        os.kill(orphan, signal.SIGKILL)


class Sentry(CommandTest):
    """The process beside COMMAND."""

    def test_is_not_mistaken_for_command(self):
        counter = Counter(self)
        counter.wait_for_sentry()
        sentry = children(counter.launcher)["st-sentry"]
        wait_until("it has renamed itself",
                   lambda: b"spawn-template" not in command_line(sentry))
        self.assertNotIn(b"python", command_line(sentry))
        # Nothing of COMMAND's is kept open by it.
        self.assertEqual(os.listdir(f"/proc/{sentry}/fd"), ["0"])
        self.assertEqual(status_field(sentry, "PPid"), str(counter.launcher))
        self.assertEqual(os.getpgid(sentry), counter.launcher)
        self.assertEqual(counter.end(), 7)
        self.assertIsNone(state(sentry))

    def test_without_one(self):
        """Killed: signals are passed on all the same."""
        counter = Counter(self)
        counter.wait_for_sentry()
        os.kill(children(counter.launcher)["st-sentry"], signal.SIGKILL)
        os.kill(counter.launcher, signal.SIGUSR1)
        wait_until("SIGUSR1", lambda: counter.signals() == ["SIGUSR1"])
        self.assertEqual(counter.end(), 7)


if __name__ == "__main__":
    unittest.main()
