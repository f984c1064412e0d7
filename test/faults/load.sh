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

# load WHAT COUNT COMMAND...: the whole of it, by COMMAND.
load() {
    load_what=$1
    load_count=$2
    shift 2
    rm -rf "$work/targets"
    mkdir "$work/targets"
    # Nicer than the service: 64 callers would leave it nothing at all where the kernel does not
    # share the processors among sessions (sched_autogroup_enabled).
    "$@" nice -n 19 "$ST_CASES_BIN/load" "$load_count" 64 "$pause" "$work/targets" "$base" >"$work/out" 2>"$work/err" ||
        wrong "$load_what: status $?: $(head -n 20 "$work/err")"
    note "$load_what:
$(cat "$work/out")"
}

unset SPAWN_TEMPLATE SPAWN_TEMPLATE_CACHE SPAWN_TEMPLATE_LOG SPAWN_TEMPLATE_STATS \
    SPAWN_TEMPLATE_KERNEL_NR LD_PRELOAD
# One replacement for about 40 starts of each program.
pause=${ST_FAULTS_PAUSE:-80}
# counted WHAT: the first number of that name in the statistics, which is the session's.
counted() {
    sed -n "s/^ *\"$1\": \([0-9]*\),*\$/\1/p" "$work/stats" | head -n 1
}
# The service bakes with what 64 callers leave it of the processors, and its images are stale soon.
# On a machine that is through before there were any, there is nothing to see: again, for longer.
enough=300
for longer in 1 4 16; do
    wanted=$((count * longer))
    load 'with images' "$wanted" "${ST_COMMAND:?}" "--stats=$work/stats" "--cache-dir=$work/xdg" --
    note "$(counted total) starts: $(counted image) from images, $(counted libc) by libc;\
 $(counted baked) baked, $(counted stale) stale"
    [ "$(counted total)" -ge "$wanted" ] || wrong "only $(counted total) starts were counted"
    [ "$(counted image)" -lt $enough ] || break
done
[ "$(counted image)" -ge $enough ] || wrong "only $(counted image) were from images"
[ -z "$(find "$work/xdg" -mindepth 1)" ] || wrong "left behind: $(find "$work/xdg" -mindepth 1)"
"$ST_COMMAND" cache verify --cache-dir="$work/xdg" >"$work/out" || wrong "verify: $(cat "$work/out")"
modes_end
