# room.sh: a session's images take no more than a quarter of what the disk has for them, and those
# that were not used for longest make room.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin image.room
# shellcheck source=image.sh
. "$ST_CASES_SRC/image/image.sh"
[ "$all_modes" != again ] || skip 'only with the preload'
[ "${ST_CASES_NO_KERNEL:-0}$(id -u)" = 00 ] || skip 'not in a namespace of its own'

# A disk of its own for the images; the mount ends with the test's namespace.
disk=$((16 << 20))
bound=$((disk / 4))
image_session
mkdir -p "$work/cache/images"
image_session_end
mount -t tmpfs -o "size=$disk,mode=0700" none "$work/cache/images" || skip 'nothing can be mounted here'
exec_in image "$ST_CASES_BIN/session" serve "$work/cache" "$ST_SERVICE" </dev/null >/dev/null 2>&1 &
image_service=$!

mkdir "$work/dir"
image_compile "$work/dir/libword.so" fresh.c -shared -fPIC -DLIBRARY '-DWORD="word"'
image_compile "$work/dir/program" fresh.c -DVERSION='"program"' "-L$work/dir" -lword \
    "-Wl,-rpath,$work/dir"

# used: bytes of all images.
used() {
    find "$work/cache/images" -type f -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }'
}

# is_image N: whether a start of program N is from an image.
is_image() {
    image_start "$work/dir/$1/program"
    [ "$(cat "$work/image.tell")" = image ]
}

# Number 1 is used all the time, number 2 only at first.
programs=24
for n in $(seq $programs); do
    mkdir "$work/dir/$n"
    cp "$work/dir/program" "$work/dir/$n/program"
    for _ in 1 2 3 4 5 6; do
        image_start "$work/dir/$n/program"
    done
    image_wait 60 baked "$n" || wrong "number $n is not baked"
    is_image "$n" || wrong "number $n has just been baked, and is not used"
    is_image 1 || wrong "after $n: number 1 was used a moment ago, and has made room"
    now=$(used)
    [ "$now" -le "$bound" ] || wrong "after $n: $now bytes"
    [ "$n" != 2 ] || first=$now
done
[ "$now" -gt "$((bound - first))" ] || wrong "only $now of $bound bytes are used"
[ "$((programs * first / 2))" -gt "$bound" ] || wrong 'there was room for all'
# What has no image any more starts as ever, and is not taken for stale.
is_image 2 && wrong 'number 2 was used last of all, and is there still'
[ "$(cat "$work/image.status")" = 1 ] || wrong "number 2: status $(cat "$work/image.status")"
[ "$(image_counted stale)" = 0 ] || wrong "$(image_counted stale) are stale"
note "$(find "$work/cache/images" -type f | wc -l) of $programs images are left, $now bytes"

# A disk with less room than for one image: nothing is baked, nothing fails.
image_session_end
umount "$work/cache/images"
mount -t tmpfs -o size=1m,mode=0700 none "$work/cache/images" || skip 'no second mount'
exec_in image "$ST_CASES_BIN/session" serve "$work/cache" "$ST_SERVICE" </dev/null >/dev/null 2>&1 &
image_service=$!
mkdir "$work/dir/other"
cp "$work/dir/program" "$work/dir/other/program"
for _ in 1 2 3 4 5 6 7 8; do
    image_check 'no room' native "$work/dir/other/program"
done
sleep 0.5
[ "$(used)" = 0 ] || wrong "$(used) bytes where there is no room"
image_check 'still no room' native "$work/dir/other/program"
image_session_end
umount "$work/cache/images"
modes_end
