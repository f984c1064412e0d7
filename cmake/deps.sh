#!/bin/sh
# Install the Debian packages that building and testing need, and only those that are missing.
#
#   cmake/deps.sh [--print] [SET...] [--packages NAME...]
#
# SET is build, test, lint or source; without one: build, test and lint.  --packages takes names of
# packages instead.  --print writes the names that are missing and installs nothing.  Says nothing and asks nothing when all is there.  Uses
# sudo when not started by root.  Where there is no dpkg it changes nothing: CMake then says what
# it does not find.
set -eu

# One package a word; "a|b": either, and the first that this release has is the one installed.
packages_build='gcc libc6-dev cmake ninja-build pkg-config libelf-dev zlib1g-dev libjson-c-dev check'
packages_test='bash dash zsh fish make python3 g++ clang libclang-rt-14-dev|libclang-rt-dev|libclang-common-11-dev
    gcc-multilib musl-tools strace gdb valgrind libc6-dbg expect procps fakeroot faketime eatmydata
    libjemalloc2 dpkg-dev file libcap2-bin linux-perf'
packages_lint='clang-format-14|clang-format clang-tidy-14|clang-tidy cppcheck shellcheck'
packages_source='dpkg-dev ca-certificates'

say()
{
    printf 'deps.sh: %s\n' "$*" >&2
}

installed()
{
    dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

# Whether apt could install the package.  Its lists must be there.
available()
{
    apt-cache policy "$1" 2>/dev/null | grep '^  Candidate:' | grep -qv '(none)'
}

# The words of the given sets of which no alternative is installed.
missing_words()
{
    for word in $1; do
        satisfied=no
        for name in $(printf '%s\n' "$word" | tr '|' ' '); do
            ! installed "$name" || satisfied=yes
        done
        [ $satisfied = yes ] || printf '%s\n' "$word"
    done
}

# What to ask apt for to satisfy a word; nothing if this release has none of it.
choose()
{
    for name in $(printf '%s\n' "$1" | tr '|' ' '); do
        if available "$name"; then
            printf '%s\n' "$name"
            return
        fi
    done
    say "this release has no $1"
}

# Run a command as root, its output only shown when it fails.
as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        set -- env DEBIAN_FRONTEND=noninteractive "$@"
    else
        command -v sudo >/dev/null || {
            say "not root, and there is no sudo; run as root: $*"
            exit 1
        }
        set -- sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
    "$@" >"$log" 2>&1 </dev/null
}

print=no
names=no
sets=
case $* in '' | --print) set -- "$@" build test lint ;; esac
for argument; do
    if [ $names = yes ]; then
        sets="$sets $argument"
        continue
    fi
    case $argument in
        --packages) names=yes ;;
        --print) print=yes ;;
        build) sets="$sets $packages_build" ;;
        test) sets="$sets $packages_test" ;;
        lint) sets="$sets $packages_lint" ;;
        source) sets="$sets $packages_source" ;;
        *)
            say "no such set: $argument"
            exit 2
            ;;
    esac
done

if ! command -v dpkg-query >/dev/null; then
    say "no dpkg here, so nothing is installed; needed: $(printf '%s ' "$sets" | tr -s ' \n' ' ')"
    exit 0
fi

words=$(missing_words "$sets")
[ -n "$words" ] || exit 0
if [ $print = yes ]; then
    printf '%s\n' "$words"
    exit 0
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 1' HUP INT TERM

# Another package's source that does not answer is no reason to stop: what counts is the install.
as_root apt-get -q -o Acquire::Retries=3 update || {
    cat "$log" >&2
    say "apt-get update failed; going on with the lists there are"
}
names=
for word in $words; do
    name=$(choose "$word")
    names=$names${name:+ $name}
done
[ -n "$names" ] || exit 0
say "installing:$names"
# shellcheck disable=SC2086
as_root apt-get -q -y --no-install-recommends -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
    install $names || {
    cat "$log" >&2
    say "apt-get install failed"
    exit 1
}
