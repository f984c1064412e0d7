# fallback.sh GROUP: where an image cannot be used, a program starts as if there was none.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin "image.fallback_$1"
# shellcheck source=image.sh
. "$ST_CASES_SRC/image/image.sh"
[ "$all_modes" != again ] || skip 'only with the preload'
dir=$work/dir
program=$dir/program
mkdir -p "$dir"
image_compile "$dir/libword.so" fresh.c -shared -fPIC -DLIBRARY '-DWORD="word"'
image_compile "$program" fresh.c -DVERSION='"program"' "-L$dir" -lword "-Wl,-rpath,$dir"

# circumstance WHAT: nothing else than natively; $starts are then natively started, because of
# $reason, unless that is empty; "image" stands for none of that.
circumstance() {
    circumstance_reason=$(image_counted "fallback $reason")
    image_expect "$*" either "$ST_CASES_BIN/circumstance" "$@" -- "$program" argument
    if [ "$(cat "$work/native.status")" = 77 ]; then
        note "$*: not on this machine"
        return
    fi
    [ "$(cat "$work/native.status")" = 0 ] || wrong "$*: natively $(cat "$work/native.err")"
    circumstance_taken=$(grep -c image "$work/image.tell")
    [ "$circumstance_taken" -ge 3 ] || wrong "$*: $circumstance_taken starts were resumed before"
    case $reason in
    image) [ "$circumstance_taken" = 7 ] || wrong "$*: $circumstance_taken of 7 starts were resumed" ;;
    '') ;;
    *)
        [ "$(image_counted "fallback $reason")" -gt "${circumstance_reason:-0}" ] ||
            wrong "$*: not counted as $reason"
        ;;
    esac
}

# Also for other users, and before there is an image of it.
chmod a+x "$work" && chmod -R a+rX "$dir"

# A limit, a filter or another root directory may keep the preload from being loaded.
modes_filter="/^ERROR: ld.so: object '@PRELOAD@' from LD_PRELOAD cannot be preloaded/d"

image_session
image_bake "$program" argument
case $1 in
files)
    [ "${ST_CASES_NO_KERNEL:-0}$(id -u)" = 00 ] || skip 'not in a namespace of its own'
    cache=$work/cache
    # Another directory in its place is not the session's.
    reason=no-image
    circumstance spoil "mount -t tmpfs none $cache"
    reason=failed
    circumstance spoil "mount --bind $cache $cache && mount -o remount,bind,noexec $cache"
    circumstance spoil "mount --bind /dev/null $(echo "$cache"/images/*/program)"
    # The program's directory is another: the image is there, and is of no use.
    reason=
    circumstance run "cp -a $dir $work/copy && mount --bind $work/copy $dir"
    circumstance run "mount --bind $dir $dir && mount -o remount,bind,noexec $dir"

    # With all that the program needs, and the preload.
    mkdir -p "$work/root/tmp" "$work/root$work"
    for file in "$program" "$dir/libword.so" "$ST_PRELOAD" $(ldd "$program" |
        sed -n 's/.*[[:space:]]\(\/[^ ]*\) (0x.*/\1/p'); do
        mkdir -p "$work/root${file%/*}"
        cp "$file" "$work/root$file"
    done
    : >"$work/root$work/image.tell"
    circumstance chroot "$work/root"

    reason=failed
    for spoilt in "chmod 0400 $cache/images/*/program" "rm -f $cache/images/*/program" \
        "rm -rf $cache/images"; do
        image_session
        image_bake "$program" argument
        circumstance spoil "$spoilt"
    done
    # The index is gone with it: nothing can be counted.
    image_session
    image_bake "$program" argument
    image_expect 'no cache' either "$ST_CASES_BIN/circumstance" spoil "rm -rf $cache" -- "$program" argument
    ;;
