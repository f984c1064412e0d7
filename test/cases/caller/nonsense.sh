# Whatever our variables hold: a program is started as it is natively, and nobody says a word.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin caller.nonsense
[ "$all_modes" != again ] || skip 'only with the preload'
launch=$ST_CASES_BIN/launch
show=$ST_CASES_BIN/show
mkdir "$work/cwd" "$work/directory" "$work/private" "$work/away"
mkfifo "$work/fifo" "$work/private/index"
chmod 600 "$work/private/index"
chmod 700 "$work/private"
ln -s loop "$work/loop"
ln -s "$work/away/made" "$work/nowhere"
long=$(printf '/%05000d' 0)
huge=$(printf '%0100000d' 0)
binary=$(printf '\001\377\033[2J\200 \\ \047 "')

# start MODE VARIABLE=VALUE...: by three mechanisms; leaves $work/MODE.out and .err.
start() {
    start_mode=$1
    start_library=
    [ "$1" = native ] || start_library=$ST_PRELOAD
    shift
    (
        cd "$work/cwd" || exit 1
        for start_how in posix_spawn execvp system; do
            # What hangs must end.
            timeout 60 env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="$work/home" LC_ALL=C \
                LD_PRELOAD="$start_library" "$@" "$launch" $start_how "$show" one
            echo "status $?"
        done
    ) </dev/null >"$work/$start_mode.out" 2>"$work/$start_mode.err"
}

# check VARIABLE=VALUE...: the same as without us.
check() {
    start native "$@"
    start bare "$@"
    cmp -s "$work/native.out" "$work/bare.out" && cmp -s "$work/native.err" "$work/bare.err" || {
        wrong "with $(printf '%.100s ' "$@")"
        diff -u "$work/native.out" "$work/bare.out" >&2
        diff -u "$work/native.err" "$work/bare.err" >&2
    }
}

check NOTHING=
[ "$(grep -c 'status 0' "$work/native.out")" = 3 ] || wrong 'the programs do not run natively'
for variable in '' _CACHE _KERNEL_NR _LOG _STATS; do
    for value in '' = ' ' auto AUTO offf kernel image / // . .. relative ../.. %s%n%s '*' \
        /dev/null /dev/full /dev/zero /proc/self /proc/self/mem /no/such/place/session-1-abcdef \
        "$work/fifo" "$work/loop" "$work/directory" "$work/private" "$work/nowhere/deeper" \
        "$long" "$work$long" "$huge" "$binary" \
        ',' 0,0 -1,-1 1,2 57,58 472,231 60,60 472,473 4095,463 99999999999999999999,1; do
        check "SPAWN_TEMPLATE$variable=$value"
    done
done
# All at once, and what only looks like ours.
check "SPAWN_TEMPLATE=$huge" "SPAWN_TEMPLATE_CACHE=$binary" "SPAWN_TEMPLATE_LOG=$huge" \
    "SPAWN_TEMPLATE_KERNEL_NR=$huge" "SPAWN_TEMPLATE_STATS=$binary"
check SPAWN_TEMPLATEX=off SPAWN_TEMPLATE_=off SPAWN_TEMPLATE_CACHED=/ SPAWN_TEMPLATE__LOG=/x
check XDG_RUNTIME_DIR="$binary" XDG_CACHE_HOME="$huge" HOME="$work/fifo"
check XDG_RUNTIME_DIR=relative XDG_CACHE_HOME="$long" HOME=

# Nothing was made where it could have been, but what a log was asked for.
find "$work/cwd" "$work/directory" "$work/away" -mindepth 1 >"$work/made"
[ ! -s "$work/made" ] || wrong "something was made: $(cat "$work/made")"
modes_end
