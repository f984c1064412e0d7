#!/bin/sh
# The checks at run time that test/check.sh leaves out, because they take long:
#
#   test/dynamic.sh [tsan | valgrind]...
#
#   tsan      the unit tests that have threads, built with ThreadSanitizer; not those whose threads
#             make children
#   valgrind  the unit tests and the command's subcommands under memcheck: no invalid access, no use
#             of what was never written, nothing lost
#
# Exits with 1 if anything is found.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
self=dynamic.sh
. "$root/test/lib.sh"

exec </dev/null
clean_environment
[ $# -gt 0 ] || set -- tsan valgrind
failures=0
work=$(mktemp -d) || die "mktemp"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
XDG_CACHE_HOME=$work/cache
unset XDG_RUNTIME_DIR
export XDG_CACHE_HOME

# tests_with DIRECTORY LABEL: their names, without "unit."
tests_with()
{
    ctest --test-dir "$1" -N -L "$2" | sed -n 's/^ *Test *#[0-9]*: unit\.//p'
}

# build_tests DIRECTORY NAME...
build_tests()
{
    build_dir=$1
    shift
    build_targets=
    for build_name; do
        build_targets="$build_targets test_$build_name"
    done
    # shellcheck disable=SC2086
    cmake --build "$build_dir" --target $build_targets
}

# Children that clone(2) makes in their parent's memory, with stacks from mmap(2), are threads that
# race for these stacks to ThreadSanitizer, which sees neither of the two calls.
skip_tsan='child kernel_child kernel_descriptor api'

run_tsan()
{
    quiet_step "tsan: configure" configure "$root/build-tsan" --preset tsan
    names=
    for name in $(tests_with "$root/build-tsan" threads); do
        case " $skip_tsan " in *" $name "*) ;; *) names="$names $name" ;; esac
    done
    [ -n "$names" ] || die "no tests with threads"
    # shellcheck disable=SC2086
    quiet_step "tsan: build" build_tests "$root/build-tsan" $names
    say "tsan: unit tests"
    ctest --test-dir "$root/build-tsan" -R "^unit\\.($(echo $names | tr ' ' '|'))\$" \
        --output-on-failure --no-tests=error || failures=$((failures + 1))
}

# memcheck WHAT COMMAND...: its exit status is of no interest, unless it is valgrind's or a signal's.
memcheck()
{
    memcheck_what=$1
    shift
    status=0
    valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
        --child-silent-after-fork=no --log-file="$work/log.%p" "$@" >"$work/out" 2>&1 || status=$?
    if [ $status -eq 99 ] || [ $status -gt 127 ] || grep -qs . "$work"/log.*; then
        printf 'FAIL  %s (exit status %s)\n' "$memcheck_what" "$status"
        tail -n 15 "$work/out"
        cat "$work"/log.* 2>/dev/null
        failures=$((failures + 1))
    else
        printf 'ok    %s\n' "$memcheck_what"
    fi
    rm -f "$work"/log.*
}

# Left out: valgrind cannot follow a child that shares memory with its parent without being one of
# vfork(2)'s, or it is the time or the address space that a test is about.
skip_valgrind='child kernel_child kernel translate_run api image_cost'

run_valgrind()
{
    export CK_DEFAULT_TIMEOUT=600
    quiet_step "valgrind: configure" configure "$root/build-debug" --preset debug
    names=$(tests_with "$root/build-debug" unit)
    [ -n "$names" ] || die "no unit tests"
    # shellcheck disable=SC2086
    quiet_step "valgrind: build" build_tests "$root/build-debug" $names
    quiet_step "valgrind: build the command" cmake --build "$root/build-debug" --target \
        spawn-template spawn-template-inspect spawn-template-service spawn_template_preload
    for name in $names; do
        case " $skip_valgrind " in *" $name "*) continue ;; esac
        memcheck "unit.$name" "$root/build-debug/test/unit/test_$name"
    done
    command=$root/build-debug/bin/spawn-template
    memcheck "command" "$command" -- true
    memcheck "command --stats" "$command" "--stats=$work/stats" -- sh -c 'true; /bin/true; /bin/true'
    memcheck "env" "$command" env
    memcheck "doctor" "$command" doctor
    memcheck "doctor --json" "$command" doctor --json
    memcheck "bake" "$command" bake /bin/cat
    memcheck "cache ls" "$command" cache ls
    memcheck "cache verify" "$command" cache verify
    memcheck "cache clear" "$command" cache clear
    memcheck "inspect" "$root/build-debug/libexec/spawn-template/inspect" --json /bin/sh
    memcheck "help" "$command" --help
}

for what; do
    case $what in
        tsan) run_tsan ;;
        valgrind) run_valgrind ;;
        *) die "no such check: $what" ;;
    esac
done
[ $failures -eq 0 ] || die "$failures of them"
say "nothing found"
