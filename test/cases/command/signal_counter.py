"""signal_counter.py FILE: write the process id and then a line for every signal to FILE.

Ends, with status 7, at the end of its stdin.
"""

import os
import select
import signal
import sys

log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
# Python's handlers run when Python has time.  What the C handler writes cannot be late or lost.
wakeup_read, wakeup_write = os.pipe()
for fd in (wakeup_read, wakeup_write):
    os.set_blocking(fd, False)
signal.set_wakeup_fd(wakeup_write)

for number in signal.valid_signals():
    # SIGCHLD has a meaning of its own.
    if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
        signal.signal(number, lambda number, frame: None)

os.write(log, f"{os.getpid()}\n".encode())
while True:
    ready = select.select([0, wakeup_read], [], [])[0]
    if wakeup_read in ready:
        for number in os.read(wakeup_read, 512):
            os.write(log, (signal.Signals(number).name + "\n").encode())
    elif not os.read(0, 1):
        sys.exit(7)
