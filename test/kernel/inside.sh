# Shell functions of tests/*.sh.  To be sourced.
# shellcheck shell=sh disable=SC2034

command=$ST_BUILD/bin/spawn-template
parameters=/sys/module/spawn_template/parameters
failures=0

wrong()
{
    printf 'FAIL: %s\n' "$*"
    failures=$((failures + 1))
}

# name_calls: tells the library the numbers, which it never uses unasked; and messages are in English.
name_calls()
{
    SPAWN_TEMPLATE_KERNEL_NR=472,473
    LC_ALL=C
    export SPAWN_TEMPLATE_KERNEL_NR LC_ALL
}

# counters: how often both calls have been issued since the boot, by anybody.
counters()
{
    printf '%s %s\n' "$(cat $parameters/creates)" "$(cat $parameters/spawns)"
}

# stats FILE WHAT: a number from the "starts" or the "fallback" of a --stats=FILE; 0 if not there.
stats()
{
    sed -n '/"targets"/q; s/^ *"'"$2"'": \([0-9]*\),\{0,1\}$/\1/p' "$1" | grep . || echo 0
}

# both FILE: how many of the starts from images went through templates of the images.
both()
{
    sed -n 's/^ *"both": \([0-9]*\),$/\1/p' "$1" | grep . || echo 0
}

# reasons FILE: why starts went to libc, as NAME=NUMBER in one line.
reasons()
{
    sed -n '/"fallback"/,/}/s/^ *"\([a-z-]*\)": \([0-9]*\),\{0,1\}$/\1=\2/p' "$1" | tr '\n' ' '
}

# project DIRECTORY: the small C project of the test cases, in a directory of its own.
project()
{
    rm -rf "$1"
    cp -r "$ST_SOURCE/test/cases/real/project" "$1" && chmod -R u+w "$1"
    echo 'cc = gcc' >"$1/compiler.ninja"
}

# files DIRECTORY: what is there, and with which contents.
files()
{
    (cd "$1" && find . -type f ! -name '.ninja*' | sort | xargs sha256sum)
}

# finish: the test's exit status.
finish()
{
    [ "$failures" -eq 0 ] || exit 1
    exit 0
}

# cases REGEX LEAST [MODE]: the project's test cases of these names, with the kernel engine on the
# real calls, which are to be issued so often at the least.  What the cases call the library with an
# emulated kernel is, in here, the library itself; and of their modes only "kernel" matters, or MODE.
# With ST_PART only a part of the cases, which need not be one that makes calls.
cases()
{
    cp "$ST_BUILD/lib/libspawn_template_preload.so" \
        "$ST_BUILD/test/lib/libspawn_template_preload_stub.so" || exit 1
    before=$(counters)
    cases_log=$ST_RESULTS/$(basename "$0" .sh).log
    cases_least=$2
    if [ -n "$ST_PART" ]; then
        cases_least=0
        set -- "$1" "$2" "${3-kernel}" -I "${ST_PART%/*},,${ST_PART#*/}"
    else
        set -- "$1" "$2" "${3-kernel}"
    fi
    cases_regex=$1
    cases_modes=$3
    shift 3
    # Their time-outs are for a real processor.  What hangs is ended with the boot.
    find "$ST_BUILD" -name CTestTestfile.cmake \
        -exec sed -i 's/ TIMEOUT "[0-9]*"/ TIMEOUT "1800"/' {} +
    ST_CASES_MODES=$cases_modes ctest --test-dir "$ST_BUILD" -j "$(nproc)" --timeout 1800 \
        --output-on-failure -R "$cases_regex" "$@" >"$cases_log" 2>&1
    status=$?
    after=$(counters)
    grep -E '\*\*\*|^The following|tests (passed|failed)|^Total Test' "$cases_log"
    [ $status -eq 0 ] || {
        wrong "status $status"
        grep -A40 'FAIL: ' "$cases_log" | head -n 300
    }
    printf 'calls before: %s, after: %s\n' "$before" "$after"
    [ $((${after#* } - ${before#* })) -ge "$cases_least" ] || wrong 'the kernel was hardly asked'
}
