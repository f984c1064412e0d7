# shellcheck shell=sh disable=SC2034,SC2154
about='bash: its own tests of jobs, traps, processes and redirections'
source=bash
packages='bash gcc libc6-dev make'
variants='suite'
limit=600

# Those that start programs and look at how they end.
bash_tests='builtins comsub coproc dbg-support errors execscript exp-tests heredoc herestr jobs
    lastpipe posixpipe procsub redir set-e trap vredir'

prepare()
{
    # `sleep 1 & sleep 2; jobs` says "Running" now and then on a machine with more to do, without us
    # as well: 5 times of 1200.  With four more seconds, never of 1200.
    sed -i "s/-c 'sleep 1 & P=\$! ; sleep 2; jobs/-c 'sleep 1 \& P=\$! ; sleep 6; jobs/" tests/jobs.tests &&
        grep -q 'sleep 6; jobs' tests/jobs.tests || return
    # The tests use four small programs of the same source.
    for program in recho zecho printenv xcase; do
        gcc -O1 -DHAVE_STDLIB_H -DHAVE_STRING_H -DHAVE_UNISTD_H -I. -Iinclude \
            -o "tests/$program" "support/$program.c" || return
    done
}

run_variant()
{
    cd tests || return
    THIS_SH=/bin/bash
    BASH_TSTOUT=$PWD/test.out
    TSTOUT=$BASH_TSTOUT
    PATH=$PWD:$PATH
    export THIS_SH BASH_TSTOUT TSTOUT PATH
    for test in $bash_tests; do
        start sh -c ". ./run-$test" >"out.$test" 2>&1
        printf 'exit status %s\n' $? >>"out.$test"
        # Process ids, and the names of files that have them in their name.
        sed -E -e 's/\b(bash|line|sh)([-.])[0-9]+/\1\2PID/g' -e 's/\([0-9]{2,}\)/(PID)/g' \
            -e 's/[0-9]{3,} /PID /g' \
            "out.$test" >"$results/$test"
    done
}

count()
{
    find . -type f | wc -l
}
