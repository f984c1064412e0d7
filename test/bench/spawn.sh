#!/bin/sh
# What the preload costs a program that starts others: each way of starting /bin/true, plainly and
# from a program that has it, with and without a session.
#
#   test/bench/spawn.sh [BUILD-DIRECTORY [ROUNDS]]
#
# The starters run one after the other, in five alternating batches each; compare within a batch.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
build=$(CDPATH='' cd -- "${1:-$root/build}" && pwd -P)
rounds=${2:-1000}
bench=$build/test/bench/spawn_bench
preload=$build/lib/libspawn_template_preload.so
unset LD_PRELOAD SPAWN_TEMPLATE SPAWN_TEMPLATE_CACHE

measure()
{
    "$@" "$bench" "$rounds" "spawn=spawn:/bin/true" "vfork=vfork:/bin/true" "fork=fork:/bin/true"
}

for batch in 1 2 3 4 5; do
    printf 'batch %s: without the preload\n' "$batch"
    measure env
    printf 'batch %s: with it, no session\n' "$batch"
    measure env "LD_PRELOAD=$preload"
    printf 'batch %s: in a session\n' "$batch"
    measure "$build/bin/spawn-template"
done
