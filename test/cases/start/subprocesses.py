"""Start the reporter by subprocess through one of its ways: vfork, posix_spawn, fork."""
import os
import signal
import subprocess
import sys

way, reporter = sys.argv[1:]
subprocess._USE_VFORK = way == "vfork"
subprocess._USE_POSIX_SPAWN = way == "posix_spawn"


def show(title, result):
    print(title, result.returncode)
    print(result.stdout)
    print(result.stderr, flush=True)


def run(title, *args, **options):
    show(title, subprocess.run([reporter, *args], capture_output=True, text=True, **options))


# posix_spawn() is taken with close_fds=False alone.
run("no options", "one", "two words", close_fds=False)
run("input", "in", input="line\n", close_fds=False)
run("environment", env={"ONLY": "this", "LD_PRELOAD": os.environ["LD_PRELOAD"]}, close_fds=False)
run("no environment", env={}, close_fds=False)
run("signals", restore_signals=False, close_fds=False)
if way != "posix_spawn":
    run("close_fds", "one")
    run("cwd", cwd="/usr")
    run("session", start_new_session=True)
    run("umask", umask=0o71)
    keep = os.open("/dev/null", os.O_RDONLY)
    run("pass_fds", pass_fds=[keep])
    run("search", executable=reporter)
if way == "fork":
    run("preexec_fn", preexec_fn=lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))

for command in (["no-such-program"], ["/no/such"], ["/"], ["/etc/passwd"], [reporter + "/x"]):
    try:
        subprocess.run(command, close_fds=False)
    except OSError as error:
        print(type(error).__name__, error)
print(subprocess.getstatusoutput("exit 3"), os.system("exit 4"))
with os.popen("echo popen") as stream:
    print(stream.read())
child = subprocess.Popen([reporter], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                         close_fds=False)
print(child.wait())
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError as error:
    print(error)
sys.stdout.flush()
os.execv(reporter, ["python's name", "exec"])
