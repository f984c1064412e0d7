"""An lcov tracefile of code that marks its places as trace.c does.

    lines.py OBJDUMP ROOT BINARY HITS

BINARY is compiled without optimisation, so its basic blocks stand in a row: an instruction belongs
to the block whose call of __sanitizer_cov_trace_pc() is the nearest before it in its function (the
first one, for what is before).  HITS has a byte for each address.  Only sources in ROOT count, and
only lines with an instruction.
"""

import collections
import os
import re
import subprocess
import sys

FUNCTION = re.compile(r'^[0-9a-f]+ <([^>]+)>:$')
LINE = re.compile(r'^(/.+):(\d+)(?: \(discriminator \d+\))?$')
INSTRUCTION = re.compile(r'^ +([0-9a-f]+):\t(.*)$')


class Lines:
    """Which lines there are, and which of them were reached."""

    def __init__(self, root, hits):
        self.root = os.path.join(root, '')
        self.hits = hits
        self.files = collections.defaultdict(dict)
        self.pending = []
        self.reached = None
        self.traced = False

    def end_function(self):
        self.settle(False)
        self.reached = None

    def settle(self, reached):
        for source, line in self.pending:
            known = self.files[source].get(line, False)
            self.files[source][line] = known or reached
        self.pending = []

    def instruction(self, source, line, after_call):
        """after_call is the address behind a call of the trace function, or None."""
        if after_call is not None:
            self.traced = True
            self.reached = self.hits[after_call] != 0
            self.settle(self.reached)
        if not source.startswith(self.root):
            return
        self.pending.append((source, line))
        if self.reached is not None:
            self.settle(self.reached)


def read(objdump, root, binary, hits):
    text = subprocess.run([objdump, '-d', '-l', '--no-show-raw-insn', binary], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    lines = Lines(root, hits)
    source, line, call = '', 0, False
    for row in text.splitlines():
        if FUNCTION.match(row):
            lines.end_function()
            source, call = '', False
            continue
        found = LINE.match(row)
        if found:
            source, line = os.path.normpath(found.group(1)), int(found.group(2))
            continue
        found = INSTRUCTION.match(row)
        if found:
            lines.instruction(source, line, int(found.group(1), 16) if call else None)
            call = '<__sanitizer_cov_trace_pc>' in found.group(2)
    lines.end_function()
    return lines.files if lines.traced else {}


def main():
    objdump, root, binary, path = sys.argv[1:]
    with open(path, 'rb') as file:
        hits = file.read()
    files = read(objdump, root, binary, hits)
    if not files:
        sys.exit(f'{binary}: it is not built for coverage')
    for source in sorted(files):
        print(f'SF:{source}')
        for line in sorted(files[source]):
            print(f'DA:{line},{int(files[source][line])}')
        print('end_of_record')


main()
