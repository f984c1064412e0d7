# renew.sh: a copy of code that has lost its large pages gets them back when it is used.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin image.renew
# shellcheck source=image.sh
. "$ST_CASES_SRC/image/image.sh"
[ "$all_modes" != again ] || skip 'only with the preload'

# bake: an image of cat, and with it a copy of libc; leaves $copy, and in $fresh how it is at first.
bake() {
    image_start /bin/cat /dev/null
    "$ST_CASES_BIN/session" bake "$work/cache" || exit 1
    copy=$(find "$work/cache/code" -type f -size +2M -name 'libc*')
    [ -n "$copy" ] || { wrong 'no copy of libc'; modes_end; exit; }
    fresh=$("$work/count" "$copy") || wrong 'cannot count'
    [ "${fresh#* }" -gt 0 ] || skip 'no large pages on this file system'
}

# lose: the same file in small pages, as it is after the page cache has lost it.
lose() {
    cp -p "$copy" "$work/kept"
    chmod 600 "$copy"
    dd if="$work/kept" of="$copy" bs=4k status=none
    touch -r "$work/kept" "$copy"
    chmod 400 "$copy"
    small=$("$work/count" "$copy") || wrong 'cannot count'
    [ "${small#* }" = 0 ] || wrong "lost, but $small"
    inode=$(stat -c %i "$copy")
}

image_compile "$work/count" count_large.c "$ST_CASES_SRC/../../shim/template/image/large.c" \
    "$ST_CASES_SRC/../../shim/template/image/whole.c"
image_session
bake
lose

# While it is not used nothing happens; then it is looked at, at the latest ten seconds after it was
# looked at before.
tries=200
until [ "$(stat -c %i "$copy")" != "$inode" ]; do
    image_check 'until it is renewed' either /bin/cat "$ST_CASES_SRC/image/renew.sh"
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { wrong 'not renewed'; break; }
    sleep 0.1
done
[ "$("$work/count" "$copy")" = "$fresh" ] || wrong "$("$work/count" "$copy"), and $fresh at first"
cmp "$work/kept" "$copy" || wrong 'it is another'
image_start /bin/cat /proc/self/maps
grep -q "$copy" "$work/image.out" || wrong 'the new one is not mapped'
[ "$(find "$work/cache/code" -name '.unfinished')" = '' ] || wrong 'something is left'

# used_for_a_while: so that it is looked at, and nothing comes of that.
used_for_a_while() {
    for _ in $(seq 30); do
        image_check 'until it is looked at' either /bin/cat "$ST_CASES_SRC/image/renew.sh"
        sleep 0.1
    done
    [ "$(stat -c %i "$copy")" = "$inode" ] || wrong "renewed $1"
    image_start /bin/cat /proc/self/maps
    grep -q "$copy" "$work/image.out" || wrong "not mapped any more $1"
    kill -0 "$image_service" || wrong "the service has ended $1"
}

# Not where files may not be so large.
image_session
bake
prlimit --pid "$image_service" --fsize=500000 || wrong 'no limit'
lose
used_for_a_while 'beyond the limit of file sizes'

# Not where a new one would take too much of what the disk has left.
[ "${ST_CASES_NO_KERNEL:-0}$(id -u)" = 00 ] || { modes_end; exit; }
image_session
image_session_end
mkdir -p "$work/cache/code"
mount -t tmpfs -o size=8m,mode=0700 none "$work/cache/code" || { modes_end; exit; }
exec_in image "$ST_CASES_BIN/session" serve "$work/cache" "$ST_SERVICE" </dev/null >/dev/null 2>&1 &
image_service=$!
bake
lose
used_for_a_while 'where there is little room'
image_session_end
umount "$work/cache/code"
modes_end
