# debug_registers.sh: without the processor's debug registers nobody can see who goes through the
# environment; so nothing is baked, everything starts as ever, and `doctor` says so.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin image.debug_registers
mkdir "$work/cache" && chmod 700 "$work/cache"
unset LD_PRELOAD SPAWN_TEMPLATE SPAWN_TEMPLATE_CACHE
cd "$work" || exit 1

# without ERROR COMMAND...: run it where the debug registers cannot be set.
without() {
    "$ST_CASES_BIN/no_debug_registers" "$@" >"$work/out" 2>"$work/err" </dev/null
}

"${ST_COMMAND:?}" --cache-dir="$work/cache" bake /bin/true >"$work/out" 2>&1 ||
    skip "nothing is baked here: $(cat "$work/out")"
"$ST_COMMAND" --cache-dir="$work/cache" doctor >"$work/out" 2>&1 || wrong 'doctor fails'
grep -q '^ok  *debug registers  *usable$' "$work/out" || wrong "doctor: $(cat "$work/out")"
rm -rf "$work/cache"/*

# The number of EIO, and none.
for error in 5 0; do
    case $error in
    5)
        because="the processor's debug registers cannot be used here: Input/output error"
        found='Input/output error'
        ;;
    0)
        because="the processor's debug registers do not work here"
        found='they have no effect'
        ;;
    esac
    without $error "$ST_COMMAND" --cache-dir="$work/cache" bake /bin/true &&
        wrong "$error: /bin/true was baked"
    grep -qF "no image: $because" "$work/err" || wrong "$error: bake says: $(cat "$work/err")"

    without $error "$ST_COMMAND" --cache-dir="$work/cache" doctor || wrong "$error: doctor fails"
    grep -q "^note  *debug registers  *$found\$" "$work/out" ||
        wrong "$error: doctor says nothing of it: $(cat "$work/out")"
    grep '^note  *engine image ' "$work/out" | grep -qF "cannot be baked: $because" ||
        wrong "$error: doctor does not say why there are no images: $(cat "$work/out")"
    grep -q '^bad ' "$work/out" && wrong "$error: doctor: $(cat "$work/out")"

    # shellcheck disable=SC2016
    without $error "$ST_COMMAND" --cache-dir="$work/cache" --stats="$work/stats" sh -c \
        'for n in 1 2 3 4; do /bin/echo $n; sleep 0.2; done' || wrong "$error: the session failed"
    [ "$(tr '\n' ' ' <"$work/out")" = '1 2 3 4 ' ] || wrong "$error: $(cat "$work/out")"
    grep -q '"image":0' "$work/stats" || grep -q '"image": 0' "$work/stats" ||
        wrong "$error: images were used: $(cat "$work/stats")"
done
modes_end
