# shellcheck shell=sh disable=SC2034,SC2154
about='libuv: CMake with ninja and make, gcc and clang, bit for bit; and its tests that start things'
source=libuv1
packages='gcc libc6-dev binutils clang make ninja-build cmake'
variants='ninja-gcc ninja-clang make-gcc make-clang tests'
limit=900

# Configuring is under the shim as well: CMake starts compilers to look at them.
build_libuv()
{
    case $1 in
        ninja-*) generator=Ninja ;;
        make-*) generator='Unix Makefiles' ;;
    esac
    start cmake -S . -B out -G "$generator" -DCMAKE_C_COMPILER="${1#*-}" \
        -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLIBUV_BUILD_TESTS="$2" || return
    start cmake --build out -j "$jobs"
}

# Which tests of libuv start programs or watch them; not those that need a terminal of their own.
libuv_tests()
{
    out/uv_run_tests_a --list |
        grep -E '^(spawn|fork|kill|process|pipe_|closed_fd|signal|get_passwd|active|handle_)' |
        grep -v -E '^(fork_fs_events|spawn_setuid_setgid$)' | LC_ALL=C sort
}

run_variant()
{
    if [ "$1" = tests ]; then
        # The way that is tested is only how the tests run; how they are built is native.
        build_libuv_natively || return
        for test in $(libuv_tests); do
            start out/uv_run_tests_a "$test" >out.log 2>&1
            printf '%s: %s\n' "$test" "$?"
        done >"$results/tests"
        return 0
    fi
    build_libuv "$1" OFF >out.log 2>&1 || {
        cat out.log
        return 1
    }
    find out -name '*.o' -o -name '*.a' -o -name '*.so*' -type f | LC_ALL=C sort |
        xargs sha256sum >"$results/sha256"
    grep -E '^-- (The|Check|Detecting|Looking|Performing|Found)' out.log >"$results/configure"
    grep -i -E 'warning|error' out.log | LC_ALL=C sort >"$results/warnings"
}

build_libuv_natively()
{
    (
        way=native
        build_libuv ninja-gcc ON
    )
}

count()
{
    case $1 in
        tests) grep -c ': 0$' tests ;;
        *) wc -l <sha256 ;;
    esac
}
