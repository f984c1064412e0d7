# tool.sh TOOL: the reporter, started by a program that many builds and scripts are made of.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"

tool=$1
reporter=$ST_CASES_BIN/reporter
modes_begin "report.tool_$tool"
printf 'first line\nsecond line\n' >"$work/stdin"
modes_stdin=$work/stdin

# Pipelines, subshells, redirections, background jobs and functions that end in an exec.
shell_script() {
    cat >"$work/script" <<END
exec 5</dev/null
"$reporter" one 'two words' <"$work/stdin"
"$reporter" piped <"$work/stdin" | sed 's/^/pipe: /'
( exec "$reporter" exec <"$work/stdin" )
VARIABLE=value "$reporter" assignment 6<"$work/stdin" 5<&-
"$reporter" background <"$work/stdin" & wait \$!
result=\$("$reporter" substitution <"$work/stdin"); printf '%s\n' "\$result"
trap '' USR1; "$reporter" trap <"$work/stdin"
exec "$reporter" last <"$work/stdin"
END
}

case $tool in
sh | bash | dash | zsh)
    need "$tool"
    shell_script
    compare_modes "$tool" "$work/script"
    ;;
fish)
    need fish
    # It is new in 3.4.
    fish_option=--no-config
    fish $fish_option -c true 2>/dev/null || fish_option=
    cat >"$work/script" <<END
"$reporter" one 'two words' <"$work/stdin"
"$reporter" piped <"$work/stdin" | sed 's/^/pipe: /'
set result ("$reporter" substitution <"$work/stdin"); printf '%s\n' \$result
exec "$reporter" last <"$work/stdin"
END
    # It orders the variables by a hash of all of them, since 4.0 another one in each process.
    cat >"$work/sorted" <<'END'
fish $2 "$1" >report
status=$?
awk '
    /^(pipe: )?environ: / {
        for (i = n++; i > 0 && line[i - 1] > $0; i--)
            line[i] = line[i - 1]
        line[i] = $0
        next
    }
    {
        for (i = 0; i < n; i++)
            print line[i]
        n = 0
        print
    }' report
exit $status
END
    compare_modes sh "$work/sorted" "$work/script" $fish_option
    ;;
make)
    need make
    # One recipe make starts by itself, one needs a shell, one runs a make.
    {
        printf 'all: plain shell sub captured\n\nplain:\n\t%s one two\n\n' "$reporter"
        printf 'shell:\n\t@echo before; %s "one two" | cat\n\n' "$reporter"
        printf 'sub:\n\t$(MAKE) -f %s plain\n\n' "$work/Makefile"
        printf 'captured:\n\t@echo "$(wordlist 1,90,$(shell %s shell))"\n' "$reporter"
    } >"$work/Makefile"
    compare_modes make -f "$work/Makefile"
    ;;
make_exec)
    need make
    printf 'all:\n\t+%s one\n\tcd / && exec %s two\n' "$reporter" "$reporter" >"$work/Makefile"
    # Its temporary files have no names, but numbers.  Since 4.4 the jobserver and the lock of the output
    # are files with names.
    modes_filter='s|/#[0-9]* (deleted)|/#N (deleted)|; s|/GMfifo[0-9]*|/GMfifoN|g
        s|/Gm[0-9A-Za-z]\{6\}|/GmN|g'
    compare_modes make -j2 --output-sync -f "$work/Makefile"
    ;;
ninja)
    need ninja
    cat >"$work/build.ninja" <<END
rule run
  command = $reporter one 'two words' && touch \$out
build done: run
END
    modes_environment='NINJA_STATUS='
    compare_modes ninja -v -f "$work/build.ninja"
    ;;
python_*)
    need python3
    # Another python3 in PATH may be a script of a version manager.
    modes_path=/usr/bin:/bin
    compare_modes python3 -E "$ST_CASES_SRC/start/subprocesses.py" "${tool#python_}" "$reporter"
    ;;
xargs)
    compare_modes sh -c "printf 'a b c' | xargs -n 1 '$reporter'; echo x | xargs -P 2 '$reporter'"
    ;;
find)
    compare_modes sh -c "touch a; find . -name a -exec '$reporter' {} ';' -execdir '$reporter' {} +"
    ;;
hashbang)
    # The reporter as the interpreter of scripts, with and without an argument.
    printf '#!%s\n' "$reporter" >"$work/plain"
    printf '#! %s  one "two  words" \n' "$reporter" >"$work/argument"
    chmod +x "$work/plain" "$work/argument"
    expect_image=4
    compare_modes sh -c '"$1/plain" a "b c" ""; "$1/argument"; cd "$1" && PATH=$1 plain x; exec "$1/plain" last' \
        name "$work"
    ;;
env) compare_modes env -u INHERITED NEW=1 "$reporter" one two ;;
nohup) compare_modes nohup "$reporter" one two ;;
nice) compare_modes nice -n 5 "$reporter" one two ;;
timeout) compare_modes timeout 60 "$reporter" one two ;;
setsid) compare_modes setsid -w "$reporter" one two ;;
stdbuf) compare_modes stdbuf -oL "$reporter" one two ;;
perl)
    need perl
    # The script's $ are Perl's.
    # shellcheck disable=SC2016
    compare_modes perl -e '$| = 1; my $r = shift; system($r, "list"); system("$r string; true");
        print `$r backticks`; open(my $p, "-|", $r, "open") or die; print <$p>; close $p;
        if (!fork) { exec {$r} "other name", "exec" } wait; printf "%d\n", $?; exec $r, "last"' \
        "$reporter"
    ;;
awk)
    compare_modes awk "BEGIN { system(\"$reporter system\"); while ((\"$reporter get\" | getline l) > 0)
        print \"got \" l; print \"in\" | \"$reporter put\"; close(\"$reporter put\") }"
    ;;
script)
    need script
    # When the terminal echoes the input, before the program's output or amid it, is a race.
    modes_filter='s|/dev/pts/[0-9]*|/dev/pts/N|
        /^\(first\|second\) line\r\{0,1\}$/d'
    # A terminal of its own: job control and a controlling terminal.
    compare_modes script -qec "$reporter one" /dev/null
    ;;
expect)
    need expect
    modes_filter='s|/dev/pts/[0-9]*|/dev/pts/N|'
    compare_modes expect -c "spawn -noecho $reporter one; send \\004; expect eof
        exec $reporter two >@stdout 2>@stderr"
    ;;
*)
    note "unknown tool: $tool"
    exit 2
    ;;
esac
modes_end
