# limits.sh: what a command and its session need is not to be had: disk, file size, descriptors,
# memory, processes.  The command runs all the same, as far as it does without us, and nothing is
# left behind.
set -u
# shellcheck source=../cases/lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin faults.limits
[ "$all_modes" != again ] || skip 'only with the preload'
unset SPAWN_TEMPLATE SPAWN_TEMPLATE_CACHE SPAWN_TEMPLATE_LOG SPAWN_TEMPLATE_STATS \
    SPAWN_TEMPLATE_KERNEL_NR LD_PRELOAD
command=${ST_COMMAND:?}
cache=$work/xdg
mkdir "$cache"
cp "$ST_CASES_BIN/starts_target" "$work/target"
# What is run under all of them: 12 starts of one program.
# shellcheck disable=SC2016,SC2089
work_loop='n=0; while [ $n -lt 12 ]; do n=$((n + 1)); "$0" $n; [ $? = 7 ] || exit 1; done; exit 3'
# shellcheck disable=SC2090
export work_loop
seq -f 'ran %.0f' 12 >"$work/expected"

# clean WHAT: no process of the session, and none of its files.
clean() {
    clean_tries=100
    while [ -n "$(find "$cache" -mindepth 1 ! -name boot-\* -path '*/session-*')" ] && [ "$clean_tries" -gt 0 ]; do
        clean_tries=$((clean_tries - 1))
        sleep 0.1
    done
    [ "$clean_tries" -gt 0 ] || wrong "$1: left behind: $(find "$cache" -mindepth 1)"
    find "$cache" -name .unfinished | grep . && wrong "$1: half an image"
}

# under WHAT CODE: the work behind the shell code CODE, natively and in a session; if it can be done
# natively, it can be done.
under() {
    sh -c "$2"' sh -c "$work_loop" "$0"' "$work/target" >"$work/native.out" 2>"$work/native.err"
    native=$?
    sh -c "$2"' "$@"' "$work/target" "$command" --cache-dir="$cache" -- sh -c "$work_loop" "$work/target" \
        >"$work/out" 2>"$work/err"
    status=$?
    if [ $native = 3 ]; then
        counted=$((counted + 1))
        [ $status = 3 ] && cmp -s "$work/out" "$work/expected" ||
            wrong "$1: status $status, $(cat "$work/out" "$work/err")"
    fi
    clean "$1"
}

# all_under WHAT LEAST CODE VALUE...: for each value at %s in the code; at least LEAST must be possible
# natively.
all_under() {
    all_what=$1
    all_least=$2
    all_code=$3
    shift 3
    counted=0
    for value; do
        # shellcheck disable=SC2059
        under "$all_what $value" "$(printf "$all_code" "$value")"
    done
    note "$all_what: $counted of $# are enough for the work natively, and for a session"
    [ "$counted" -ge "$all_least" ] || wrong "$all_what: only $counted of $# are enough natively"
}

all_under 'file size' 6 'ulimit -f %s;' 0 1 8 100 1000 4000 8000
all_under 'descriptors' 8 'ulimit -n %s;' 4 5 6 7 8 9 10 12 16 24
# Below that the command itself cannot be loaded, which has more libraries than the shell.
all_under 'address space in KB' 3 'ulimit -v %s;' 16000 30000 60000 200000
all_under 'data in KB' 3 'ulimit -d %s;' 4000 10000 60000

# bake WHAT CODE: an image is made, or it is said why not; none is half made.
bake() {
    sh -c "$2"' "$@"' sh "$command" bake --cache-dir="$cache" "$work/target" >"$work/out" 2>"$work/err"
    status=$?
    # 153: the shell's word for SIGXFSZ, which a limit of file sizes is announced with.
    case $status in
    0 | 1 | 153) ;;
    *) wrong "bake, $1: status $status, $(cat "$work/out" "$work/err")" ;;
    esac
    [ -s "$work/out" ] || [ -s "$work/err" ] || [ $status = 153 ] || wrong "bake, $1: status $status, not a word"
    find "$cache" -name .unfinished | grep . && wrong "bake, $1: half an image"
    "$command" cache verify --cache-dir="$cache" >"$work/verify" 2>&1 ||
        wrong "bake, $1: verify: $(cat "$work/verify")"
    "$command" --cache-dir="$cache" -- sh -c "$work_loop" "$work/target" >"$work/out" 2>"$work/err"
    [ $? = 3 ] && cmp -s "$work/out" "$work/expected" || wrong "bake, $1: afterwards: $(cat "$work/err")"
    note "bake, $1: status $status, $(find "$cache" -name target -type f | wc -l) images"
    rm -rf "$cache"
    mkdir -m 700 "$cache"
}
for size in 0 100 4200 4400 4800 8000; do
    bake "file size $size" "ulimit -f $size;"
