# shellcheck shell=sh
# state.sh STATE: the reporter, started by a caller that is in this state (states.c), through a few
# mechanisms of each kind.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"

state=$1
modes_begin "report.state_$state"
printf 'first line\nsecond line\n' >"$work/stdin"
modes_stdin=$work/stdin
# As in mechanism.sh.
modes_kernel_filter='s/^errno afterwards: E\(XDEV\|NOENT\|BADF\)$/errno afterwards/'
images=1
mechanisms='posix_spawn posix_spawnp spawn_actions execve execvp vfork'
case $state in
# Whoever has become somebody else has nothing of the session's.
nobody | effective)
    [ "$(id -u)" = 0 ] || skip 'only root becomes somebody else'
    # It must be able to read the programs, and the libraries.
    su nobody -s /bin/sh -c "test -x '$ST_CASES_BIN/reporter' && test -r '$ST_PRELOAD'" 2>/dev/null ||
        skip 'others cannot read the build'
    images=
    expect_starts=0
    # Nor are starts counted, by which a kernel template is told from libc's.
    modes_filter='/^signal 3[23]: /d; s/^\(errno afterwards\): .*/\1/'
    ;;
# Its file actions have streams for their subject.
streams) mechanisms='posix_spawn posix_spawnp execve execvp vfork' ;;
# The number of a terminal is the next free one.
terminal) modes_filter='s|/dev/pts/[0-9]*|/dev/pts/N|g' ;;
# Namespaces have other numbers each time.
namespaces) modes_filter='s|^\(/proc/self/ns/[a-z]*\): \([a-z]*\):.*|\1: \2|' ;;
cgroup)
    root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
    [ -w "${root:-/no/cgroup}" ] || skip 'no cgroup v2 here that can be written to'
    modes_environment="ST_CGROUP=$root/spawn-template-test"
    ;;
esac

for mechanism in $mechanisms; do
    set -- "$ST_CASES_BIN/start" "$mechanism" "$state"
    # What the reporter had no standard output for.
    # shellcheck disable=SC2016
    [ "$state" != streams ] || set -- sh -c '"$@"; status=$?; cat report; exit $status' sh "$@"
    in_mode native "$@"
    [ "$(cat "$work/native.status")" != 77 ] || skip 'this machine does not allow it'
    grep -q '^further descriptors: ' "$work/native.out" ||
        wrong "no report: $(cat "$work/native.out" "$work/native.err")"
    expect_image=$images
    compare_modes "$@"
done
[ "$state" != cgroup ] || rmdir "$root/spawn-template-test"
modes_end
