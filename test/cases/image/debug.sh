# debug.sh gdb|core|perf: what tools that look at a process from outside can tell of it.  They find
# the libraries and name their functions; those of the program itself they look for in the image, in
# vain.
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
        gdb -nx -batch -p "$pid" -ex bt -ex 'info sharedlibrary' \
            >"$work/$mode.bt" 2>"$work/$mode.gdb"
        kill "$pid"
        wait "$pid" 2>/dev/null
        grep -q 'pause' "$work/$mode.bt" || wrong "$mode: a function of libc is not named: $(cat "$work/$mode.gdb")"
        grep -q 'libc.so.6' "$work/$mode.bt" || wrong "$mode: no shared libraries"
    done
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
        gdb -nx -batch -c "$core" -ex 'info sharedlibrary' >"$work/$mode.bt" 2>"$work/$mode.gdb"
        grep -q 'libc.so.6' "$work/$mode.bt" || wrong "$mode: no shared libraries: $(cat "$work/$mode.gdb")"
    done
    [ "$(cat "$work/image.status")" = "$(cat "$work/native.status")" ] || wrong 'another exit status'
    ;;
perf)
    need perf
    # -N: else perf makes links to libraries, which changes their ctime and so makes images stale.
    for mode in native image; do
        : >"$work/$mode.tell"
        (modes_environment="ST_TELL=$work/$mode.tell" exec_in $mode perf record -q -N -e cpu-clock -o "$work/$mode.data" \
            "$launch" posix_spawn "$program" work) >/dev/null 2>"$work/$mode.err" ||
            skip "perf does not work here: $(cat "$work/$mode.err")"
        perf report -i "$work/$mode.data" --stdio --sort dso 2>/dev/null >"$work/$mode.report"
        grep -q "[0-9]%  *target" "$work/$mode.report" || {
            grep -v '^#' "$work/$mode.report" | head -n 5 >&2
            [ "$mode" = image ] || skip 'perf names nothing here'
            wrong "$mode: perf does not name the program"
        }
    done
    ;;
esac
[ "$(cat "$work/image.tell")" = image ] || wrong "not resumed: $("$ST_CASES_BIN/session" counts "$work/cache" | tr '\n' ' ')"
image_session_end
modes_end
