#!/bin/sh
# What the preload costs a program that starts nothing: posix_spawn and wait of /bin/true, without
# it, with an empty shared object, and with it; and the floor, a static program without a libc.
#
#   test/bench/preload-tax.sh [BUILD-DIRECTORY [ROUNDS]]
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
build=$(CDPATH='' cd -- "${1:-$root/build}" && pwd -P)
rounds=${2:-4000}
unset LD_PRELOAD SPAWN_TEMPLATE SPAWN_TEMPLATE_CACHE

printf '/bin/true, %s rounds in alternation; times in us\n' "$rounds"
"$build/test/bench/spawn_bench" "$rounds" \
    "plain=/bin/true" \
    "empty library=LD_PRELOAD=$build/test/bench/libbench_empty.so,/bin/true" \
    "preload=LD_PRELOAD=$build/lib/libspawn_template_preload.so,/bin/true" \
    "static, no libc=$build/test/bench/bench_exit"
