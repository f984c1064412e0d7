# launcher.sh: every system call of the command itself, and of its service, fails, or is the last of
# its process.  ST_FAULTS_COUNT is the number of cases.
set -u
# shellcheck source=../cases/lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin faults.launcher
[ "$all_modes" != again ] || skip 'only with the preload'
# shellcheck source=fail.sh
. "${ST_FAULTS_SRC:?}/fail.sh"

depth=0
look=$ST_CASES_BIN/starts_target

# COMMAND was not to be had, and that was said.
is_said() {
    [ "$fail_end" != 'exit 0' ] && grep -q '^spawn-template: ' "$work/err"
}

tried() {
    fail_run "$depth" "$1" "$2" "$ST_COMMAND" --cache-dir="$work/xdg" -- "$look" word
    case $fail_end in
    'exit 7') grep -qx 'ran word' "$work/out" || wrong "$fail_what: '$(cat "$work/out")'" ;;
    'signal 9') [ "$2" = KILL ] || wrong "$fail_what: killed" ;;
    *)
        [ ! -s "$work/out" ] || wrong "$fail_what: $fail_end, and it did run"
        [ "$1" -le "$loading" ] || is_said || wrong "$fail_what: $fail_end, $(cat "$work/err")"
        ;;
    esac
    [ "$(grep -c . "$work/out")" -le 1 ] || wrong "$fail_what: ran twice"
    # What is left is swept by the next one: soon, when the last process of it is gone; or, if it
    # looks as if it was just being made, when a minute is over.
    tried_again=50
    until fail_start "$ST_COMMAND" --cache-dir="$work/xdg" -- "$ST_CASES_BIN/launch" posix_spawn "$look" word
        "$ST_COMMAND" cache ls --json --cache-dir="$work/xdg" >"$work/ls" 2>&1
        grep -q '"state": "starting"' "$work/ls" || [ -z "$(find "$work/xdg" -name 'session-*')" ]; do
        tried_again=$((tried_again - 1))
        [ "$tried_again" -gt 0 ] || { fail_left "$work/xdg" 'session-*'; break; }
        sleep 0.1
    done
    rm -rf "$work/xdg"
}

mkdir "$work/xdg"
# Up to here it is ld.so's own business.
fail_run 0 0 EIO "$ST_COMMAND" --version
loading=$fail_count
fail_all
modes_end
