# Other libraries in LD_PRELOAD stay, in their order, when a program has to be started without ours.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin hygiene.order
[ "$all_modes" != again ] || skip 'only with the preload'
need musl-gcc

musl-gcc -O1 -o "$work/program" "$ST_CASES_SRC/hygiene/program.c" || skip 'musl-gcc does not work'
echo 'extern int st_nothing; int st_nothing;' >"$work/empty.c"
for name in a b c; do
    # Any libc's dynamic linker can load these.
    "$CC" -shared -fPIC -nostdlib -o "$work/$name.so" "$work/empty.c" || exit 1
done
# Names that only resemble ours are others'.
cp "$work/a.so" "$work/my_libspawn_template_preload.so"
cp "$work/a.so" "$work/libspawn_template.so"

a=$work/a.so
b=$work/b.so
c=$work/c.so
p=$ST_PRELOAD

# kept GIVEN EXPECTED...: what is left of LD_PRELOAD=GIVEN, as a list; nothing: it is not set.
kept() {
    mode_preload=$1
    shift
    expected=$*
    for mechanism in posix_spawn execve vfork system; do
        in_mode session "$ST_CASES_BIN/launch" "$mechanism" "$work/program"
        [ "$(cat "$work/session.status")" = 5 ] || wrong "$mechanism: $(cat "$work/session.status")"
        [ ! -s "$work/session.err" ] || wrong "$mechanism: $(cat "$work/session.err")"
        # echo makes one line of its words.
        # shellcheck disable=SC2005,SC2046
        found=$(echo $(sed -n 's/^LD_PRELOAD=//p' "$work/session.out" | tr ':' ' '))
        [ "$found" = "$expected" ] || wrong "$mechanism with $mode_preload: '$found'"
        if [ -z "$expected" ] && grep -q '^LD_PRELOAD' "$work/session.out"; then
            wrong "$mechanism with $mode_preload: LD_PRELOAD is still there"
        fi
    done
    unset mode_preload
}

kept "$p"
kept ":$p:"
kept "$p:$p"
kept "$a:$p:$b" "$a" "$b"
kept "$a $p $b" "$a" "$b"
kept "$p:$a" "$a"
kept "$a:$p" "$a"
kept "$p $a" "$a"
kept "$a:$p $b:$c" "$a" "$b" "$c"
kept "$p:$c:$b:$a:$p" "$c" "$b" "$a"
kept "$a::$p::$b" "$a" "$b"
kept "$work/my_libspawn_template_preload.so:$p:$work/libspawn_template.so" \
    "$work/my_libspawn_template_preload.so" "$work/libspawn_template.so"
modes_end
