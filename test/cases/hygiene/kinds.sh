# kinds.sh KIND: a program of a kind that cannot take the preload, or does not care, is started in
# every way: the same output, nothing on stderr, the same status; and so is a script for it.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"

kind=$1
modes_begin "hygiene.$kind"
source=$ST_CASES_SRC/hygiene/program.c
program=$work/program

# build COMPILER OPTION...: skip the test where this machine cannot.
build() {
    need "$1"
    "$@" -O1 -o "$program" "$source" 2>"$work/build" || skip "cannot build: $(head -n 3 "$work/build")"
}

# What LD_PRELOAD has to be in the program: gone, kept, or of no interest.
expected=gone
case $kind in
elf32) build "$CC" -m32 ;;
musl) build musl-gcc ;;
asan) build gcc -fsanitize=address ;;
asan_clang) build clang -fsanitize=address -shared-libasan "-Wl,-rpath,$(clang -print-resource-dir)/lib/linux" ;;
asan_static)
    build clang -fsanitize=address
    expected=any
    ;;
tsan) build gcc -fsanitize=thread ;;
lsan) build gcc -fsanitize=leak ;;
ubsan)
    build gcc -fsanitize=undefined
    expected=any
    ;;
static)
    build "$CC" -static
    expected=kept
    ;;
static_pie)
    build "$CC" -static-pie
    expected=kept
    ;;
static_musl)
    build musl-gcc -static
    expected=kept
    ;;
no_libc)
    # The dynamic linker has to resolve everything that the preload wants, and there is nothing.
    source=$ST_CASES_SRC/hygiene/bare.c
    build "$CC" -nostdlib -fPIE -pie -Wl,--dynamic-linker=/lib64/ld-linux-x86-64.so.2
    expected=any
    expect_output=
    ;;
exceptions)
    need g++
    source=$ST_CASES_SRC/hygiene/exception.cc
    build g++ -pthread
    expected=any
    ;;
*)
    note "unknown kind: $kind"
    exit 2
    ;;
esac
chmod 0555 "$program"
"$program" >/dev/null 2>&1
[ $? -eq 5 ] || skip "it does not run here"
printf '#!%s\n' "$program" >"$work/script"
printf '#!%s argument\n' "$work/script" >"$work/nested"
chmod 0755 "$work/script" "$work/nested"

# The value of LD_PRELOAD is looked at below.  LeakSanitizer says itself that it cannot stop a
# process that is traced already.
modes_filter='/^LD_PRELOAD=$/d'
expect_status=5
for target in "$program" "$work/script" "$work/nested"; do
    mechanisms='posix_spawn execvp fexecve system'
    [ "$target" != "$program" ] || mechanisms='posix_spawn posix_spawnp vfork execve execv execvp
        execvpe execl execlp execle execveat fexecve system popen'
    # shellcheck disable=SC2086
    for mechanism in $(in_libc $mechanisms); do
        compare_modes "$ST_CASES_BIN/launch" "$mechanism" "$target" one
        [ ! -s "$work/native.err" ] || wrong "$mechanism: $(cat "$work/native.err")"
        for mode in $all_modes; do
            case $expected in
            gone)
                ! grep -q '^LD_PRELOAD' "$work/$mode.out" ||
                    wrong "$mechanism, $mode: $(grep '^LD_PRELOAD' "$work/$mode.out")"
                ;;
            kept)
                grep -qxF "LD_PRELOAD=$(mode_library "$mode")" "$work/$mode.out" ||
                    wrong "$mechanism, $mode: LD_PRELOAD is gone"
                ;;
            esac
        done
    done
done
compare_modes sh -c "'$program' one two; '$program' | cat; exec '$program'"
# One way of starting must not leave behind, for others of the session, a wrong idea of the file.
launch=$ST_CASES_BIN/launch
for first in $(in_libc fexecve execveat posix_spawn execvp); do
    compare_modes sh -c "'$launch' $first '$program' one; '$launch' posix_spawn '$program' two
        '$launch' vfork '$program'; '$launch' fexecve '$program'"
done
modes_end
