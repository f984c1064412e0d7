#!/bin/sh
# Traps and signal dispositions: what a program inherits, what it does not, and who sees it end.

sh -c 'trap "echo exit trap" EXIT; exit 3'
echo "status: $?"
sh -c 'trap "echo term; exit 4" TERM; kill -TERM $$; echo not reached'
echo "status: $?"
sh -c 'trap "echo usr1" USR1; kill -USR1 $$; sh -c "kill -USR1 $$"; echo after'
echo "status: $?"

# Ignored signals stay ignored in what is started; caught ones go back to the default.
sh -c 'trap "" TERM; sh -c "kill -TERM \$\$; echo ignored"'
sh -c 'trap : TERM; sh -c "kill -TERM \$\$; echo not reached"; echo "status: $?"'
sh -c 'trap "" INT QUIT HUP; exec grep SigIgn /proc/self/status'
sh -c 'trap : INT; exec grep -E "SigIgn|SigCgt" /proc/self/status'
sh -c 'exec grep -E "SigBlk|SigPnd|ShdPnd" /proc/self/status'

# A signal for the group while a program is being waited for.
sh -c 'trap "echo got int" INT; sh -c "kill -INT $$; sleep 0.1"; echo done'
# A trap runs once the foreground program has ended, and wait is interrupted.
sh -c 'trap "echo alarm" USR1; (sleep 0.1; kill -USR1 $$) & sleep 0.3; echo foreground done; wait'
sh -c 'trap "echo woken" USR1; sleep 60 & s=$!; (sleep 0.1; kill -USR1 $$) & wait $s; test $? -gt 128 &&
    echo interrupted; kill $s'

# Exit traps in subshells and in what replaces the shell.
(
    trap 'echo subshell' EXIT
    /bin/true
)
sh -c 'trap "echo not with exec" EXIT; exec /bin/echo replaced'

for signal in HUP INT QUIT KILL PIPE TERM USR1; do
    sh -c "ulimit -c 0; kill -$signal \$\$"
    echo "$signal: $?"
done 2>/dev/null
trap 'echo "the end"' EXIT
