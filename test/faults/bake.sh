# bake.sh: every system call that baking makes fails, or is the last of its process.
# ST_FAULTS_COUNT is the number of cases.
set -u
# shellcheck source=../cases/lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin faults.bake
[ "$all_modes" != again ] || skip 'only with the preload'
# shellcheck source=fail.sh
. "${ST_FAULTS_SRC:?}/fail.sh"

# The command, the program that bakes, its child; not the program that is baked.
depth=2
look=$ST_CASES_BIN/starts_target

# bake_one: bake and start it; what came of it is looked at afterwards, when nothing fails.
tried() {
    fail_run "$depth" "$1" "$2" "$ST_COMMAND" bake --cache-dir="$work/xdg" "$look"
    # It is there or not, and if it is there it is whole.
    [ ! -d "$work/xdg" ] || "$ST_COMMAND" cache verify --cache-dir="$work/xdg" >"$work/verify" 2>&1 ||
        [ "$2" = KILL ] || wrong "$fail_what: verify: $(cat "$work/verify")"
    fail_start "$ST_COMMAND" --cache-dir="$work/xdg" --stats="$work/stats" -- \
        "$ST_CASES_BIN/launch" posix_spawn "$look" word
    # What was left behind is gone when it is baked again, and then it is good.
    "$ST_COMMAND" bake --cache-dir="$work/xdg" "$look" >"$work/again" 2>&1 ||
        wrong "$fail_what: again: $(cat "$work/again")"
    "$ST_COMMAND" cache verify --cache-dir="$work/xdg" >"$work/verify" 2>&1 ||
        wrong "$fail_what: verify again: $(cat "$work/verify")"
    fail_left "$work/xdg" '*.unfinished'
    fail_start "$ST_COMMAND" --cache-dir="$work/xdg" --stats="$work/stats" -- \
        "$ST_CASES_BIN/launch" posix_spawn "$look" word
    grep -q '"image": 1,' "$work/stats" || wrong "$fail_what: baked again, and not used"
    rm -rf "$work/xdg"
}

mkdir "$work/xdg"
fail_all
modes_end
