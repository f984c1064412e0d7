# shellcheck shell=sh disable=SC2034,SC2154
about='coreutils: its own tests of env, timeout, nohup, stdbuf, nice, chroot, split, and of small things'
source=coreutils
packages='bash coreutils perl gcc libc6-dev strace'
variants='processes small'
limit=900

# The programs that are tested are those installed, under the names that they have when just built.
# The tests want one more, which says what the largest numbers are, and the one after each; and what
# configure found.
prepare()
{
    for program in $(installed_programs); do
        ln -s "$program" "src/$(basename "$program")" || return
    done
    mv src/install src/ginstall || return
    {
        printf '#!/bin/sh\ncat <<END\n'
        for type in INT PID_T; do
            printf '%s_MAX=2147483647\n%s_OFLOW=2147483648\n' $type $type
            printf '%s_MIN=-2147483648\n%s_UFLOW=-2147483649\n' $type $type
        done
        for type in UINT UID_T GID_T; do
            printf '%s_MAX=4294967295\n%s_OFLOW=4294967296\n' $type $type
        done
        for type in LONG SSIZE OFF_T TIME_T INTMAX; do
            printf '%s_MAX=9223372036854775807\n%s_OFLOW=9223372036854775808\n' $type $type
            printf '%s_MIN=-9223372036854775808\n%s_UFLOW=-9223372036854775809\n' $type $type
        done
        for type in ULONG SIZE UINTMAX; do
            printf '%s_MAX=18446744073709551615\n%s_OFLOW=18446744073709551616\n' $type $type
        done
        printf 'LDBL_MAX=1.189731e+4932\nLDBL_MIN=3.362103e-4932\nIO_BLOCK_OFLOW=2147479553\nEND\n'
    } >src/getlimits
    chmod +x src/getlimits
    printf '#define HAVE_OPENAT 1\n' >config.h
    # With it nothing would be started from an image.
    sed -i '/MALLOC_PERTURB_/d' tests/init.sh
}

installed_programs()
{
    dpkg -L coreutils | grep -E '^(/usr)?/s?bin/.'
}

tests_of_coreutils()
{
    case $1 in
        processes)
            ls tests/misc/env*.* tests/misc/timeout*.* tests/misc/nohup.* tests/misc/nice*.* \
                tests/misc/stdbuf.* tests/misc/chroot*.* tests/misc/kill.* tests/misc/printenv.* \
                tests/misc/tee.* tests/misc/sort-compress*.* tests/misc/sort-merge-fdlimit.* \
                tests/misc/sort-exit-early.* tests/misc/csplit-io-err.* tests/misc/tty-eof.* \
                tests/misc/close-stdout.* tests/misc/usage_vs_getopt.* tests/split/*.* \
                tests/install/*.* tests/cp/no-ctx.* tests/tail-2/pid.* tests/tail-2/pipe-f*.* \
                tests/tail-2/flush-initial.* tests/rm/r-root.* tests/rm/rm-readdir-fail.* \
                tests/ls/getxattr-speedup.* tests/df/no-mtab-status.*
            ;;
        # Each starts a program hundreds of times.
        small)
            for test in basename cut date dirname expand expr fold head join md5sum mknod nl od paste \
                printf sha1sum sort sort-files0-from sort-merge tail test tr tsort unexpand uniq wc wc-files0-from; do
                ls tests/misc/$test.pl tests/misc/$test.sh 2>/dev/null
            done
            ;;
    esac
}

# What tests/local.mk has for TESTS_ENVIRONMENT.
run_variant()
{
    LC_ALL=C
    VERSION=$(coreutils_version)
    PACKAGE_VERSION=$VERSION
    abs_top_builddir=$PWD abs_top_srcdir=$PWD abs_srcdir=$PWD srcdir=. top_srcdir=.
    built_programs="ginstall $(installed_programs | sed 's|.*/||' | tr '\n' ' ')"
    CONFIG_HEADER=$PWD/config.h
    PATH=$PWD/src:$PATH
    host_os=linux-gnu host_triplet=x86_64-pc-linux-gnu CC=gcc AWK=awk EGREP='grep -E' MAKE=make
    PERL=perl SHELL=/bin/bash TMPDIR=/tmp fail=0
    export LC_ALL VERSION PACKAGE_VERSION abs_top_builddir abs_top_srcdir abs_srcdir srcdir top_srcdir \
        built_programs CONFIG_HEADER PATH host_os host_triplet CC AWK EGREP MAKE PERL SHELL TMPDIR fail
    unset LANG LANGUAGE
    tests_of_coreutils "$1" >list
    # One session for all, as `make check` has.
    # shellcheck disable=SC2016
    start sh -c 'while read -r test; do
        f=$(basename "$test")
        case $test in
            *.pl) set -- perl -w -I./tests -MCuSkip -MCoreutils -M"CuTmpdir qw($f)" "$test" ;;
            *) set -- bash "$test" ;;
        esac
        timeout 100 "$@" >"$f.log" 2>&1 9>&2 </dev/null
        echo "${test#tests/}: $?"
    done' <list >"$results/tests" || return
    for test in $(awk -F': ' '$2 != 0 && $2 != 77 { print $1 }' "$results/tests"); do
        tail -n 20 "$(basename "$test").log"
    done
}

coreutils_version()
{
    env --version | sed -n '1s/.* //p'
}

count()
{
    wc -l <tests
}

passed()
{
    grep -c ': 0$' tests
}
