# Commands of which one system call fails.  To be sourced after modes.sh.
# shellcheck shell=sh disable=SC2154,SC2034

: "${work:?}" "${ST_COMMAND:?}" "${ST_CASES_BIN:?}"
unset SPAWN_TEMPLATE SPAWN_TEMPLATE_CACHE SPAWN_TEMPLATE_LOG SPAWN_TEMPLATE_STATS \
    SPAWN_TEMPLATE_KERNEL_NR LD_PRELOAD

# KILL is no error, but ends the process that makes the call.
fail_errors='KILL ENOSPC EIO EMFILE ENFILE EAGAIN ENOMEM EINTR EPERM EACCES ENOSYS'

# fail_run DEPTH NUMBER ERROR COMMAND...: run it with that failing.  Leaves $work/out and $work/err;
# $fail_what, $fail_count, $fail_call, $fail_depth and $fail_end say what was done and came of it.
fail_run() {
    "$ST_CASES_BIN/trace_command" "$@" >"$work/out" 2>"$work/err" 9>"$work/told" </dev/null
    read -r fail_count fail_call fail_depth fail_end <"$work/told" ||
        { wrong "case $2 $3: no report: $(cat "$work/err")"; exit 1; }
    fail_what="call $2, $fail_call of process $fail_depth, $3"
}

# fail_start COMMAND...: it runs starts_target once, and all is well.
fail_start() {
    "$@" >"$work/out" 2>"$work/err" </dev/null
    fail_status=$?
    if [ "$fail_status" != 7 ] || [ "$(cat "$work/out")" != 'ran word' ]; then
        wrong "$fail_what: afterwards: status $fail_status, '$(cat "$work/out")', $(cat "$work/err")"
    fi
}

# fail_left DIRECTORY PATTERN: no such file is left in it.
fail_left() {
    fail_files=$(find "$1" -mindepth 1 -name "$2")
    [ -z "$fail_files" ] || wrong "$fail_what: left behind: $fail_files"
}

# fail_all: call tried NUMBER ERROR for cases spread evenly over all calls and errors.
fail_all() {
    tried 0 EIO
    fail_calls=$fail_count
    fail_list=$(printf '%s\n' $fail_errors | wc -l)
    fail_cases=$((fail_calls * fail_list))
    fail_wanted=${ST_FAULTS_COUNT:-30}
    [ "$fail_wanted" -lt "$fail_cases" ] || fail_wanted=$fail_cases
    fail_case=0
    while [ "$fail_case" -lt "$fail_wanted" ]; do
        fail_at=$((fail_case * fail_cases / fail_wanted))
        fail_error=$(printf '%s\n' $fail_errors | sed -n "$((fail_at % fail_list + 1))p")
        tried $((fail_at / fail_list + 1)) "$fail_error"
        fail_case=$((fail_case + 1))
    done
    note "$fail_wanted of $fail_cases cases, $fail_calls calls"
}
