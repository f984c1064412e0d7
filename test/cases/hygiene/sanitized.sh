# sanitized.sh KIND: the preload in a caller that is under a sanitizer, whose runtime has functions
# of its own in front of libc's.  The caller starts programs in every way: the same as without us.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"

kind=$1
modes_begin "hygiene.sanitized_$kind"
caller=$work/caller

# build COMPILER OPTION...: skip the test where this machine cannot.
build() {
    need "$1"
    "$@" -g -O1 -D_GNU_SOURCE -o "$caller" "$ST_CASES_SRC/caller/launch.c" \
        "$ST_CASES_SRC/lib/case.c" 2>"$work/build" || skip "cannot build: $(head -n 3 "$work/build")"
}

case $kind in
asan)
    build gcc -fsanitize=address,undefined -fno-sanitize-recover=all
    # Its runtime wants to be before all preloaded libraries, whoever's they are.
    modes_environment='ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0'
    ;;
asan_static)
    build clang -fsanitize=address,undefined -fno-sanitize-recover=all
    modes_environment='ASAN_OPTIONS=detect_leaks=0'
    ;;
tsan) build gcc -fsanitize=thread ;;
*)
    note "unknown kind: $kind"
    exit 2
    ;;
esac
chmod 0555 "$caller"
"$caller" posix_spawn /bin/true || skip "it does not run here"

for mechanism in $(in_libc posix_spawn posix_spawnp vfork execve execv execvp execvpe execl execlp \
    execle execveat fexecve system popen); do
    compare_modes "$caller" "$mechanism" "$ST_CASES_BIN/show" one two
    [ ! -s "$work/native.err" ] || wrong "$mechanism: $(cat "$work/native.err")"
done
modes_end
