# kills.sh: processes of every kind are killed at random.  ST_FAULTS_COUNT is the number of kills.
set -u
# shellcheck source=../cases/lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin faults.kills
[ "$all_modes" != again ] || skip 'only with the preload'
unset SPAWN_TEMPLATE SPAWN_TEMPLATE_CACHE SPAWN_TEMPLATE_LOG SPAWN_TEMPLATE_STATS \
    SPAWN_TEMPLATE_KERNEL_NR LD_PRELOAD

# Each is baked by itself.
mkdir "$work/dir" "$work/xdg"
set --
for n in 1 2 3 4 5 6 7 8; do
    cp "$ST_CASES_BIN/starts_target" "$work/dir/target$n"
    set -- "$@" "$work/dir/target$n"
done
"$ST_CASES_BIN/kills" "${ST_FAULTS_COUNT:-60}" "${ST_COMMAND:?}" "$work/xdg" "$work/shared" "$@" \
    >"$work/out" 2>"$work/err" || wrong "status $?: $(head -n 30 "$work/err")"
cat "$work/out" >&2

# What looks as if it was just being made, or removed, is left for a minute, and swept then.
if [ -n "$(find "$work/xdg" -mindepth 1)" ] && [ -n "${ST_FAULTS_COUNT:-}" ]; then
    note "left for a minute: $(find "$work/xdg" -mindepth 1)"
    sleep 61
    "$ST_COMMAND" --cache-dir="$work/xdg" true
    [ -z "$(find "$work/xdg" -mindepth 1)" ] || wrong "never swept: $(find "$work/xdg" -mindepth 1)"
fi
modes_end
