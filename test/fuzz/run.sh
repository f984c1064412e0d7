#!/bin/sh
# run.sh [--seconds N | --cpu-seconds N] [TARGET...]: build the fuzz targets and run them, one after
# the other, each for so many seconds (60), or until it has had so many of processor time, with its
# corpus.  Fails if anything was found.
#
# What was found is kept in build-fuzz/findings/TARGET-*: once it is mended it belongs into
# corpus/TARGET, which every ordinary build tests (unit.fuzz_TARGET).  What else was learnt is in
# build-fuzz/corpus/TARGET, and a later run begins with it.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
self=fuzz
. "$root/test/lib.sh"

usage()
{
    printf 'usage: run.sh [--seconds N | --cpu-seconds N] [TARGET...]; targets: %s\n' "$known" >&2
    exit 2
}

known=$(sed -n 's/^st_fuzz_target(\([a-z]*\) .*/\1/p' "$root/test/fuzz/CMakeLists.txt" | tr '\n' ' ')
seconds=60
cpu_seconds=
case ${1-} in
    --seconds | --cpu-seconds)
        case ${2-} in '' | 0* | *[!0-9]*) usage ;; esac
        if [ "$1" = --seconds ]; then seconds=$2; else cpu_seconds=$2; fi
        shift 2
        ;;
esac
for target; do
    case " $known" in *" $target "*) ;; *) usage ;; esac
done
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $known

clean_environment
build=$root/build-fuzz
quiet_step "configure" configure "$build" --preset fuzz
quiet_step "build" cmake --build "$build" --target fuzz
mkdir -p "$build/findings"
# Targets that read files by name are faster in memory.
files=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/fuzz.XXXXXX")
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || :; rm -rf "$files"' EXIT
trap 'exit 1' HUP INT TERM

# used PID: its processor time until now, seconds; nothing if it has ended.
ticks=$(getconf CLK_TCK)
used()
{
    sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | awk -v ticks="$ticks" '$1 != "Z" { print int(($12 + $13) / ticks) }'
}

# start TARGET [FLAG...]: leaves $pid.
start()
{
    target=$1
    shift
    TMPDIR=$files nice "$build/test/fuzz/fuzz_$target" "$@" -max_len=4096 \
        -timeout=200 -print_final_stats=1 -artifact_prefix="$build/findings/$target-" \
        "$build/corpus/$target" "$root/test/fuzz/corpus/$target" >"$build/$target.log" 2>&1 &
    pid=$!
}

# stop_at SECONDS: when it has had them; SIGUSR1 asks libFuzzer to come to its end.
stop_at()
{
    while had=$(used "$pid") && [ "${had:-$1}" -lt "$1" ]; do
        sleep 1
    done
    kill -USR1 "$pid" 2>/dev/null || :
}

found=
for target; do
    say "$target, for ${cpu_seconds:-$seconds} seconds${cpu_seconds:+ of processor time}"
    mkdir -p "$build/corpus/$target"
    if [ -n "$cpu_seconds" ]; then
        start "$target"
        stop_at "$cpu_seconds"
    else
        start "$target" -max_total_time="$seconds"
    fi
    wait "$pid" || found="$found $target"
    pid=
    # The last line of its kind: how many inputs were tried, and how much code they reached.
    grep -E '^#[0-9]+.* cov: ' "$build/$target.log" | tail -n 1
done
for target in $found; do
    printf '%s\n' "$target:"
    tail -n 40 "$build/$target.log"
done
[ -z "$found" ] || die "in:$found; see $build/findings, and $build/TARGET.log"
say "nothing was found"
