# shellcheck shell=sh disable=SC2034,SC2154
about="musl's libc-test: what programs may expect of a libc, TLS and dlopen too, and of posix_spawn"
given=LIBC_TEST
packages='gcc libc6-dev make'
variants='functional regression'
limit=120

# Some do not build with glibc; what the linker has made of these is no program.
prepare()
{
    for test in src/functional/*.c src/regression/*.c; do
        case $test in
            *_dso.c) printf '%s\n' "${test%.c}.so" ;;
            *) printf '%s\n' "${test%.c}.exe" "${test%.c}-static.exe" ;;
        esac
    done | xargs make -k -j "$jobs" src/common/runtest.exe
    find src -name '*.exe' -size 0 -delete
    # One takes all memory, one never ends with glibc, and three end as they happen to.
    rm -f src/regression/malloc-brk-fail*.exe src/regression/setvbuf-unget*.exe \
        src/functional/pthread_cancel-points*.exe src/regression/raise-race*.exe \
        src/regression/tls_get_new-dtv-static.exe
    [ -x src/common/runtest.exe ] && [ -x src/functional/spawn.exe ]
}

# Each from its image, and several times: as it is, and by the suite's own driver, which leaves a
# test 100 KB of stack.
run_variant()
{
    # What can have none is said to have none, and that is no failure.
    [ "$way" != shim ] || "$command" bake "$PWD/src/$1"/*.exe "$PWD/src/common/runtest.exe" || :
    for test in "$PWD/src/$1"/*.exe; do
        name=$(basename "$test" .exe)
        start sh -c 'for time in 1 2 3 4; do
                "$0"
                echo "by itself $time: $?"
                "$1" "$0"
                echo "driven $time: $?"
            done' "$test" "$PWD/src/common/runtest.exe" >"$name.log" 2>&1
        sed -n "s/^\(by itself\|driven\) [1-4]: /$name &/p" "$name.log" >>"$results/tests"
        # Numbers of processes, addresses and times are no results.
        sed -E -e 's/(0x)?[0-9a-f]{2,}/N/g' "$name.log" >"$results/$name.out"
    done
}

count()
{
    wc -l <tests
}

passed()
{
    grep -c ': 0$' tests
}
