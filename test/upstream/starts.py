#!/usr/bin/env python3
"""Print what the statistics files of spawn-template say together: starts, engines, reasons.

starts.py FILE...     each written by `spawn-template --stats=FILE`
"""
import collections
import json
import sys


def main(names):
    starts = collections.Counter()
    reasons = collections.Counter()
    for name in names:
        with open(name, encoding="utf-8") as file:
            stats = json.load(file)
        starts.update(stats["starts"])
        reasons.update(stats["fallback"])
    if not starts["total"]:
        sys.exit("no program was started through the shim")
    total = starts.pop("total")
    engines = ", ".join(f"{name} {n}" for name, n in starts.most_common() if n)
    why = ", ".join(f"{name} {n}" for name, n in reasons.most_common() if n)
    print(f"    {total} starts: {engines}")
    if why:
        print(f"    by libc because: {why}")


if __name__ == "__main__":
    main(sys.argv[1:])
