# race.sh: a program, or one of its libraries, is replaced while it is started many hundred times.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin image.race
# shellcheck source=image.sh
. "$ST_CASES_SRC/image/image.sh"
[ "$all_modes" != again ] || skip 'only with the preload'
mkdir "$work/dir"
place=$work/dir/place

# race WHAT STARTS LEAST HOW ONE TWO PROGRAM: at least LEAST starts are from an image.
race() {
    image_expect "$1" either "$ST_CASES_BIN/race" "$4" "$2" "$place" "$5" "$6" "$7"
    race_taken=$(grep -c image "$work/image.tell")
    note "$1: $race_taken of $(grep -c . "$work/image.tell") from an image"
    [ "$race_taken" -ge "$3" ] || wrong "$1: too few starts from an image"
    [ "$(cat "$work/native.status")" = 0 ] || wrong "$1: native: $(cat "$work/native.err")"
    grep -q 'some met one' "$work/image.out" || wrong "$1: there was no race"
    rm "$place"
}

# bake_now PROGRAM: the service stays out of it afterwards: it would take away what it sees stale,
# and here every single start is to find out for itself.
bake_now() {
    kill -CONT "$image_service"
    image_start "$1"
    "$ST_CASES_BIN/session" bake "$work/cache" || exit 1
    kill -STOP "$image_service"
}

image_session
image_compile "$work/one" race_target.c -DSTATUS=11
image_compile "$work/two" race_target.c -DSTATUS=12
# Each copy is another file, which has no image yet when it is gone again.
race 'the program is replaced' 300 0 rename "$work/one" "$work/two" "$place"

for file in one two; do
    ln -sf "$work/$file" "$place"
    bake_now "$place"
done
race 'a link to the program is switched' 800 300 link "$work/one" "$work/two" "$place"

image_compile "$work/one.so" race_target.c -shared -fPIC -DLIBRARY -DSTATUS=11 -Wl,-soname,place
image_compile "$work/two.so" race_target.c -shared -fPIC -DLIBRARY -DSTATUS=12 -Wl,-soname,place
image_compile "$work/linked" race_target.c "$work/one.so" "-Wl,-rpath,$work/dir"
ln -s "$work/one.so" "$place"
bake_now "$work/linked"
race 'a library is replaced' 800 150 link "$work/one.so" "$work/two.so" "$work/linked"
kill -CONT "$image_service"
image_session_end
modes_end
