# Python's ways to make processes: subprocess with its three ways, os.*, multiprocessing, asyncio.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin real.python
need python3
# Another python3 in PATH may be a script of a version manager.
modes_path=/usr/bin:/bin
expect_starts=20
compare_modes python3 -E "$ST_CASES_SRC/real/processes.py"
modes_end
