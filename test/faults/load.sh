# load.sh: 64 callers start programs that are replaced all the while.  ST_FAULTS_COUNT is the number
# of starts.
set -u
# shellcheck source=../cases/lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin faults.load
[ "$all_modes" != again ] || skip 'only with the preload'
count=${ST_FAULTS_COUNT:-6000}
base=$work/base
mkdir "$base" "$work/targets" "$work/xdg"

compile() {
    "$CC" -O1 -o "$@" || { note "cannot compile $1"; exit 1; }
}
target=${ST_FAULTS_SRC:?}/load_target.c
compile "$base/target" "$target"
compile "$base/libversion.so" "$target" -shared -fPIC -DLIBRARY -Wl,-soname,libversion.so
# shellcheck disable=SC2016
compile "$base/linked" "$target" -DLINKED "$base/libversion.so" '-Wl,-rpath,$ORIGIN'

# load WHAT COMMAND...: the whole of it, by COMMAND.
load() {
    load_what=$1
    shift
    rm -rf "$work/targets"
    mkdir "$work/targets"
    "$@" "$ST_CASES_BIN/load" "$count" 64 "$pause" "$work/targets" "$base" >"$work/out" 2>"$work/err" ||
        wrong "$load_what: status $?: $(head -n 20 "$work/err")"
    note "$load_what:
$(cat "$work/out")"
}

unset SPAWN_TEMPLATE SPAWN_TEMPLATE_CACHE SPAWN_TEMPLATE_LOG SPAWN_TEMPLATE_STATS \
    SPAWN_TEMPLATE_KERNEL_NR LD_PRELOAD
# One replacement for about 40 starts of each program.
pause=${ST_FAULTS_PAUSE:-80}
load 'with images' "${ST_COMMAND:?}" "--stats=$work/stats" "--cache-dir=$work/xdg" --
# counted WHAT: the first number of that name in the statistics, which is the session's.
counted() {
    sed -n "s/^ *\"$1\": \([0-9]*\),*\$/\1/p" "$work/stats" | head -n 1
}
note "$(counted total) starts: $(counted image) from images, $(counted libc) by libc;\
 $(counted baked) baked, $(counted stale) stale"
[ "$(counted total)" -ge "$count" ] || wrong "only $(counted total) starts were counted"
[ "$(counted image)" -ge "$((count / 10))" ] || wrong "only $(counted image) were from images"
[ -z "$(find "$work/xdg" -mindepth 1)" ] || wrong "left behind: $(find "$work/xdg" -mindepth 1)"
"$ST_COMMAND" cache verify --cache-dir="$work/xdg" >"$work/out" || wrong "verify: $(cat "$work/out")"
modes_end
