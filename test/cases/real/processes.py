"""Every way to make processes that Python's library has."""
import asyncio
import concurrent.futures
import multiprocessing
import os
import pty
import signal
import subprocess
import sys
import threading


def double(x):
    return 2 * x


def modes():
    for vfork, spawn in ((True, True), (True, False), (False, True), (False, False)):
        subprocess._USE_VFORK, subprocess._USE_POSIX_SPAWN = vfork, spawn
        print("vfork", vfork, "posix_spawn", spawn)
        print(subprocess.run(["echo", "a b"], stdout=subprocess.PIPE).stdout)
        print(subprocess.run("echo $0 shell; exit 3", shell=True, stdout=subprocess.PIPE))
        print(subprocess.check_output(["cat"], input=b"through a pipe" * 10000, close_fds=False)[-4:])
        print(subprocess.run(["/bin/sh", "-c", "kill -9 $$"], close_fds=False).returncode)
        for wrong in ("no-such-program", "/etc/passwd", "/"):
            try:
                subprocess.run([wrong], close_fds=False)
            except OSError as error:
                print(type(error).__name__, error.errno, error.filename)
        try:
            subprocess.run(["sleep", "60"], timeout=0.1)
        except subprocess.TimeoutExpired as error:
            print(type(error).__name__, error.cmd)
        with subprocess.Popen(["sh", "-c", "read x; echo got $x; echo err >&2; exit 7"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as child:
            print(child.communicate("line\n"), child.returncode)
        first = subprocess.Popen(["printf", "b\\na\\n"], stdout=subprocess.PIPE)
        second = subprocess.Popen(["sort"], stdin=first.stdout, stdout=subprocess.PIPE)
        first.stdout.close()
        print(second.communicate()[0], first.wait(), second.returncode)


def os_functions():
    print(os.spawnl(os.P_WAIT, "/bin/sh", "sh", "-c", "exit 3"))
    print(os.spawnlp(os.P_WAIT, "sh", "sh", "-c", "exit 4"))
    print(os.spawnvpe(os.P_WAIT, "sh", ["sh", "-c", "exit $N"], {"N": "5", "PATH": "/bin"}))
    print(os.system("exit 6"), os.waitstatus_to_exitcode(os.system("kill -15 $$")))
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", "cat <&9; echo to 8 >&8; exit 7"], os.environ,
                         file_actions=[(os.POSIX_SPAWN_OPEN, 9, "/proc/self/comm", os.O_RDONLY, 0),
                                       (os.POSIX_SPAWN_DUP2, 1, 8), (os.POSIX_SPAWN_CLOSE, 0)],
                         setpgroup=0, setsigmask=[signal.SIGUSR1], setsigdef=[signal.SIGPIPE])
    print(os.waitpid(pid, 0)[1])
    pid = os.posix_spawnp("sh", ["sh", "-c", "exit 8"], {})
    print(os.waitpid(pid, 0)[1])
    try:
        os.posix_spawn("/no/such/file", ["x"], {})
    except FileNotFoundError as error:
        print(error)
    pid, master = pty.fork()
    if pid == 0:
        os.execlp("sh", "sh", "-c", "test -t 0 && echo on a terminal; tty >/dev/null && exit 9")
    print(os.read(master, 100), os.waitpid(pid, 0)[1])
    os.close(master)


def threads():
    def start(i):
        return subprocess.run(["sh", "-c", f"exit {i}"]).returncode
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        print(list(pool.map(start, range(40))) == list(range(40)))


async def asynchronous():
    async def one(i):
        child = await asyncio.create_subprocess_exec("sh", "-c", f"echo {i}; exit {i}",
                                                     stdout=asyncio.subprocess.PIPE)
        out, _ = await child.communicate()
        return int(out), child.returncode
    print(await asyncio.gather(*(one(i) for i in range(10))))
    child = await asyncio.create_subprocess_shell("exec sleep 60")
    child.terminate()
    print(await child.wait())


def pools():
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, pool.map(double, range(5)))


def signals():
    received = []
    signal.signal(signal.SIGCHLD, lambda number, frame: received.append(number))
    subprocess.run(["true"], close_fds=False)
    print("SIGCHLD", len(received))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print(subprocess.run(["sh", "-c", "exit 3"]).returncode)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    modes()
    os_functions()
    threads()
    asyncio.run(asynchronous())
    signals()
    try:
        os.wait()
    except ChildProcessError as error:
        print(error)
    # These leave helpers behind until the end.
    pools()
    print(threading.active_count())
