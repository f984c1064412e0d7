#!/bin/sh
# Background jobs: wait for one, some and all of them; stop, continue, kill; process groups.

sleep 60 &
first=$!
kill -TERM $first
wait $first
echo "killed: $?"

sh -c 'exit 5' &
wait $!
echo "of one: $?"

sh -c 'exit 1' & a=$!
sh -c 'exit 2' & b=$!
sh -c 'exit 3' & c=$!
wait $c; echo "third: $?"
wait $a; echo "first: $?"
wait $b; echo "second: $?"

for n in 1 2 3 4 5 6 7 8; do
    sh -c "sleep 0.0$n" &
done
wait
echo "all: $?"
wait 999999 2>/dev/null
echo "no child: $?"

# Whatever runs beside us, a script has only its own children.
sh -c 'ps -o pid= --ppid $$ | wc -l' | sed 's/^/children of a shell that runs ps: /'

(
    sleep 0.05
    exit 6
) &
while kill -0 $! 2>/dev/null; do sleep 0.01; done
wait $!
echo "polled: $?"

set -m 2>/dev/null
sleep 60 &
job=$!
[ "$(ps -o pgid= -p $job | tr -d ' ')" = "$job" ] && echo "a group of its own"
kill -STOP $job
while [ "$(ps -o stat= -p $job | cut -c1)" != T ]; do sleep 0.01; done
echo "stopped"
kill -CONT $job
while [ "$(ps -o stat= -p $job | cut -c1)" = T ]; do sleep 0.01; done
echo "continued"
kill -TERM -$job
while kill -0 $job 2>/dev/null; do sleep 0.01; done
echo "group killed"
set +m

sh -c 'test "$(ps -o pgid= -p $$ | tr -d " ")" != $$' && echo "no group of its own"
setsid sh -c 'test "$(ps -o sid= -p $$ | tr -d " ")" = $$' && echo "a session of its own"
nohup sh -c 'kill -HUP $$; echo "survived SIGHUP"' 2>/dev/null
