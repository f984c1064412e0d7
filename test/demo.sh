#!/bin/sh
# Shows what spawn-template does, on a real program: builds Lua from Debian's source with `make`,
# without and with `spawn-template` before it, and compares what came out.  Takes two or three
# minutes, most of them for installing what is missing and building.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
self=demo
. "$root/test/lib.sh"
. "$root/test/upstream/source.sh"

exec </dev/null
clean_environment
build=$root/build
jobs=$(nproc 2>/dev/null || echo 2)
rounds=3

step "packages" sh "$root/cmake/deps.sh" build source --packages make binutils
quiet_step "configure spawn-template" configure "$build" --preset release
quiet_step "build spawn-template" cmake --build "$build" \
    --target spawn-template spawn_template_preload

work=$(mktemp -d "${TMPDIR:-/tmp}/spawn-template-demo.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
step "fetch Debian's source of Lua" fetch_source lua5.4 "$work/lua" --skip-patches

# build_lua NAME [PREFIX...]: one build from scratch, in the same directory each time.  Its seconds
# are added to $work/NAME.times, the sums of its files go to $work/NAME.sha256, and what PREFIX
# says on standard error, apart from make, to $work/NAME.said.
build_lua()
{
    build_name=$1
    shift
    rm -rf "$work/run"
    cp -a "$work/lua/src" "$work/run"
    build_begin=$(date +%s%N)
    (cd "$work/run" && "$@" sh -c 'exec make "$1" linux >make.log 2>&1' sh "-j$jobs") \
        2>"$work/$build_name.said" || {
        cat "$work/$build_name.said" "$work/run/make.log"
        die "make failed"
    }
    build_end=$(date +%s%N)
    awk "BEGIN { printf \"%.2f\n\", ($build_end - $build_begin) / 1e9 }" >>"$work/$build_name.times"
    (cd "$work/run" && sha256sum -- *.o *.a lua luac) >"$work/$build_name.sha256"
}

say "make -j$jobs, and spawn-template make -j$jobs, $rounds times each in turn"
round=0
while [ $round -lt $rounds ]; do
    round=$((round + 1))
    build_lua native
    build_lua shim "$build/bin/spawn-template" --stats --
    cmp -s "$work/native.sha256" "$work/shim.sha256" || {
        diff "$work/native.sha256" "$work/shim.sha256" || true
        die "the builds differ"
    }
done

say "what the last build started, and how"
cat "$work/shim.said"

printf '\n%-32s %s\n' "make -j$jobs" "$(sort -n "$work/native.times" | head -n 1) s"
printf '%-32s %s\n' "spawn-template make -j$jobs" "$(sort -n "$work/shim.times" | head -n 1) s"
printf 'the shortest of %s; %s files, bit for bit the same\n' "$rounds" \
    "$(wc -l <"$work/native.sha256")"
"$work/run/lua" -e 'print("and it runs: " .. _VERSION)'
