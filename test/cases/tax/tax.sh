# tax.sh calls|faults|instructions|starts|spawn: what the preload costs a program that starts nothing, in
# things that can be counted, against an empty shared object in its place.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin "tax.$1"
[ "$all_modes" != again ] || skip 'only with the preload'
program=$(command -v true) # a program also where it is a shell's builtin
[ -x "$program" ] || program=/bin/true
empty=$work/libempty.so
: >"$work/empty.c"
"$CC" -shared -fPIC -o "$empty" "$work/empty.c" || exit 1

# with LIBRARY COMMAND...: in a session, LIBRARY preloaded.
with() {
    mode_preload=$1
    shift
    in_mode session "$@"
    unset mode_preload
    [ "$(cat "$work/session.status")" = 0 ] || wrong "$* failed: $(cat "$work/session.err")"
}

# no_more WHAT LIMIT: $ours against $theirs.
no_more() {
    note "$1: $theirs with an empty library, $ours with the preload"
    case $ours$theirs in
    '' | *[!0-9]*) wrong "$1: could not be counted" ;;
    *) [ "$ours" -le "$((theirs + $2))" ] || wrong "$1: $ours, more than $theirs + $2" ;;
    esac
}

# system_calls LIBRARY COMMAND...: how many COMMAND makes, its children included.
system_calls() {
    system_calls_library=$1
    shift
    with '' strace -f -qq -o "$work/trace" -E "LD_PRELOAD=$system_calls_library" "$@"
    calls=$(grep -c '(' "$work/trace")
}

case $1 in
calls)
    need strace
    strace -o /dev/null true 2>/dev/null || skip 'strace may not trace here'
    system_calls "$empty" "$program"
    theirs=$calls
    system_calls "$ST_PRELOAD" "$program"
    ours=$calls
    no_more 'system calls' 0
    ;;
faults)
    # The counting program must not itself be under the library.
    with '' "$ST_CASES_BIN/faults" 50 "$(command -v env)" "LD_PRELOAD=$empty" "$program"
    theirs=$(cat "$work/session.out")
    with '' "$ST_CASES_BIN/faults" 50 "$(command -v env)" "LD_PRELOAD=$ST_PRELOAD" "$program"
    ours=$(cat "$work/session.out")
    no_more 'page faults' 0
    ;;
instructions)
    need valgrind
    for library in "$empty" "$ST_PRELOAD"; do
        with "$library" valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program"
        count=$(sed -n 's/.*Collected : //p' "$work/session.err")
        [ "$library" = "$empty" ] && theirs=$count
    done
    ours=$count
    # The preload has names to look up and relocations; an empty library has start files to run.
    no_more instructions 1500
    ;;
starts)
    need strace
    strace -o /dev/null true 2>/dev/null || skip 'strace may not trace here'
    # What is added to a start: the question whether its environ can be read, for each page; without
    # a session a look at the file, with one a few more, once.
    for mechanism in posix_spawn vfork system; do
        system_calls "$empty" "$ST_CASES_BIN/launch" "$mechanism" "$ST_CASES_BIN/quick"
        theirs=$calls
        system_calls "$ST_PRELOAD" "$ST_CASES_BIN/launch" "$mechanism" "$ST_CASES_BIN/quick"
        ours=$calls
        # A command that system() runs is two starts: the shell makes the second one.
        [ "$mechanism" = system ] && limit=34 || limit=16
        no_more "system calls of a first start by $mechanism" "$limit"
    done
    ;;
spawn)
    # The other way round: what libc's posix_spawn() costs, and ours must not.
    need strace
    strace -o /dev/null true 2>/dev/null || skip 'strace may not trace here'
    case $(getconf GNU_LIBC_VERSION) in
    *\ 2.3[4567]) ;;
    *) skip "libc's own is left to do it here" ;;
    esac
    system_calls "$empty" "$ST_CASES_BIN/launch" posix_spawn "$ST_CASES_BIN/quick"
    theirs=$(grep -c rt_sigaction "$work/trace")
    system_calls "$ST_PRELOAD" "$ST_CASES_BIN/launch" posix_spawn "$ST_CASES_BIN/quick"
    ours=$(grep -c rt_sigaction "$work/trace")
    no_more 'signal dispositions looked at or set by posix_spawn' -100
    ;;
*)
    note "unknown: $1"
    exit 2
    ;;
esac
modes_end
