#!/bin/sh
# What run.sh does within a release, as its root, in the project's directory there:
#
#   sh test/systems/inside.sh WHO EXTENT RESULTS
#
# WHO is root, or the name of an ordinary user whom the directory belongs to.  EXTENT is check, for
# test/check.sh, or quick.  RESULTS, a directory, receives the lines of the summary: `glibc`, `how`,
# `tests`, `engine`; and the results of the tests.
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
self=systems
# shellcheck source=../lib.sh
. "$root/test/lib.sh"
who=$1
extent=$2
results=$3
exec </dev/null

# as_who COMMAND...
as_who()
{
    if [ "$who" = root ]; then
        "$@"
    else
        setpriv --reuid="$who" --regid="$who" --init-groups --inh-caps=-all \
            env HOME="$(dirname "$root")" USER="$who" LOGNAME="$who" "$@"
    fi
}

# check.sh needs presets and machine-readable results of ctest: cmake 3.21.
can_check()
{
    cmake --version | awk 'NR == 1 { split($3, v, "."); exit !(v[1] > 3 || v[2] >= 21) }'
}

build_and_test()
{
    as_who cmake -S "$root" -B "$root/build" -G Ninja -DCMAKE_BUILD_TYPE=Release || return
    as_who cmake --build "$root/build" || return
    (cd "$root/build" && as_who ctest -j2 --output-on-failure --no-tests=error) >"$results/ctest"
    build_status=$?
    cat "$results/ctest"
    return $build_status
}

# "N passed, N failed, N skipped" of what ctest wrote for people.
totals_of_text()
{
    awk '/^ *[0-9]+\/[0-9]+ Test +#/ {
            if (/\*\*\*(Skipped|Not Run)/) skipped++
            else if (/ Passed /) passed++
            else failed++
        }
        END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$1"
}

export LC_ALL=C.UTF-8
ldd --version | sed -n '1s/.* //p' >"$results/glibc"
# Who runs the tests need not be able to install packages.
sh "$root/cmake/deps.sh" build test lint || die "packages"
if [ "$extent" = check ] && can_check; then
    lint=
    clang-tidy-14 --version >/dev/null 2>&1 || lint=--no-lint
    echo "check.sh${lint:+ $lint}" >"$results/how"
    # shellcheck disable=SC2086
    as_who sh "$root/test/check.sh" $lint --results "$results"
    status=$?
    test_totals "$results"/*.xml >"$results/tests"
else
    echo "release build" >"$results/how"
    build_and_test
    status=$?
    totals_of_text "$results/ctest" >"$results/tests"
fi
as_who "$root/build/bin/spawn-template" doctor >"$results/doctor" 2>&1
sed -n 's/^\([a-z]*\)  *engine image  *\(.*\)/\1: \2/p' "$results/doctor" >"$results/engine"
exit $status
