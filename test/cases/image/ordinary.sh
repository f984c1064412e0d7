# ordinary.sh: the programs that builds start all the time have images, whatever their libraries'
# constructors are not allowed to do.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin image.ordinary
mkdir -m 700 "$work/cache"
unset LD_PRELOAD SPAWN_TEMPLATE SPAWN_TEMPLATE_CACHE
for name in sh bash dash ls cat true rm cp sed grep gawk mawk find xargs git perl python3 make ninja \
    cmake clang clang++ gcc g++ as ld ar; do
    command -v "$name" >/dev/null || continue
    "${ST_COMMAND:?}" --cache-dir="$work/cache" bake "$name" >"$work/out" 2>&1 ||
        wrong "$(cat "$work/out")"
    cat "$work/out"
done
modes_end
