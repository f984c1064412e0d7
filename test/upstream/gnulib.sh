# shellcheck shell=sh disable=SC2034,SC2154
about='gnulib: configure, and the tests of its modules that start programs and of what these use'
source=gnulib
packages='autoconf automake bash gcc libc6-dev make perl'
variants='configure tests own'
limit=900

gnulib_modules='atexit cloexec environ execl execle execlp execute execv execve execvp execvpe
    fcntl-safer findprog forkpty pclose pipe-filter-gi pipe-filter-ii pipe-posix pipe2 pipe2-safer
    popen popen-safer posix_spawn posix_spawnp posix_spawn_file_actions_addchdir
    posix_spawn_file_actions_addfchdir sh-quote sigaction sigpipe sigprocmask spawn spawn-pipe
    system-posix system-quote wait-process waitpid'

# How the tests are built is not what they test, so that is done once; and once more with gnulib's own
# posix_spawn, as for a system whose own does not work.
prepare()
{
    # With MALLOC_PERTURB_ nothing would be started from an image.
    sed -i '/MALLOC_PERTURB_/d' tests/init.sh
    # These two give `sleep 1; kill` a second more, which is too little on a busy machine: without us 1
    # of 30 runs fails.
    sed -i 's/^  sleep (2);/  sleep (8);/' tests/test-pthread_sigmask1.c tests/test-sigprocmask.c
    # shellcheck disable=SC2086
    sh ./gnulib-tool --create-testdir --without-c++-tests --dir=alone $gnulib_modules &&
        build_tests tests && cp built-tests/config.cache . && sed -i /gl_cv_func_posix_spawn/d config.cache &&
        build_tests own gl_cv_func_posix_spawn_works=no && [ -f built-own/gllib/spawni.o ]
}

build_tests()
{
    mkdir "built-$1" && (
        cd "built-$1" || exit
        [ ! -f ../config.cache ] || cp ../config.cache . || exit
        shift
        env "$@" sh ../alone/configure -C && make -j"$jobs" && make -C gltests -j"$jobs" check TESTS=
    )
}

run_variant()
{
    case $1 in
        configure)
            mkdir probes && cd probes || return
            start sh ../alone/configure -C >out.log 2>&1 || {
                tail -n 40 out.log
                return 1
            }
            grep '^checking' out.log >"$results/checks"
            cp config.h config.cache "$results"
            ;;
        *)
            start make -C "built-$1/gltests" -k -j"$jobs" check >out.log 2>&1
            printf 'exit status %s\n' $? >"$results/status"
            sed -n -E 's/^(PASS|FAIL|SKIP|XFAIL|XPASS|ERROR): ([^ ]*)$/\2: \1/p' out.log |
                LC_ALL=C sort >"$results/tests"
            cat out.log
            ;;
    esac
}

count()
{
    case $1 in
        configure) wc -l <checks ;;
        *) wc -l <tests ;;
    esac
}

passed()
{
    case $1 in
        configure) wc -l <checks ;;
        *) grep -c ': PASS$' tests ;;
    esac
}
