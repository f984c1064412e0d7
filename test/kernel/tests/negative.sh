#!/bin/sh
# Where 472 and 473 are other system calls, which succeed: nothing issues them unasked
# needs: build
# boot: spawn_template.other=1
set -u
# shellcheck source=../inside.sh
. "$ST_SOURCE/test/kernel/inside.sh"
unset SPAWN_TEMPLATE_KERNEL_NR

# That they are others, and that a call does count.
[ "$(cat $parameters/other)" = Y ] || wrong 'the system calls are ours'
[ "$(counters)" = '0 0' ] || wrong "counted before anybody called: $(counters)"
[ "$(perl -e 'print syscall(472, 0, 0), " ", syscall(473, 0, 0, 0)')" = '0 0' ] ||
    wrong 'the system calls do not succeed'
[ "$(counters)" = '1 1' ] || wrong "two calls are not counted: $(counters)"
before=$(counters)

mkdir reference
cat >reference/Makefile <<'END'
SHELL = /bin/bash
all: one two three
one:
	/usr/bin/touch one
two: one
	/bin/date -d @0 -u >two
	/bin/sort -r two one >two.sorted; /bin/true && /usr/bin/wc two
three: two
	/usr/bin/expr 1 + 2 >three
	/usr/bin/nothing-of-that-name || echo 'as it should be: none' >none
END
cp -r reference plain
make -C plain >plain.out 2>&1 || wrong "make: status $?"

# unasked WHAT COMMAND...: make under that, in a directory of the same name as before.
unasked()
{
    what=$1
    shift
    rm -rf saved work
    cp -r reference work
    "$@" make -C work >work.out 2>&1
    status=$?
    [ $status -eq 0 ] || wrong "$what: status $status"
    for log in plain work; do
        sed 's/\/plain/\/work/g; s/PID [0-9]*//' $log.out >$log.normal
    done
    diff plain.normal work.normal || wrong "$what: other output"
    diff -r plain work || wrong "$what: other files"
    [ "$(counters)" = "$before" ] || wrong "$what: calls issued: $(counters) after $before"
    before=$(counters)
    printf '%s: %s\n' "$what" "$(counters)"
}

unasked 'by default' "$command"
unasked 'image engine' "$command" --engine=image
unasked 'kernel engine without numbers' "$command" --engine=kernel --stats=kernel.json
[ "$(stats kernel.json kernel)" = 0 ] || wrong 'starts counted as through the kernel'
[ "$(stats kernel.json total)" -ge 8 ] || wrong "$(stats kernel.json total) starts seen"
unasked 'off' "$command" --engine=off
unasked 'the library alone' env "LD_PRELOAD=$ST_BUILD/lib/libspawn_template_preload.so"
unasked 'the library alone, kernel' \
    env SPAWN_TEMPLATE=kernel "LD_PRELOAD=$ST_BUILD/lib/libspawn_template_preload.so"
if SPAWN_TEMPLATE_KERNEL_NR=472 "$command" --engine=kernel true >numbers.out 2>&1; then
    wrong 'one number is enough'
fi
"$command" doctor >doctor.out || wrong "doctor: status $?"
"$command" inspect /bin/true >inspect.out || wrong "inspect: status $?"
"$command" bake /bin/true >bake.out 2>&1 || wrong "bake: status $?: $(cat bake.out)"
[ "$(counters)" = "$before" ] || wrong "doctor, inspect or bake: calls issued: $(counters)"

# Asked for by a wrong statement: each process finds out with its first call, and starts nothing.
rm -rf work
cp -r reference work
SPAWN_TEMPLATE_KERNEL_NR=472,473 "$command" --engine=kernel --stats=wrong.json \
    make -C work >work.out 2>&1 || wrong "wrong numbers: status $?"
diff -r plain work || wrong 'wrong numbers: other files'
[ "$(stats wrong.json kernel)" = 0 ] || wrong 'wrong numbers: counted as started'
before_creates=${before% *}
after=$(counters)
[ "${after#* }" = "${before#* }" ] || wrong "wrong numbers: something was started: $after"
[ "${after% *}" -gt "$before_creates" ] || wrong 'wrong numbers: not even asked'
[ $((${after% *} - before_creates)) -le "$(stats wrong.json total)" ] ||
    wrong "wrong numbers: asked more than once in a process: $after after $before"
printf 'wrong numbers: %s\n' "$after"
finish
