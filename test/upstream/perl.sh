# shellcheck shell=sh disable=SC2034,SC2154
about='perl: its own tests of fork, exec, pipes, signals and processes, and of the modules about them'
source=perl
packages='perl'
variants='core modules'
limit=300

prepare()
{
    # The perl that is tested is the one installed, which knows where its modules are.
    find t lib ext cpan dist \( -name '*.t' -o -name test.pl -o -name charset_tools.pl \) -exec \
        sed -i -E -e "s/^( *)@INC *= *(qw\(|')?[^;]*lib[^;]*;/\1;/" -e 's/\bset_up_inc\([^;]*;/;/' {} +
    sed -i -E 's/^sub set_up_inc \{/&return;/' t/test.pl
    ln -s /usr/bin/perl t/perl && ln -s /usr/bin/perl perl
}

tests_of_perl()
{
    case $1 in
        core)
            echo op/fork op/exec op/die_exit op/die_unwind op/magic op/kill0 op/alarm op/sleep op/getppid \
                op/getpid op/sselect op/sysio op/stat op/exists_sub op/sigdispatch op/signatures op/time \
                op/closure op/chop op/eval op/glob op/groups op/readline op/require_errors \
                io/pipe io/dup io/open io/openpid io/argv io/fs io/tell io/inplace io/iofile io/print \
                io/perlio_open io/socket io/socketpair io/sem io/shm io/msg io/eintr io/nargv io/through \
                run/cloexec run/exit run/fresh_perl run/runenv run/runenv_hashseed run/script \
                run/switches run/switchx run/switchn run/switchp run/noswitch run/dtrace run/locale
            ;;
        modules)
            echo ../ext/IPC-Open3/t/IPC-Open2 ../ext/IPC-Open3/t/IPC-Open3 ../ext/IPC-Open3/t/fd \
                ../cpan/IPC-Cmd/t/01_IPC-Cmd ../cpan/IPC-Cmd/t/02_Interactive ../cpan/IPC-Cmd/t/03_run-forked \
                ../ext/POSIX/t/posix ../ext/POSIX/t/waitpid ../ext/POSIX/t/sigaction ../ext/POSIX/t/wrappers \
                ../ext/POSIX/t/unimplemented ../dist/IO/t/io_pipe ../dist/IO/t/io_dup ../dist/IO/t/io_sock \
                ../dist/IO/t/io_poll ../dist/IO/t/io_multihomed ../lib/DB ../lib/perl5db ../lib/English \
                ../lib/Benchmark ../ext/File-Glob/t/basic ../cpan/IPC-SysV/t/ipcsysv ../lib/vmsish \
                ../cpan/autodie/t/system ../cpan/autodie/t/fork ../cpan/autodie/t/kill
            ;;
    esac
}

run_variant()
{
    cd t || return
    top=$PWD
    unset PERL5OPT PERL5LIB PERLIO
    for test in $(tests_of_perl "$1"); do
        [ -f "$test.t" ] || continue
        # Not in a subshell: `start` counts.
        case $test in
            ../*/t/*) cd "${test%/t/*}" || return ;;
        esac
        case $test in
            ../*/t/*) start /usr/bin/perl "t/${test##*/t/}.t" ;;
            *) start /usr/bin/perl "$test.t" ;;
        esac >"$top/out.log" 2>&1
        status=$?
        cd "$top" || return
        awk -v test="${test#../}" -v status=$status '
            /^(not )?ok [0-9]+/ {
                bad = /^not/
                number = bad ? $3 : $2
                print test " " number ": " (bad ? "not ok" : "ok") (/# *(TODO|skip)/ ? " (skip or todo)" : "")
            }
            END { print test " ended: " status }' out.log
    done >"$results/tests"
}

count()
{
    wc -l <tests
}

passed()
{
    grep -c ': ok$' tests
}