done
for size in 5 7 9 12 20; do
    bake "$size descriptors" "ulimit -n $size;"
done

# unmount: $cache, when the service has ended, which was in the session that is gone.
unmount() {
    unmount_tries=100
    until umount "$cache" 2>"$work/err"; do
        unmount_tries=$((unmount_tries - 1))
        [ "$unmount_tries" -gt 0 ] || { wrong "$(cat "$work/err")"; return 1; }
        sleep 0.1
    done
}

# A disk that is full, or nearly.
if [ "$(id -u)" = 0 ] && [ "${ST_CASES_NO_KERNEL:-0}" = 0 ]; then
    for size in 4k 64k 1m 2m 2200k 2400k 2600k 3m 4m; do
        mount -t tmpfs -o "size=$size,mode=0700" none "$cache" || break
        under "a disk of $size" ''
        "$command" bake --cache-dir="$cache" "$work/target" >"$work/out" 2>"$work/err"
        status=$?
        baked="$status: $(cat "$work/out" "$work/err")"
        [ $status -le 1 ] || wrong "bake on a disk of $size: $baked"
        find "$cache" -name .unfinished | grep . && wrong "bake on a disk of $size: half an image"
        under "a disk of $size, baked" ''
        note "a disk of $size: bake ends with $baked"
        unmount || break
    done
fi

# No further process for this user: the command is executed by the launcher itself.
if [ "$(id -u)" = 0 ] && setpriv --reuid=54321 --clear-groups true 2>/dev/null; then
    place=$(mktemp -d /tmp/spawn-template-limits.XXXXXX) || exit 1
    trap 'rm -rf "$place"' EXIT
    mkdir "$place/bin" "$place/lib" "$place/libexec" "$place/home"
    cp "$command" "$place/bin/"
    cp "$ST_PRELOAD" "$place/lib/"
    cp -R "${ST_SERVICE%/*}" "$place/libexec/"
    chmod -R a+rX "$place"
    chown 54321 "$place/home"
    for processes in 1 2 3 4; do
        setpriv --reuid=54321 --clear-groups prlimit --nproc=$processes env HOME="$place/home" \
            "$place/bin/spawn-template" --cache-dir="$place/home/c" -- sh -c 'echo ran; exit 3' \
            >"$work/out" 2>"$work/err"
        status=$?
        [ "$status $(cat "$work/out")" = '3 ran' ] ||
            wrong "$processes processes: status $status, $(cat "$work/out" "$work/err")"
        [ ! -d "$place/home/c" ] || [ -z "$(find "$place/home/c" -mindepth 1)" ] ||
            wrong "$processes processes: left behind: $(find "$place/home/c" -mindepth 1)"
    done
fi

# A memory cgroup (version 1): where it is exceeded, the kernel takes what bakes first.
group=/sys/fs/cgroup/memory/spawn-template-test-$$
if mkdir "$group" 2>/dev/null && [ -w "$group/memory.limit_in_bytes" ]; then
    for size in 3 4 5 6 8 12 16 32; do
        echo ${size}M >"$group/memory.limit_in_bytes"
        under "a memory cgroup of $size MB" "echo \$\$ >$group/cgroup.procs;"
        note "a memory cgroup of $size MB: natively $native, $(tr '\n' ' ' <"$group/memory.oom_control" 2>/dev/null)"
    done
    rmdir "$group"
else
    note 'no memory cgroup can be made here'
fi
modes_end
