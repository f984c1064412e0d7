#!/bin/sh
# The tests of faults and load, for as long as it takes.
#
#   test/faults/run.sh [--build DIR] NAME... [--count N]
#   test/faults/run.sh --list
#
# DIR is the build to test, by default build/.  N is the number of starts, or of what the test
# counts otherwise: --list says it.  Without --count it is what the test is to be shown with.
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
root=$(CDPATH='' cd -- "$here/../.." && pwd -P)
self=faults
. "$root/test/lib.sh"

list()
{
    cat <<'END'
load      1000000  starts by 64 parallel callers while programs are replaced
starts    100      percent of all cases: each system call of a start, with each error
launcher  100000   cases, or all: each system call of the command, with each error
bake      100000   cases, or all: each system call that baking makes, with each error
layouts   100000   starts of one image under each of five layouts of the address space
kills     3000     processes killed at random: callers, children, service, what bakes
END
}

build=$root/build
count=
names=
while [ $# -gt 0 ]; do
    case $1 in
        --list)
            list
            exit 0
            ;;
        --build | --count)
            [ $# -gt 1 ] || die "$1 needs a value"
            [ "$1" = --build ] && build=$2
            [ "$1" = --count ] && count=$2
            shift
            ;;
        -*) die "no such option: $1" ;;
        *)
            list | grep -q "^$1 " || die "no such name: $1; --list shows them"
            names="$names $1"
            ;;
    esac
    shift
done
[ -n "$names" ] || die "which ones?  --list shows them"
for name in $names; do
    case $count in
        all) list | grep -q "^$name .*, or all: " || die "$name cannot count to all; --list shows what it counts" ;;
        0* | *[!0-9]*) die "--count needs a number, or for some tests the word all; this is none: $count" ;;
    esac
done
[ "$count" != all ] || count=1000000
clean_environment
exec </dev/null
[ -f "$build/test/faults/environment" ] || die "not built: $build"
# shellcheck source=/dev/null
. "$build/test/faults/environment"

status=0
for name in $names; do
    ST_FAULTS_COUNT=${count:-$(list | awk -v name="$name" '$1 == name { print $2 }')}
    export ST_FAULTS_COUNT
    say "$name, $ST_FAULTS_COUNT"
    "$ST_CASES_BIN/session" system "$ST_CASES_BIN" /bin/sh "$here/$name.sh"
    case $? in
        0) say "$name: passed" ;;
        77) say "$name: skipped" ;;
        *)
            say "$name: FAILED"
            status=1
            ;;
    esac
done
exit $status
