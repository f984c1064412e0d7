"""What a parent sees of its children, for every way in which subprocess and os can start one."""
import os
import signal
import subprocess
import sys
import threading


def report(mode, name, call):
    try:
        result = call()
    except (OSError, subprocess.SubprocessError) as error:
        result = f"{type(error).__name__} {getattr(error, 'errno', '')} {error}"
    print(f"{mode:12} {name:18} -> {result!r}", flush=True)


def run(*args, **options):
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.STDOUT)
    done = subprocess.run(*args, **options)
    return done.returncode, done.stdout


def pipeline():
    first = subprocess.Popen(["printf", "b\\na\\n"], stdout=subprocess.PIPE)
    with subprocess.Popen(["sort"], stdin=first.stdout, stdout=subprocess.PIPE) as second:
        first.stdout.close()
        out = second.communicate()[0]
    return first.wait(), second.returncode, out


def killed():
    with subprocess.Popen(["sleep", "60"]) as process:
        process.send_signal(signal.SIGTERM)
        return process.wait()


def timed_out():
    try:
        subprocess.run(["sleep", "60"], timeout=0.2, check=False)
    except subprocess.TimeoutExpired:
        return "expired"
    return "not expired"


def passed_fd():
    read, write = os.pipe()
    with os.fdopen(read, "rb") as pipe:
        result = run(["sh", "-c", f"echo through >&{write}"], pass_fds=[write])
        os.close(write)
        return result, pipe.read()


def popen():
    with os.popen("echo popen; exit 3") as pipe:
        out = pipe.read()
    return out


def many_threads():
    results = []

    def work():
        for _ in range(10):
            results.append(subprocess.call(["sh", "-c", "exit 7"]))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


def descriptors():
    return run(["sh", "-c", "for f in /proc/self/fd/*; do echo ${f##*/}; done"])


CASES = {
    "true": lambda: run(["true"]),
    "absolute": lambda: run(["/bin/echo", "a", "", "b c"]),
    "status": lambda: run(["sh", "-c", "exit 42"]),
    "signal": lambda: run(["sh", "-c", "kill -9 $$"]),
    "shell": lambda: run("echo one | cat; exit 3", shell=True),
    "missing": lambda: run(["no-such-program"]),
    "missing absolute": lambda: run(["/nonexistent/program"]),
    "directory": lambda: run(["/"]),
    "not executable": lambda: run(["/etc/passwd"]),
    "empty environment": lambda: run(["/usr/bin/env"], env={}),
    "environment": lambda: run(["/usr/bin/env"], env={"A": "1", "PATH": "/bin"}),
    "directory to be in": lambda: run(["pwd"], cwd="/usr"),
    "no such directory": lambda: run(["pwd"], cwd="/nonexistent"),
    "input": lambda: run(["cat"], input=b"x" * 100000)[1].count(b"x"),
    "new session": lambda: run(["sh", "-c", "test $(ps -o sid= -p $$) -eq $$"],
                               start_new_session=True),
    "argv[0]": lambda: run(["other-name", "-c", "echo $0"], executable="/bin/sh"),
    # Only these two meet what subprocess wants for posix_spawn().
    "close_fds=False": lambda: run(["/bin/sh", "-c", "echo out; exit 4"], close_fds=False),
    "its environment": lambda: run(["/usr/bin/env"], close_fds=False, env={"A": "1"}),
    "preexec_fn": lambda: run(["pwd"], preexec_fn=lambda: os.chdir("/")),
    "pass_fds": passed_fd,
    "pipeline": pipeline,
    "killed": killed,
    "timeout": timed_out,
    "threads": many_threads,
    "descriptors": descriptors,
}

OS_CASES = {
    "os.system": lambda: os.system("exit 5"),
    "os.popen": popen,
    "os.posix_spawn": lambda: os.waitstatus_to_exitcode(
        os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", "exit 6"], os.environ), 0)[1]),
    "os.posix_spawnp": lambda: os.waitstatus_to_exitcode(
        os.waitpid(os.posix_spawnp("false", ["false"], os.environ), 0)[1]),
    "posix_spawn ENOENT": lambda: os.posix_spawn("/nonexistent", ["x"], os.environ),
    "os.spawnvp": lambda: os.spawnvp(os.P_WAIT, "sh", ["sh", "-c", "exit 8"]),
    "os.spawnle": lambda: os.spawnle(os.P_WAIT, "/bin/sh", "sh", "-c", "exit $N", {"N": "9"}),
    "no child is left": lambda: os.waitpid(-1, os.WNOHANG),
}


def main():
    sys.stdout.reconfigure(line_buffering=True)
    for mode, vfork, spawn in (("vfork", True, False), ("posix_spawn", True, True),
                               ("fork", False, False)):
        subprocess._USE_VFORK = vfork
        subprocess._USE_POSIX_SPAWN = spawn
        for name, call in CASES.items():
            report(mode, name, call)
    for name, call in OS_CASES.items():
        report("os", name, call)


if __name__ == "__main__":
    main()
