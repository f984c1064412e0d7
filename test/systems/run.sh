#!/bin/sh
# Build and test the project on other releases of Debian, each from its own packages, and print a
# line for each: release, glibc, user, what was run, tests, and whether the image engine works.
#
#   test/systems/run.sh [OPTION]... [RELEASE...]
#
#   --user       as an ordinary user; otherwise as root
#   --quick      the release build and its tests alone, not all of check.sh
#   --timeout S  the most seconds for one release; 7200 by default
#   --results D  keep the log and all results of each release in D/RELEASE
#   --fresh      install the release anew; otherwise what is there from an earlier run is used
#   --shell      no tests: a shell in the release, in a copy of the project
#
# RELEASE is a code name; by default bullseye, bookworm and trixie.  Each is installed by
# debootstrap(8) into ${XDG_CACHE_HOME:-~/.cache}/spawn-template-systems/RELEASE, from the mirror
# that this machine is set up for, or SPAWN_TEMPLATE_MIRROR.  What is tested is the last commit, not
# what else lies in the checkout.
#
# Needs root, for mounts and chroot(8).  All mounts and processes are in namespaces of their own and
# end with this script, whatever ends it.  Exits with 1 if a release fails.
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
root=$(CDPATH='' cd -- "$here/../.." && pwd -P)
self=systems
# shellcheck source=../lib.sh
. "$root/test/lib.sh"

who=root
limit=7200
keep=
fresh=no
extent=check
shell=no
releases=
while [ $# -gt 0 ]; do
    case $1 in
        --user) who=tester ;;
        --quick) extent=quick ;;
        --fresh) fresh=yes ;;
        --shell) shell=yes ;;
        --timeout | --results)
            [ $# -gt 1 ] || die "$1 needs a value"
            case $1 in
                --timeout) limit=$2 ;;
                --results) keep=$2 ;;
            esac
            shift
            ;;
        -* | *[!a-z]*) die "no such option or release: $1" ;;
        *) releases="$releases $1" ;;
    esac
    shift
done
: "${releases:=bullseye bookworm trixie}"
[ "$(id -u)" -eq 0 ] || die "needs root, for mounts and chroot: sudo sh test/systems/run.sh"
[ $shell = yes ] || exec </dev/null
sh "$root/cmake/deps.sh" --packages debootstrap util-linux tar git || die "packages"

cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/spawn-template-systems
mkdir -p "$cache" || die "cannot make $cache"
work=$(mktemp -d "${TMPDIR:-/tmp}/spawn-template-systems.XXXXXX") || die "mktemp"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
if [ -n "$keep" ]; then
    mkdir -p "$keep" && keep=$(CDPATH='' cd -- "$keep" && pwd -P) || die "cannot make $keep"
fi

# mirror LABEL: where apt gets what has this label.
mirror()
{
    apt-get indextargets --format '$(REPO_URI)' "Label: $1" 'Created-By: Packages' | head -n 1
}
debian=${SPAWN_TEMPLATE_MIRROR:-$(mirror Debian)}
security=$(mirror Debian-Security)
[ -n "$debian" ] || die "apt knows no mirror of Debian; name one in SPAWN_TEMPLATE_MIRROR"

# namespace COMMAND...: with mounts and processes of its own, which do not outlive this script.  In
# the background, so that a signal to this script does not have to wait for the end.
namespace()
{
    set -- timeout --foreground -s KILL "$limit" setpriv --pdeathsig KILL \
        unshare --mount --pid --fork --kill-child sh -c '"$@"; exit $?' sh "$@"
    if [ $shell = yes ]; then
        setpriv --pdeathsig KILL "$@"
    else
        setpriv --pdeathsig KILL "$@" &
        wait $!
    fi
}

sources_list()
{
    printf 'deb %s %s main\n' "$debian" "$1"
    [ "$1" != sid ] || return 0
    printf 'deb %s %s-updates main\n' "$debian" "$1"
    [ -z "$security" ] || printf 'deb %s %s-security main\n' "$security" "$1"
}

# A whole system, or none.
install_release()
{
    [ $fresh = no ] || rm -rf "${cache:?}/$1"
    [ ! -d "$cache/$1" ] || return 0
    say "$1: debootstrap"
    rm -rf "$cache/$1.new"
    namespace debootstrap --variant=minbase "$1" "$cache/$1.new" "$debian" >"$work/log" 2>&1 || {
        tail -n 20 "$work/log"
        return 1
    }
    sources_list "$1" >"$cache/$1.new/etc/apt/sources.list"
    # No other machine depends on it: what a crash leaves half written is installed anew.
    echo force-unsafe-io >"$cache/$1.new/etc/dpkg/dpkg.cfg.d/unsafe-io"
    mv "$cache/$1.new" "$cache/$1"
}

# The project where $who would have it, as it was last committed: root's is within the reach of other
# users, which some of the tests become.
copy_project()
{
    home=$1/srv
    if [ "$who" != root ]; then
        home=$1/home/$who
        grep -q "^$who:" "$1/etc/passwd" || chroot "$1" useradd -m -s /bin/sh "$who" || return
    fi
    rm -rf "$home/project" "$1/results"
    mkdir -p "$home/project" "$1/results" || return
    git -c safe.directory='*' -C "$root" archive HEAD >"$work/project.tar" || return
    tar -xf "$work/project.tar" -C "$home/project" || return
    [ "$who" = root ] || chroot "$1" chown -R "$who:$who" "/home/$who/project" /results
    project=${home#"$1"}/project
}

# A line of the summary, of the files that inside.sh has left.
summary()
{
    value()
    {
        [ -s "$1" ] && head -n 1 "$1" || echo '?'
    }
    printf '%-9s glibc %-5s %-7s %-18s %s; engine image: %s\n' "$1" "$(value "$2/glibc")" "$who" \
        "$(value "$2/how")" "$(value "$2/tests")" "$(value "$2/engine")"
}

run_tests_of()
{
    say "$1: tests"
    namespace sh "$here/enter.sh" "$dir" sh "$project/test/systems/inside.sh" "$who" $extent /results \
        >"$work/log" 2>&1
    run_status=$?
    [ $run_status -eq 0 ] || grep -E '^== .*FAILED|\*\*\*(Failed|Timeout|Exception)' "$work/log"
    [ $run_status -ne 137 ] || say "$1: not done in $limit s"
    cp "$work/log" "$dir/results/log"
    [ -z "$keep" ] || { rm -rf "${keep:?}/$1" && cp -R "$dir/results" "$keep/$1"; }
    summary "$1" "$dir/results" >>"$work/summary"
    return $run_status
}

run_release()
{
    dir=$cache/$1
    exec 9>"$cache/$1.lock"
    flock -n 9 || { say "$1: another run uses $dir"; return 1; }
    install_release "$1" || { say "$1: cannot be installed"; return 1; }
    copy_project "$dir" || { say "$1: the project could not be copied"; return 1; }
    if [ $shell = yes ]; then
        # shellcheck disable=SC2016
        namespace sh "$here/enter.sh" "$dir" sh -c 'cd "$1" && exec sh -i' sh "$project"
    else
        run_tests_of "$1"
    fi
}

status=0
for release in $releases; do
    run_release "$release" || status=1
done
[ -s "$work/summary" ] || exit $status
cat "$work/summary"
exit $status
