# shellcheck shell=sh disable=SC2034,SC2154
about='Rust: the tests of std::process, and those of the compiler that start programs'
packages='rustc rust-src gcc libc6-dev binutils'
variants='std ui'
limit=600

# The sources are those that Debian has for the same compiler.
rust_source()
{
    find /usr/src -maxdepth 1 -name 'rustc-*' | sort -V | tail -n 1
}

# std's own tests are a module of std: here they are a program that uses it.
std_tests()
{
    printf '#![feature(exit_status_error)]\n#![allow(unused)]\n'
    sed -e 's/\bcrate::/std::/g' -e 's/use super::/use std::process::/' \
        "$(rust_source)/library/std/src/process/tests.rs"
}

# Rounds in one session: the first starts next to nothing from an image, the last nearly all.
run_variant()
{
    # Tests that are to be part of std use what is not stable yet.
    RUSTC_BOOTSTRAP=1
    export RUSTC_BOOTSTRAP jobs
    case $1 in
        std)
            std_tests >std_process.rs
            # shellcheck disable=SC2016
            start sh -c '/usr/bin/rustc --edition 2021 --test -o std_process std_process.rs || exit
                for round in 1 2 3 4 5 6; do
                    ./std_process --test-threads "$jobs" >out.log 2>&1
                    echo "test ended ... $?" >>out.log
                    cat out.log >&2
                    sed -n -E "s/^test (.*) \\.\\.\\. (ok|FAILED|ignored.*|[0-9]+)$/\\1 $round: \\2/p" out.log
                done' >"$results/unsorted" || return
            LC_ALL=C sort "$results/unsorted" >"$results/tests"
            rm "$results/unsorted"
            ;;
        ui)
            ui_tests >list
            # shellcheck disable=SC2016
            start sh -c 'while read -r edition test; do
                    name=$(basename "$test" .rs)
                    /usr/bin/rustc --edition "$edition" -A warnings -C codegen-units=1 -o "$name" "$test" ||
                        continue
                    for round in 1 2 3; do
                        "./$name" </dev/null >"$name.log" 2>&1
                        echo "$name $round: $?"
                    done
                done' <list >"$results/tests" || return
            ;;
    esac
}

# Those that must build, run, and end well, each behind its edition.  What it prints is often a number
# of a process.  One that wants a library of the compiler's own tests does not build.
ui_tests()
{
    grep -l -r --include='*.rs' -E 'std::process::|process::Command' "$(rust_source)/src/test/ui" |
        xargs grep -l '^// *run-pass' |
        xargs grep -L -E '^// *(aux-build|ignore-linux|compile-flags|revisions|only-)|rust_test_helpers' |
        LC_ALL=C sort | while read -r test; do
        printf '%s %s\n' "$(sed -n 's|^// *edition: *||p' "$test" | grep . || echo 2015)" "$test"
    done
}

count()
{
    wc -l <tests
}

passed()
{
    grep -c -E ': (ok|0)$' tests
}
