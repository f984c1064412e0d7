# shellcheck shell=sh disable=SC2034,SC2154
about='git: its own tests of starting programs, hooks, filters, helpers, and what uses them'
source=git
packages='git gcc libc6-dev make zlib1g-dev libcurl4-openssl-dev libexpat1-dev gettext perl'
variants='run hooks transport commands'
limit=1500

# The tests need one program and the templates of the source; the git they test is the one installed.
prepare()
{
    make -j"$jobs" CFLAGS='-O0 -w' NO_OPENSSL=1 INSTALL_SYMLINKS=1 prefix=/usr \
        GIT-BUILD-OPTIONS t/helper/test-tool &&
        make -C templates SHELL_PATH=/bin/sh PERL_PATH=/usr/bin/perl
}

tests_of_git()
{
    case $1 in
        run)
            echo t0005-signals t0021-conversion t0061-run-command t0070-fundamental \
                t0210-trace2-normal t0211-trace2-perf t0300-credentials t0014-alias \
                t1350-config-hooks-path t1800-hook t7005-editor t7006-pager t4020-diff-external
            ;;
        hooks)
            echo t5401-update-hooks t5402-post-merge-hook t5403-post-checkout-hook \
                t5407-post-rewrite-hook t5571-pre-push-hook \
                t7503-pre-commit-and-pre-merge-commit-hooks t7504-commit-msg-hook \
                t7505-prepare-commit-msg-hook
            ;;
        transport)
            echo t5400-send-pack t5532-fetch-proxy t5700-protocol-v1 t5801-remote-helpers \
                t5802-connect-helper t5607-clone-bundle t5000-tar-tree
            ;;
        commands)
            echo t3418-rebase-continue t4150-am t7400-submodule-basic t7900-maintenance
            ;;
    esac
}

run_variant()
{
    GIT_TEST_INSTALLED=/usr/bin
    GIT_TEST_DEFAULT_HASH=sha1
    # The tests would set MALLOC_CHECK_, with which nothing is started from an image, and an LD_PRELOAD
    # of their own, and so be rid of us.
    TEST_NO_MALLOC_CHECK=1
    export GIT_TEST_INSTALLED GIT_TEST_DEFAULT_HASH TEST_NO_MALLOC_CHECK
    cd t || return
    # shellcheck disable=SC2046
    printf '%s\n' $(tests_of_git "$1") >list
    # One session for all, as a build has.
    # shellcheck disable=SC2016
    start xargs -a list -P "$jobs" -I{} sh -c 'sh ./{}.sh >{}.log 2>&1; echo "exit status $?" >>{}.log'
    while read -r test; do
        sed -n -E -e "s/^(ok|not ok) ([0-9]+)( - [^#:]*)?.*(# (SKIP|TODO).*)?$/${test%%-*} \2\3: \1 \5/p" \
            -e "s/^exit status (.*)/$test ended: \1/p" "$test.log"
    done <list >"$results/tests"
}

count()
{
    wc -l <tests
}

passed()
{
    grep -c ': ok *$' tests
}
