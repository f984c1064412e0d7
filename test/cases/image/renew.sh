# renew.sh: a copy of code that has lost its large pages gets them back when it is used.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin image.renew
# shellcheck source=image.sh
. "$ST_CASES_SRC/image/image.sh"
[ "$all_modes" != again ] || skip 'only with the preload'

image_compile "$work/count" count_large.c "$ST_CASES_SRC/../../shim/template/image/large.c"
image_session
image_start /bin/cat /dev/null
"$ST_CASES_BIN/session" bake "$work/cache" || exit 1
copy=$(find "$work/cache/code" -type f -size +2M -name 'libc*')
[ -n "$copy" ] || { wrong 'no copy of libc'; modes_end; exit; }
fresh=$("$work/count" "$copy") || wrong 'cannot count'
[ "${fresh#* }" -gt 0 ] || skip 'no large pages on this file system'

# As it is after the page cache has lost it: the same file in small pages.
cp -p "$copy" "$work/kept"
chmod 600 "$copy"
dd if="$work/kept" of="$copy" bs=4k status=none
touch -r "$work/kept" "$copy"
chmod 400 "$copy"
small=$("$work/count" "$copy") || wrong 'cannot count'
[ "${small#* }" = 0 ] || wrong "lost, but $small"

# While it is not used nothing happens; then it is looked at, at the latest ten seconds after it was
# looked at before.
inode=$(stat -c %i "$copy")
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
modes_end
