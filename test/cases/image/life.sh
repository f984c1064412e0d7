# life.sh: when the session's service bakes, and when it does not any more.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin image.life
# shellcheck source=image.sh
. "$ST_CASES_SRC/image/image.sh"
[ "$all_modes" != again ] || skip 'only with the preload'

dir=$work/dir
mkdir -p "$dir"
for word in one two three; do
    image_compile "$work/$word.so" fresh.c -shared -fPIC -DLIBRARY "-DWORD=\"$word\"" \
        -Wl,-soname,libword.so
done
cp "$work/one.so" "$dir/libword.so"
image_compile "$dir/program" fresh.c -DVERSION='"program"' "-L$dir" -lword "-Wl,-rpath,$dir"
program=$dir/program

# start_until WHAT NUMBER WORD: start it now and then, until that was counted.
start_until() {
    start_tries=100
    until [ "$(image_counted "$1")" -ge "$2" ] 2>/dev/null; do
        image_check "until $1 $2" either "$program"
        grep -q "$3" "$work/image.out" || wrong "until $1 $2: not $3"
        start_tries=$((start_tries - 1))
        [ "$start_tries" -gt 0 ] || { wrong "no $1 $2"; break; }
        sleep 0.1
    done
}

# What lies in a user's directories has an image after six starts, ...
image_session
for n in 1 2 3 4 5; do
    image_start "$program"
done
sleep 0.3
[ "$(image_counted baked)" = 0 ] || wrong 'baked too soon'
image_start "$program"
image_wait 60 baked 1 || wrong 'not baked after six starts'
image_check 'after six starts' image "$program"

# ... is looked at when it has changed, and baked again once.
cp "$work/two.so" "$dir/new"
mv "$dir/new" "$dir/libword.so"
image_check 'a library was replaced' native "$program"
start_until stale 1 two
start_until baked 2 two
image_check 'baked again' image "$program"
cp "$work/three.so" "$dir/new"
mv "$dir/new" "$dir/libword.so"
start_until stale 2 three
start_until 'fallback stale' 3 three
[ "$(image_counted baked)" = 2 ] || wrong 'baked a third time'
[ "$(image_counted stale)" = 2 ] || wrong "stale $(image_counted stale) times"

# Where other programs are asked for without a pause, it is looked at all the same.
image_session
cp "$work/one.so" "$dir/libword.so"
image_bake "$program"
cp "$work/two.so" "$dir/new"
mv "$dir/new" "$dir/libword.so"
n=0
until=$(($(date +%s) + 30))
while [ "$(image_counted stale)" = 0 ] && [ "$(date +%s)" -lt "$until" ]; do
    n=$((n + 1))
    mkdir "$dir/$n"
    cp "$dir/program" "$dir/$n/program"
    # shellcheck disable=SC2016
    image_run image sh -c 'for _ in 1 2 3 4 5 6; do "$0" posix_spawn "$1"; done' \
        "$ST_CASES_BIN/launch" "$dir/$n/program"
done
[ "$(image_counted stale)" = 1 ] || wrong "not seen to be stale among $n other requests"
note "seen to be stale after $n other requests"

# A target that makes room for others in the index takes its image along.
image_session
image_bake "$program"
"$ST_CASES_BIN/session" crowd "$work/cache" || exit 1
tries=100
while [ -n "$(find "$work/cache/images" -type f)" ] && [ "$tries" -gt 0 ]; do
    image_run image "$ST_CASES_BIN/launch" posix_spawn /bin/true
    tries=$((tries - 1))
    sleep 0.1
done
find "$work/cache/images" -path '*/program' | grep . && wrong 'its image is left'
image_bake "$program"

# Whoever may write to the index cannot keep the service busy with one number: it sees at once that
# its session has ended.
image_session
image_bake "$program"
"$ST_CASES_BIN/session" claim "$work/cache" || exit 1
image_bake "$dir/1/program"
mv "$work/cache" "$work/gone"
rm -rf "$work/gone"
tries=100
while kill -0 "$image_service" 2>/dev/null && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.1
done
[ "$tries" -gt 0 ] || wrong 'a claim of many requests kept the service busy'

# What is installed has one after two.
image_session
installed=$(command -v env)
image_run image "$ST_CASES_BIN/launch" posix_spawn "$installed" true
[ "$(image_counted baked)" = 0 ] || wrong 'baked after one start'
image_run image "$ST_CASES_BIN/launch" posix_spawn "$installed" true
image_wait 60 baked 1 || wrong 'not baked after two starts'

# Two services for one session, one killed while it bakes: no half image is ever used.
image_session
program=$dir/program
for n in 1 2 3 4 5; do
    image_start "$program"
    image_start /bin/sh -c :
    image_start "$(command -v ls)" /dev/null
    (sleep "0.0$n"; kill -KILL "$image_service") 2>/dev/null &
    killer=$!
    image_start "$program"
    wait "$killer" "$image_service" 2>/dev/null
    image_check 'the service was killed' either "$program"
    image_check 'the service was killed' either /bin/sh -c 'echo out; exit 3'
    exec_in image "$ST_CASES_BIN/session" serve "$work/cache" "$ST_SERVICE" </dev/null >/dev/null 2>&1 &
    image_service=$!
done
"$ST_CASES_BIN/session" bake "$work/cache" || exit 1
image_check 'after all that' image "$program"
find "$work/cache/images" -name '.unfinished' | grep . && wrong 'half an image is left'
image_session_end
modes_end
