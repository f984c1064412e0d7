#!/bin/sh
# How many of the lines of elfcache and shim the tests reach: a line for each file, and the total.
#
#   test/coverage.sh [--build DIR] [CTEST-ARGUMENT...]
#
# By default the tests are all of unit and cases but those that measure.  DIR, by default
# build-coverage, is built there; DIR/coverage receives `missed`, the lines that were not reached,
# and lcov's tracefile.
#
# gcov counts what has a libc.  The preload and the resume code are counted by test/coverage/trace.c.
# What a process has counted that is killed, or may not write to the build, is lost.  Tests may fail
# here that do not elsewhere, where they look at memory, descriptors or standard error: that is said,
# and changes nothing.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
self=coverage.sh
. "$root/test/lib.sh"

build=$root/build-coverage
if [ "${1-}" = --build ]; then
    build=${2:?--build needs a directory}
    shift 2
    mkdir -p "$build"
    build=$(CDPATH='' cd -- "$build" && pwd -P)
fi
results=$build/coverage
[ $# -gt 0 ] || set -- -L 'unit|cases' -E 'cases\.tax\.'
exec </dev/null
clean_environment
umask 022

quiet_lcov()
{
    lcov --quiet --rc geninfo_gcov_tool=gcov "$@" >"$results/log" 2>&1 || {
        cat "$results/log"
        die "lcov $*"
    }
}

# place NAME FILE: an lcov tracefile of what marks its places in NAME.hits.
place()
{
    python3 "$root/test/coverage/lines.py" objdump "$root" "$2" "$results/$1.hits" \
        >"$results/$1.info" || die "no lines of $2"
}

# Of a tracefile: file, lines, of them reached, per cent; and the total.
table()
{
    awk -v root="$root/" '
        /^SF:/ { file = substr($0, 4); sub(root, "", file) }
        /^DA:/ {
            split(substr($0, 4), word, ",")
            lines[file]++
            reached[file] += word[2] > 0
        }
        function row(name, n, r) {
            return sprintf("%-44s %5d %5d %6.1f", name, n, r, n ? 100 * r / n : 100)
        }
        END {
            for (file in lines) {
                print row(file, lines[file], reached[file]) | "LC_ALL=C sort"
                directory = file
                sub("/[^/]*$", "", directory)
                n[directory] += lines[file]
                r[directory] += reached[file]
                total += lines[file]
                total_reached += reached[file]
            }
            close("LC_ALL=C sort")
            print ""
            for (directory in n)
                print row(directory "/", n[directory], r[directory]) | "LC_ALL=C sort"
            close("LC_ALL=C sort")
            print row("total", total, total_reached)
            exit !total
        }' "$1"
}

# Of a tracefile: FILE:LINE of each line that was not reached.
missed()
{
    awk -v root="$root/" '
        /^SF:/ { file = substr($0, 4); sub(root, "", file) }
        /^DA:/ { split(substr($0, 4), word, ","); if (!word[2]) print file ":" word[1] }' "$1" |
        LC_ALL=C sort -t: -k1,1 -k2,2n
}

step "packages" sh "$root/cmake/deps.sh" build test --packages lcov
quiet_step "configure" configure "$build" --preset coverage -B "$build"
step "build" cmake --build "$build"
mkdir -p "$results"
for name in spawn_template_preload spawn_template_preload_stub resume; do
    rm -f "$results/$name.hits"
    truncate -s 1M "$results/$name.hits"
    # Tests start programs as other users too.
    chmod 0666 "$results/$name.hits"
done
# Where the sources that count are compiled; one of the tests compiles the library's.
counted="--directory $build/elfcache --directory $build/shim
    --directory $build/test/unit/CMakeFiles/test_api.dir"
# shellcheck disable=SC2086
quiet_lcov $counted --zerocounters
# shellcheck disable=SC2086
quiet_lcov $counted --capture --initial --output-file "$results/none.info"

say "tests"
ctest --test-dir "$build" --no-tests=error --timeout 900 --output-log "$results/tests" "$@" \
    >"$results/log" 2>&1 || say "not all of them pass in this build:"
grep -E 'tests passed|\*\*\*(Failed|Timeout|Exception)' "$results/tests" || true

# shellcheck disable=SC2086
quiet_lcov $counted --capture --output-file "$results/run.info"
place spawn_template_preload "$build/lib/libspawn_template_preload.so"
place spawn_template_preload_stub "$build/test/lib/libspawn_template_preload_stub.so"
place resume "$build/shim/template/image/resume.elf"
quiet_lcov --add-tracefile "$results/none.info" --add-tracefile "$results/run.info" \
    --add-tracefile "$results/spawn_template_preload.info" \
    --add-tracefile "$results/spawn_template_preload_stub.info" \
    --add-tracefile "$results/resume.info" --output-file "$results/all.info"
quiet_lcov --extract "$results/all.info" "$root/elfcache/*" "$root/shim/*" \
    --output-file "$results/coverage.info"
missed "$results/coverage.info" >"$results/missed"
table "$results/coverage.info"
say "lines not reached: $results/missed"
