# properties.sh: what a program finds natively, it finds when it is resumed.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin image.properties
# shellcheck source=image.sh
. "$ST_CASES_SRC/image/image.sh"
[ "$all_modes" != again ] || skip 'only with the preload'
# A name of more than 15 bytes.
program=$work/properties-with-a-long-name
image_compile "$work/libproperty.so" property_library.c -shared -fPIC -fexceptions -Wl,-soname,libproperty.so
image_compile "$work/plugin.so" property_library.c -shared -fPIC -DPLUGIN "$ST_CASES_SRC/lib/case.c"
image_compile "$program" properties.c "$ST_CASES_SRC/lib/case.c" -rdynamic "-L$work" -lproperty \
    "-Wl,-rpath,$work" -ldl -lpthread
# The same, linked to fixed addresses.
image_compile "$program.fixed" properties.c "$ST_CASES_SRC/lib/case.c" -rdynamic -no-pie -fno-pie \
    "-L$work" -lproperty "-Wl,-rpath,$work" -ldl -lpthread

image_session
for one in "$program" "$program.fixed"; do
    how=image
    # Its main() is where it is natively.
    [ "$one" = "$program" ] || how=native
    image_start "$one" "$work/plugin.so"
    "$ST_CASES_BIN/session" bake "$work/cache" || exit 1
    before=$(image_counted image)
    image_check "$one" $how "$one" "$work/plugin.so"
    image_check 'with more arguments' $how "$one" "$work/plugin.so" two three
    image_expect 'without randomization' $how setarch -R "$one" "$work/plugin.so"
    image_expect 'by another name' $how "$ST_CASES_BIN/spawn_as" "-odd name" "$one" "$work/plugin.so"
    for size in 500 1500 16384 unlimited; do
        image_expect "stack limit $size" either sh -c "ulimit -S -s $size; exec \"\$@\"" sh "$one" "$work/plugin.so"
    done
    [ "$(wc -l <"$work/native.out")" -gt 60 ] || wrong "natively it fails: $(cat "$work/native.err")"
    [ "$(image_counted image)" -ge "$((before + 4))" ] || wrong "$one: not from an image"
done

# With a heap that a constructor has begun.  The kernel's is another one, somewhere above: what
# belongs to which can be seen in /proc/self/maps, mallinfo() counts the gap, malloc_trim() may stop there.
image_compile "$work/libproperty.so" property_library.c -shared -fPIC -fexceptions -DKEEPS_MEMORY \
    -Wl,-soname,libproperty.so
modes_filter='/is not in the heap$/d; /^malloc: in the heap/d; /^arena /d; /^trim: /d'
image_session
image_bake "$program" "$work/plugin.so"
grep -q '^heap of a constructor: 0 wrong' "$work/image.out" || wrong 'the heap of a constructor'
image_expect 'a heap, without randomization' image setarch -R "$program" "$work/plugin.so"
modes_filter=

if command -v c++ >/dev/null; then
    c++ -shared -fPIC -DLIBRARY -o "$work/libthrows.so" "$ST_CASES_SRC/image/exceptions.cc" &&
        c++ -I"$ST_CASES_SRC/../.." -o "$work/catches" "$ST_CASES_SRC/image/exceptions.cc" "-L$work" -lthrows \
            "-Wl,-rpath,$work" -pthread || exit 1
    image_bake "$work/catches"
    grep -q 'in a thread: x*x built before main' "$work/image.out" || wrong 'nothing was thrown'
fi

# A clock is read without a system call.
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
    image_compile "$work/clock" clock.c
    image_bake "$work/clock"
    image=$(echo "$work"/cache/images/*/clock)
    (exec_in image strace -c -o "$work/trace" "$image") || wrong 'clock failed'
    grep -E 'clock_gettime|gettimeofday|time$' "$work/trace" && wrong 'the vDSO is not used'
    grep -q write "$work/trace" || wrong 'strace has counted nothing'
fi
image_session_end
modes_end
