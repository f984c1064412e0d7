# What bash does with processes beyond POSIX.
. "$ST_CASES_SRC/real/features.sh"

echo "10: process substitution"
diff <(printf 'a\nb\n') <(printf 'a\nc\n')
echo $?
tee >(sed 's/^/tee: /' >teed) <file >/dev/null; sleep 0.2; cat teed
paste <(seq 3) <(seq 3 | tac)

echo "11: coprocesses"
coproc upper { while read -r line; do echo "${line^^}"; done; }
echo hello >&"${upper[1]}"; read -r answer <&"${upper[0]}"; echo "$answer"
eval "exec ${upper[1]}>&-"; wait "$upper_PID"; echo $?

echo "12: job control"
# bash says on stderr what became of its jobs, with their numbers.
(
    set -m
    sleep 60 & job=$!
    jobs -r | wc -l
    kill -STOP $job
    until grep -q '^State:.*stopped' /proc/$job/status; do sleep 0.01; done
    jobs -s | wc -l
    kill -KILL $job
    while [ -d /proc/$job ]; do sleep 0.01; done
    wait $job; echo $?
    sleep 0.01 | cat & wait %%; echo $?
    sh -c 'exit 5' & wait $!; echo $?
) 2>/dev/null

echo "13: pipefail, PIPESTATUS, lastpipe"
true | false | (exit 3) | true; echo "${PIPESTATUS[*]}"
set -o pipefail; true | (exit 5) | true; echo $?; set +o pipefail
shopt -s lastpipe; echo value | read -r variable; echo "$variable"

echo "14: traps and signals"
(trap 'echo USR1' USR1; kill -USR1 $BASHPID; sleep 0.01; echo after)
(trap 'echo ERR $?' ERR; false; true)
trap 'echo CHLD' CHLD; /bin/true; trap - CHLD
(trap 'echo EXIT in a subshell' EXIT; exit 4); echo $?
timeout 0.1 sleep 60; echo $?
{ timeout -s KILL 0.1 sleep 60; } 2>/dev/null; echo $?

echo "15: exec -a, arrays, here strings"
(exec -a 'other name' sh -c 'echo "$0"')
cat <<<'here string'
mapfile -t lines < <(seq 5); echo "${#lines[@]} ${lines[*]}"
printf '%s ' {1..5}; echo
exec {fd}<file; read -r line <&$fd; echo "$line"; exec {fd}<&-
hash -r; type -t ls

echo "16: many at once"
started=(); for i in {1..20}; do (exit $((i % 3))) & started+=($!); done
sum=0; for job in "${started[@]}"; do wait "$job"; sum=$((sum + $?)); done; echo $sum
