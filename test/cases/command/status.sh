#!/bin/sh
# The exit status of the command is that of COMMAND.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

for n in 0 1 2 3 77 124 125 126 127 128 200 255; do
    status "exit $n" "$n" "$command" sh -c "exit $n"
    silent "exit $n"
done
for signal in HUP:1 INT:2 QUIT:3 KILL:9 USR1:10 SEGV:11 PIPE:13 TERM:15; do
    status "SIG${signal%:*}" $((128 + ${signal#*:})) "$command" \
        sh -c "ulimit -c 0; kill -${signal%:*} \$\$"
done
same "no session is left" 0 "$(sessions)"

status "not found" 127 "$command" no-such-command-at-all
one_line "not found" "no-such-command-at-all: command not found"
status "no such file" 127 "$command" ./no-such-file
one_line "no such file" "./no-such-file"
status "empty name" 127 "$command" ''
one_line "empty name" ": command not found"

printf 'x' >not-executable
status "not executable" 126 "$command" ./not-executable
one_line "not executable" "./not-executable: cannot be executed: Permission denied"
status "a directory" 126 "$command" ./
one_line "a directory" "cannot be executed"
status "a file as a directory" 126 "$command" ./not-executable/x
one_line "a file as a directory" "cannot be executed"
printf '#!/no/such/interpreter\n' >bad-script
chmod +x bad-script
status "script without interpreter" 127 "$command" ./bad-script
one_line "script without interpreter" "./bad-script: no such file, or its interpreter is missing"

# As env(1), nohup(1) and every shell do: a text without #! is run by sh.
printf 'exit 9\n' >plain-script
chmod +x plain-script
status "text without #!" 9 "$command" ./plain-script

status "-- before COMMAND" 5 "$command" -- sh -c 'exit 5'
status "COMMAND that looks like an option" 127 "$command" -- --stats
one_line "COMMAND that looks like an option" "--stats: command not found"
# shellcheck disable=SC2016
status "COMMAND's options are its own" 0 "$command" sh -c '[ "$1" = --help ]' sh --help
status "a subcommand's name behind --" 0 "$command" -- env true

# shellcheck disable=SC2016
same "arguments" "<a b><><'\"\\><*>" \
    "$("$command" sh -c 'for a; do printf "<%s>" "$a"; done' sh 'a b' '' "'\"\\" '*')"
same "stdin is passed on" "text" "$(printf 'text' | "$command" cat)"
same "stdout is passed on, stderr too" "oute" \
    "$("$command" sh -c 'printf out; printf e >&2' 2>&1)"
big=$(head -c 300000 /dev/zero | tr '\0' x | "$command" cat | wc -c)
same "a lot of data" 300000 "$big"

same "no session is left" 0 "$(sessions)"
finish
