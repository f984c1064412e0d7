#!/bin/sh
# Whatever is unknown or malformed is one clear line, and status 2; nothing is run.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

# wrong PATTERN ARGUMENT...
wrong()
{
    wrong_pattern=$1
    shift
    status "$*" 2 "$command" "$@"
    one_line "$*" "$wrong_pattern"
    [ ! -s "$work/out" ] || fail "$*: something on stdout"
}

wrong "no COMMAND given"
wrong "no COMMAND given" --
wrong "no COMMAND given" --stats
wrong "--nonsense: unknown option" --nonsense touch ran
wrong "--nonsense=3: unknown option" --nonsense=3 touch ran
wrong "-x: unknown option" -x touch ran
wrong "-j: unknown option" -j8 touch ran
wrong "--engine: needs an argument" --engine
wrong "--engine=fast: must be auto, kernel, image or off" --engine=fast touch ran
wrong "--engine=: must be" --engine= touch ran
wrong "--verbose: takes no argument" --verbose=yes touch ran
wrong "--help: takes no argument" --help=me
wrong "--stats=: the path is empty" --stats= touch ran
wrong "--cache-dir=: the path is empty" --cache-dir= touch ran
wrong "--cache-dir: needs an argument" --cache-dir

wrong "not an option of this subcommand" --stats env touch ran
wrong "not an option of this subcommand" --stats=s.json doctor
wrong "not an option of this subcommand" --cache-dir=x inspect /bin/true
wrong "not an option of this subcommand" --engine=off cache ls
wrong "spawn-template -- env FOO=1 ..." env FOO=1 touch ran
wrong "spawn-template -- env touch ..." env touch ran
wrong "env --nonsense: unknown option" env --nonsense
wrong "env --off: takes no argument" env --off=1
wrong "env --shell: needs an argument" env --shell
wrong "--shell=csh: must be sh, bash, zsh or fish" env --shell=csh
wrong "--engine=fast: must be" env --engine=fast
wrong "bake: no PROGRAM given" bake
wrong "bake -x: unknown option" bake -x
wrong "--cache-dir=: the path is empty" bake --cache-dir= /bin/true
wrong "bake ./no-such-file: no such program" bake ./no-such-file
wrong "not an option of this subcommand" --engine=image bake /bin/true
wrong "not an option of this subcommand" --stats bake /bin/true
wrong "cache: say what to do" cache
wrong "cache: say what to do" cache --json
wrong "cache list: must be ls, clear or verify" cache list
wrong "cache ls x: one word too many" cache ls x
wrong "cache --nonsense: unknown option" cache ls --nonsense
wrong "--cache-dir=: the path is empty" cache ls --cache-dir=
wrong "inspect: no FILE given" inspect
wrong "inspect --nonsense: unknown option" inspect --nonsense /bin/true
wrong "doctor x: doctor takes no words" doctor x
wrong "doctor --nonsense: unknown option" doctor --nonsense
wrong "stats x: stats takes no words" stats x
wrong "stats --nonsense: unknown option" stats --nonsense

# The environment.
for value in fast AUTO ' auto' 1; do
    status "SPAWN_TEMPLATE=$value" 2 env SPAWN_TEMPLATE="$value" "$command" touch ran
    one_line "SPAWN_TEMPLATE=$value" "SPAWN_TEMPLATE=$value: must be"
done
for value in 472 472,472 472,0 1,4096 a,b '472,473,' ','; do
    status "numbers $value" 2 env SPAWN_TEMPLATE_KERNEL_NR="$value" "$command" touch ran
    one_line "numbers $value" "SPAWN_TEMPLATE_KERNEL_NR=$value: must be two different numbers"
done
status "log" 2 env SPAWN_TEMPLATE_LOG=log "$command" touch ran
one_line "log" "SPAWN_TEMPLATE_LOG=log: must be an absolute path"
[ ! -e ran ] || fail "COMMAND ran"

# What is empty is not set, and an option comes before the environment.
status "empty variables" 0 env SPAWN_TEMPLATE= SPAWN_TEMPLATE_KERNEL_NR= SPAWN_TEMPLATE_LOG= \
    SPAWN_TEMPLATE_STATS= SPAWN_TEMPLATE_CACHE= "$command" true
silent "empty variables"
status "option before variable" 0 env SPAWN_TEMPLATE=fast "$command" --engine=off true

# A name that would break the line does not.
status "a newline" 127 "$command" 'no
such'
one_line "a newline" "no?such: command not found"

# --cache-dir must obey the rules.
mkdir open link-to
chmod 777 open
ln -s link-to link
touch file
for bad in open link link/ file file/x no/such/parent; do
    status "--cache-dir=$bad" 2 "$command" --cache-dir="$bad" touch ran
    one_line "--cache-dir=$bad" "--cache-dir=$bad: "
    status "cache ls --cache-dir=$bad" 2 "$command" cache ls --cache-dir="$bad"
    one_line "cache ls --cache-dir=$bad" "--cache-dir=$bad: "
done
[ ! -e ran ] || fail "COMMAND ran"
# shellcheck disable=SC2016
same "--cache-dir is made" "700 $work/new" \
    "$("$command" --cache-dir=new/ sh -c 'stat -c %a "${SPAWN_TEMPLATE_CACHE%/*}"
        echo "${SPAWN_TEMPLATE_CACHE%/*}"' | tr '\n' ' ' | sed 's/ $//')"

status "--help" 0 "$command" --help
[ "$(wc -l <out)" -le 30 ] || fail "--help: longer than a screen"
[ "$(awk '{ if (length($0) > n) n = length($0) } END { print n }' out)" -le 90 ] ||
    fail "--help: wider than a screen"
for word in --engine --stats --cache-dir --verbose env inspect cache doctor bake stats; do
    grep -q -- "$word" out || fail "--help: nothing about $word"
done
silent "--help"
status "--version" 0 "$command" --version
[ "$(grep -cE '^spawn-template [0-9]+\.[0-9]+\.[0-9]+$' out)" -eq 1 ] || fail "--version"
status "--version before an error" 0 "$command" --version --nonsense
[ ! -e /dev/full ] || {
    "$command" --help >/dev/full 2>err && fail "--help on a full disk: success"
    one_line "--help on a full disk" "cannot write to stdout"
    "$command" cache ls --json >/dev/full 2>err && fail "JSON on a full disk: success"
    one_line "JSON on a full disk" "cannot write to stdout"
}

same "no session is left" 0 "$(sessions)"
finish
