# debug.sh gdb|core|perf: tools that look at a process from outside name its functions as they do
# natively.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin "image.debug_$1"
# shellcheck source=image.sh
. "$ST_CASES_SRC/image/image.sh"
[ "$all_modes" != again ] || skip 'only with the preload'
program=$work/target
image_compile "$program" debug_target.c -g
image_session
image_start "$program" work
"$ST_CASES_BIN/session" bake "$work/cache" || exit 1
launch=$ST_CASES_BIN/launch

# functions FILE: those of a backtrace, one a line, without addresses and the places in libc's source.
functions() {
    sed -n 's/^#[0-9]* *\(0x[0-9a-f]* in \)\{0,1\}\([a-zA-Z_?][a-zA-Z0-9_?]*\).*/\2/p' "$1"
}

# same_functions: natively and from the image, and some that must be among them.
same_functions() {
    for mode in native image; do
        functions "$work/$mode.bt" >"$work/$mode.functions"
    done
    for function in compare_and_stop qsort_r main; do
        grep -q "$function" "$work/native.functions" || skip "natively there is no $function: $(cat "$work/native.bt")"
    done
    [ "$(cat "$work/image.tell")" = image ] || wrong "not resumed: $("$ST_CASES_BIN/session" counts "$work/cache" | tr '\n' ' ')"
    diff -u "$work/native.functions" "$work/image.functions" >&2 || {
        cat "$work/image.bt" >&2
        wrong 'another backtrace'
    }
}

case $1 in
gdb)
    need gdb
    for mode in native image; do
        : >"$work/$mode.tell"
        mkfifo "$work/ready.$mode"
        (modes_environment="ST_TELL=$work/$mode.tell" exec_in $mode "$launch" execve "$program" wait) \
            >"$work/ready.$mode" 2>/dev/null &
        pid=$!
        read -r line <"$work/ready.$mode"
        [ "$line" = ready ] || wrong "$mode: not ready"
        # Of the variable and the arguments too, and of libraries.
        gdb -nx -batch -p "$pid" -ex bt -ex 'print what' -ex 'info sharedlibrary' \
            >"$work/$mode.bt" 2>"$work/$mode.gdb"
        kill "$pid"
        wait "$pid" 2>/dev/null
        # shellcheck disable=SC2016
        grep -q '^\$1 = .*"wait"' "$work/$mode.bt" || wrong "$mode: no variables: $(cat "$work/$mode.gdb")"
        grep -q 'libc.so.6' "$work/$mode.bt" || wrong "$mode: no shared libraries"
    done
    same_functions
    ;;
core)
    need gdb
    case $(cat /proc/sys/kernel/core_pattern) in
    *[/\|]*) skip 'core files do not go to the working directory here' ;;
    esac
    # shellcheck disable=SC3045
    ulimit -c unlimited 2>/dev/null || skip 'no core files here'
    for mode in native image; do
        new_cwd
        image_run $mode "$launch" posix_spawn "$program" crash
        core=$(echo "$work"/cwd/core*)
        [ -f "$core" ] || skip "$mode: no core file"
        gdb -nx -batch "$program" "$core" -ex bt -ex 'print what' -ex 'info sharedlibrary' \
            >"$work/$mode.bt" 2>"$work/$mode.gdb"
        # shellcheck disable=SC2016
        grep -q '^\$1 = .*"crash"' "$work/$mode.bt" || wrong "$mode: no variables: $(cat "$work/$mode.gdb")"
    done
    [ "$(cat "$work/image.status")" = "$(cat "$work/native.status")" ] || wrong 'another exit status'
    same_functions
    ;;
perf)
    need perf
    # -N: else perf makes links to libraries, which changes their ctime and so makes images stale.
    for mode in native image; do
        : >"$work/$mode.tell"
        (modes_environment="ST_TELL=$work/$mode.tell" exec_in $mode perf record -q -N -e cpu-clock -o "$work/$mode.data" \
            "$launch" posix_spawn "$program" work) >/dev/null 2>"$work/$mode.err" ||
            skip "perf does not work here: $(cat "$work/$mode.err")"
        perf report -i "$work/$mode.data" --stdio --sort symbol 2>/dev/null >"$work/$mode.report"
        grep -q compare_and_stop "$work/$mode.report" || {
            grep -v '^#' "$work/$mode.report" | head -n 5 >&2
            [ "$mode" = image ] || skip 'perf names nothing here'
            wrong "$mode: perf does not name the function"
        }
    done
    [ "$(cat "$work/image.tell")" = image ] || wrong "not resumed: $("$ST_CASES_BIN/session" counts "$work/cache" | tr '\n' ' ')"
    ;;
esac
image_session_end
modes_end
