#!/bin/sh
# Everything that says whether the project is in order: installs what is missing (Debian), builds
# with gcc and clang, for release, for debugging and with sanitizers, checks the style, and runs
# all tests.  Stops at the first failure.
#
#   test/check.sh [--no-lint] [--results DIR]
#
# DIR receives the results of the test runs, one JUnit file each.  --no-lint is for releases whose
# linters are not those that the configuration files were written for.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
self=check.sh
. "$root/test/lib.sh"

results=
lint=lint
while [ $# -gt 0 ]; do
    case $1 in
        --no-lint) lint= ;;
        --results)
            results=${2:?--results needs a directory}
            shift
            ;;
        *)
            printf 'usage: check.sh [--no-lint] [--results DIR]\n' >&2
            exit 2
            ;;
    esac
    shift
done
exec </dev/null
clean_environment

# As root, what others could replace is not baked, and tests miss its images.
dir=$root
while [ "$dir" != / ] && [ "$(stat -c %u "$dir")" -eq 0 ]; do dir=$(dirname "$dir"); done
[ "$(id -u)" -ne 0 ] || [ "$(stat -c %u "$dir")" -eq 0 ] ||
    say "note: $dir is another user's; tests of images below it fail for root: run this as that user"

step "packages" sh "$root/cmake/deps.sh" build test ${lint:+"$lint"}
: "${results:=$root/build/results}"

quiet_step "configure: release" configure "$root/build" --preset release
mkdir -p "$results"
results=$(cd -- "$results" && pwd -P)
rm -f "$results"/*.xml
step "build: release" cmake --build "$root/build"
# All findings, not only the first.
[ -z "$lint" ] || step "lint" cmake --build "$root/build" --target lint -- -k 0

# Where the kernel's source is not to be had, the script says so, and that is no failure.
kernel_patches()
{
    sh "$root/test/kernel/check-patches.sh" || [ $? -eq 77 ]
}
step "kernel patches" kernel_patches

quiet_step "configure: sanitizers" configure "$root/build-asan" --preset asan
step "build: sanitizers" cmake --build "$root/build-asan"
step "unit tests with sanitizers" run_tests asan "$root/build-asan" -L unit

quiet_step "configure: clang" configure "$root/build-clang" -S . -B build-clang -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang
step "build: clang" cmake --build "$root/build-clang"
step "unit tests, built by clang" run_tests clang "$root/build-clang" -L unit

quiet_step "configure: debug" configure "$root/build-debug" --preset debug
step "build: debug" cmake --build "$root/build-debug"
step "unit tests without optimisation" run_tests debug "$root/build-debug" -L unit

say "all tests, release build"
run_tests release "$root/build" -j2 || die "tests of the release build (exit status $?)"
