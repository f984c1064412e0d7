# mechanism.sh MECHANISM kernel|libc: the reporter, started by `start` through MECHANISM, with the
# caller's plain and with its rich state.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"

mechanism=$1
modes_begin "report.$mechanism"
printf 'first line\nsecond line\n' >"$work/stdin"
modes_stdin=$work/stdin
if [ "$2" = kernel ]; then
    expect_kernel=2
    [ -n "${ST_CASES_MODES-}" ] || all_modes="$all_modes both"
    # glibc may leave the errno of a child's search or action in the caller; a kernel template has
    # no way to.
    modes_kernel_filter='s/^errno afterwards: E\(XDEV\|NOENT\|BADF\)$/errno afterwards/'
fi
expect_starts=2
# libc starts the shell of system() and popen() by itself, and a descriptor has no path.
case $mechanism in
system | popen_* | execveat* | fexecve*) ;;
*) expect_image=1 ;;
esac

for setup in plain rich; do
    in_mode native "$ST_CASES_BIN/start" "$mechanism" "$setup"
    [ "$(cat "$work/native.status")" != 77 ] || skip "this libc has no $mechanism"
    grep -q '^\(read: \)\{0,1\}end: pending$' "$work/native.out" || wrong 'no report'
    compare_modes "$ST_CASES_BIN/start" "$mechanism" "$setup"
done
modes_end
