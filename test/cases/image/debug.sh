# debug.sh gdb|core|perf: what tools that look at a process from outside can tell of it: all that they
# tell of one that was started natively.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin "image.debug_$1"
# shellcheck source=image.sh
. "$ST_CASES_SRC/image/image.sh"
[ "$all_modes" != again ] || skip 'only with the preload'
launch=$ST_CASES_BIN/launch
case $1 in
perf) need perf ;;
*) need gdb ;;
esac

# target NAME FLAG...: a program and its image, in a new session: $work/NAME/target.
target() {
    name=$1
    shift
    mkdir -p "$work/$name"
    program=$work/$name/target
    image_compile "$work/$name/libdebug.so" debug_library.c -O2 -fPIC -shared
    image_compile "$program" debug_target.c -O2 "$@" -L"$work/$name" -ldebug -Wl,-rpath,"$work/$name"
    image_session
    : >"$work/bake.tell"
    image_start "$program" none
    "$ST_CASES_BIN/session" bake "$work/cache" || exit 1
    image=$(echo "$work"/cache/images/*/target)
    [ -x "$image" ] || wrong "$name: no image"
}

# functions FILE: what gdb calls the functions of a backtrace, from the innermost.
functions() {
    sed '1,/^backtrace$/d' "$1" | sed -n 's/^#[0-9]* *\(0x[0-9a-f]* in \)\{0,1\}\([^ ]*\) .*/\2/p'
}

# same_backtrace WHAT FUNCTION...: both modes have the same, and these in this order.
same_backtrace() {
    same_what=$1
    shift
    for mode in native image; do
        functions "$work/$mode.bt" >"$work/$mode.functions"
        for function; do
            echo "$function"
        done >"$work/expected"
        # Of registers that gdb does not know in full it says so in either mode.
        ! grep -v 'reg-xstate' "$work/$mode.gdb" | grep -q -i '^warning.*section' ||
            wrong "$same_what, $mode: $(cat "$work/$mode.gdb")"
        grep -F -x -f "$work/expected" "$work/$mode.functions" | cmp -s - "$work/expected" ||
            wrong "$same_what, $mode: not the functions of the program: $(cat "$work/$mode.bt" "$work/$mode.gdb")"
    done
    cmp -s "$work/native.functions" "$work/image.functions" ||
        wrong "$same_what: another backtrace: $(cat "$work/native.bt" "$work/image.bt")"
}

resumed() {
    [ "$(cat "$work/image.tell")" = image ] ||
        wrong "$name: not resumed: $("$ST_CASES_BIN/session" counts "$work/cache" | tr '\n' ' ')"
}

# attach WHAT ARGUMENT...: gdb to a process of each mode, which waits; leaves $work/MODE.bt and .gdb.
attach() {
    attach_what=$1
    shift
    for mode in native image; do
        : >"$work/$mode.tell"
        rm -f "$work/ready"
        mkfifo "$work/ready"
        (modes_environment="ST_TELL=$work/$mode.tell" exec_in $mode "$launch" execve "$program" wait) \
            >"$work/ready" 2>/dev/null &
        pid=$!
        read -r line <"$work/ready"
        [ "$line" = ready ] || wrong "$attach_what, $mode: not ready"
        gdb -nx -batch "$@" -p "$pid" -ex 'echo backtrace\n' -ex bt -ex 'info sharedlibrary' -ex 'print (int)visits' \
            >"$work/$mode.bt" 2>"$work/$mode.gdb" </dev/null
        kill "$pid"
        wait "$pid" 2>/dev/null
        grep -q 'libc.so.6' "$work/$mode.bt" || wrong "$attach_what, $mode: no shared libraries"
        grep -q '^[$]1 = 42' "$work/$mode.bt" || wrong "$attach_what, $mode: no variables"
    done
    resumed
}

# crash: leaves $work/MODE.core.
crash() {
    for mode in native image; do
        new_cwd
        image_run $mode "$launch" posix_spawn "$program" crash
        core=$(echo "$work"/cwd/core*)
        [ -f "$core" ] || skip "$mode: no core file"
        mv "$core" "$work/$mode.core"
    done
    [ "$(cat "$work/image.status")" = "$(cat "$work/native.status")" ] || wrong "$name: another exit status"
    resumed
}

# read_cores NATIVE IMAGE: with gdb and these files for programs.
read_cores() {
    gdb -nx -batch "$1" -c "$work/native.core" -ex 'echo backtrace\n' -ex bt -ex 'print (int)visits' \
        >"$work/native.bt" 2>"$work/native.gdb" </dev/null
    gdb -nx -batch "$2" -c "$work/image.core" -ex 'echo backtrace\n' -ex bt -ex 'print (int)visits' \
        >"$work/image.bt" 2>"$work/image.gdb" </dev/null
    for mode in native image; do
        grep -q '^[$]1 = 42' "$work/$mode.bt" || wrong "$name, $mode: no variables in the core file"
    done
}

# profile FUNCTION...: perf names them all.
profile() {
    # -N: else perf makes links to libraries, which changes their ctime and so makes images stale.
    for mode in native image; do
        : >"$work/$mode.tell"
        (modes_environment="ST_TELL=$work/$mode.tell" exec_in $mode perf record -q -N -e cpu-clock -o "$work/$mode.data" \
            "$launch" posix_spawn "$program" work) >/dev/null 2>"$work/$mode.err" ||
            skip "perf does not work here: $(cat "$work/$mode.err")"
        perf report -i "$work/$mode.data" --stdio --sort dso,sym 2>/dev/null | grep -v '^#' >"$work/$mode.report"
        grep -q '[0-9]%' "$work/$mode.report" || skip "$mode: perf reports nothing here"
        for function in "$@"; do
            grep -q "[0-9]%.*\[\.\] $function *\$" "$work/$mode.report" || {
                head -n 8 "$work/$mode.report" >&2
                wrong "$name, $mode: perf does not name $function"
            }
        done
    done
    resumed
}

case $1 in
gdb)
    own='show compare_numbers main'
    target plain
    attach 'the process'
    # shellcheck disable=SC2086
    same_backtrace 'the process' $own
    grep -q 'pause' "$work/image.functions" || wrong 'a function of libc is not named'
    attach 'the process and the program' "$program"
    # shellcheck disable=SC2086
    same_backtrace 'the process and the program' $own
    # What the image does not hold, the program does.
    target debug -g
    attach 'with debugging information'
    # shellcheck disable=SC2086
    same_backtrace 'with debugging information' $own
    for mode in native image; do
        grep -q ' show () at .*debug_target[.]c:[0-9]' "$work/$mode.bt" || wrong "$mode: no line numbers"
    done
    target fixed -no-pie
    attach 'at fixed addresses' "$program"
    # shellcheck disable=SC2086
    same_backtrace 'at fixed addresses' $own
    target bulk -DBULK
    attach 'of much code'
    # shellcheck disable=SC2086
    same_backtrace 'of much code' $own
    # Through frames without a name.
    target bare -DBULK -rdynamic -s
    attach 'stripped'
    same_backtrace 'stripped' compare_numbers main
    ;;
core)
    case $(cat /proc/sys/kernel/core_pattern) in
    *[/\|]*) skip 'core files do not go to the working directory here' ;;
    esac
    # shellcheck disable=SC3045
    ulimit -c unlimited 2>/dev/null || skip 'no core files here'
    for flags in -O2 -g -DBULK -no-pie; do
        target "core$flags" "$flags"
        crash
        read_cores "$program" "$image"
        same_backtrace "a core file, $flags" show compare_numbers main
    done
    # The addresses are those of the program.
    read_cores "$program" "$program"
    same_backtrace 'a core file and the program' show compare_numbers main
    for mode in native image; do
        gdb -nx -batch -c "$work/$mode.core" -ex 'info sharedlibrary' >"$work/$mode.bt" 2>"$work/$mode.gdb"
        grep -q 'libc.so.6' "$work/$mode.bt" || wrong "$mode: no shared libraries: $(cat "$work/$mode.gdb")"
    done
    ;;
perf)
    for flags in -O2 -no-pie -DBULK; do
        target "perf$flags" "$flags"
        profile program_work library_work
    done
    ;;
esac
image_session_end
modes_end
