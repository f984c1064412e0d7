# shellcheck shell=sh disable=SC2034,SC2154
about='libuv: CMake with ninja and make, gcc and clang, bit for bit; and its tests that start things'
source=libuv1
packages='gcc libc6-dev binutils clang make ninja-build cmake'
variants='ninja-gcc ninja-clang make-gcc make-clang tests'
limit=900

# Once for all: how the tests are built is not what they test.
prepare()
{
    cmake -S . -B out-tests -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=gcc &&
        cmake --build out-tests -j "$jobs" --target uv_run_tests_a
}

# Configuring is under the shim as well: CMake starts compilers to look at them.
build_libuv()
{
    case $1 in
        ninja-*) generator=Ninja ;;
        make-*) generator='Unix Makefiles' ;;
    esac
    start cmake -S . -B out -G "$generator" -DCMAKE_C_COMPILER="${1#*-}" \
        -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLIBUV_BUILD_TESTS=OFF || return
    start cmake --build out -j "$jobs"
}

# The tests of libuv that start programs, fork, or handle signals.
run_tests_of_libuv()
{
    UV_RUN_AS_ROOT=1
    export UV_RUN_AS_ROOT
    for test in $(out-tests/uv_run_tests_a --list |
        grep -E '^(spawn|fork|kill|process|closed_fd|signal|pipe_|active|handle_)' | LC_ALL=C sort); do
        start out-tests/uv_run_tests_a "$test" >out.log 2>&1
        printf '%s: %s\n' "$test" "$?"
    done
}

run_variant()
{
    if [ "$1" = tests ]; then
        run_tests_of_libuv >"$results/tests"
        return
    fi
    build_libuv "$1" >out.log 2>&1 || {
        cat out.log
        return 1
    }
    find out -name '*.o' -o -name '*.a' -o -name '*.so*' -type f | LC_ALL=C sort |
        xargs sha256sum >"$results/sha256"
    grep -E '^-- (The|Check|Detecting|Looking|Performing|Found)' out.log >"$results/configure"
    grep -i -E 'warning|error' out.log | LC_ALL=C sort >"$results/warnings"
    return 0
}

count()
{
    case $1 in
        tests) grep -c ': 0$' tests ;;
        *) wc -l <sha256 ;;
    esac
}