seccomp)
    # All calls that are made before main(), natively or from the image.
    need strace
    strace -o /dev/null true 2>/dev/null || skip 'strace may not trace here'
    image=$(echo "$work"/cache/images/*/program)
    (exec_in image env -u ST_TELL strace -n -o "$work/trace" "$image" argument) >/dev/null
    (exec_in image env -u ST_TELL strace -n -o "$work/trace.native" "$program" argument) >/dev/null
    numbers_in() {
        sed -n 's/^\[ *\([0-9]*\)\] .*/\1/p' "$1" | sort -un
    }
    numbers_in "$work/trace" >"$work/numbers"
    numbers_in "$work/trace.native" >"$work/numbers.native"
    [ "$(wc -l <"$work/numbers")" -gt 8 ] || wrong 'no system calls found'
    reason=
    while read -r number; do
        for action in EPERM ENOSYS kill; do
            [ "$number" != 59 ] || continue
            circumstance seccomp "$number" "$action"
        done
    done <"$work/numbers"
    # What the image's start calls and the native one does not: a filter that kills for it.
    note "only from images: $(diff "$work/numbers.native" "$work/numbers" | sed -n 's/^> //p' | tr '\n' ' ')"
    ;;
limits)
    # Where there is no memory to load a program, what ld.so gets to first depends on what it has to load.
    modes_filter="$modes_filter"'
        s/^cannot allocate TLS data structures for initial thread$/ld.so: no memory/
        s/^[^ ]*: error while loading shared libraries: .*: Cannot allocate memory$/ld.so: no memory/'
    # RLIMIT_DATA, RLIMIT_STACK and RLIMIT_AS have the numbers 2, 3 and 9.
    reason=limits
    for size in 0 100000 1000000 10000000 100000000000; do
        circumstance limit 9 $size
        circumstance limit 2 $size
    done
    # The default size of the stacks of threads comes from it.
    reason=
    for size in 200000 1000000 16000000 unlimited; do
        circumstance limit 3 $size
    done
    # The path of an image is longer than that of its program.
    image_compile "$dir/quick" race_target.c -DSTATUS=0
    image_bake "$dir/quick"
    failed=$(image_counted 'fallback failed')
    image_expect 'as many arguments as there can be' either "$ST_CASES_BIN/e2big" "$dir/quick"
    [ "$(image_counted 'fallback failed')" -gt "${failed:-0}" ] || wrong 'the longer path was never too long'
    reason=image
    circumstance nothing
    # RLIMIT_NOFILE, RLIMIT_CORE, RLIMIT_FSIZE
    circumstance limit 7 500
    circumstance limit 4 0
    reason=
    for n in 0 1 2 3 4 5; do
        circumstance limit 7 $n
    done
    circumstance full
    ;;
identity)
    [ "$(id -u)" = 0 ] || skip 'not root'
    reason=
    for who in 'uid 65534 65534' 'euid 65534 65534' 'uid 0 65534' 'euid 0 65534' groups privileges protect; do
        # shellcheck disable=SC2086
        circumstance $who
    done
    # ADDR_NO_RANDOMIZE, ADDR_COMPAT_LAYOUT, READ_IMPLIES_EXEC, ADDR_LIMIT_3GB, ADDR_LIMIT_32BIT,
    # MMAP_PAGE_ZERO, all together
    for flags in 0x40000 0x200000 0x400000 0x8000000 0x800000 0x100000 0x640000; do
        circumstance personality $flags
    done
    ;;
traced)
    need strace
    strace -o /dev/null true 2>/dev/null || skip 'strace may not trace here'
    image_expect 'traced' native strace -f -o "$work/trace" -e trace=execve \
        "$ST_CASES_BIN/launch" posix_spawn "$program" argument
    grep -q "execve(\"$program\"" "$work/trace" || wrong 'strace does not see the program'
    grep -q "$work/cache" "$work/trace" && wrong 'strace sees the image'
    "$ST_CASES_BIN/session" counts "$work/cache" | grep -q '^fallback traced ' ||
        wrong 'not counted as traced'
    image_check 'not traced' image "$program" argument
    ;;
esac
image_session_end
modes_end
