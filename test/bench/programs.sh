#!/bin/sh
# Programs as they are used, natively and from images: is what they do the same, and how long do
# they take to start?
#
#   test/bench/programs.sh [OPTION]... [BUILD-DIRECTORY] [NAME]...
#
# NAME is a program or a file of programs/ without its .sh; without one, all.  Missing Debian
# packages are installed, if we are root.  Writes a table in Markdown:
#
#   --output FILE   into FILE and not to standard output
#   --rounds N      time at least N starts of each kind (50)
#   --seconds S     and as many more as fit into S seconds (1)
#   --no-times      only compare
#   --check         compare native runs with native ones: can the uses be repeated?
#   --keep          leave what the uses left, and say where
#   --list          names and packages
#
# The uses of a program are in programs/*.sh (programs/run.sh says how).  They are run natively, and
# then in a session that has the program's image; compared are standard output, standard error and
# exit status of each use, and the names, modes and contents of all files that they leave.  The
# verdict on a program is
#
#   same             no difference, and it was started from its image
#   not eligible     no difference, and there can be no image: why
#   DIFFERENT        there is a difference
#   NOT USED         there is an image, but nothing was started from it: why
#   NOT REPEATABLE   two native runs differ: the uses are at fault
#
# and the exit status 1 if any is one of the latter three.
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
self=programs
. "$root/test/lib.sh"
families=$root/test/bench/programs

usage()
{
    sed -n '/^# *test\/bench/,/^# *--list/s/^# \{0,3\}//p' "$0" >&2
    exit 2
}

output=
rounds=50
seconds=1
times=yes
check=no
keep=no
list=no
while [ $# -gt 0 ]; do
    case $1 in
        --output | --rounds | --seconds)
            [ $# -gt 1 ] || usage
            eval "${1#--}=\$2"
            shift
            ;;
        --no-times) times=no ;;
        --check) check=yes times=no ;;
        --keep) keep=yes ;;
        --list) list=yes ;;
        -*) usage ;;
        *) break ;;
    esac
    shift
done
build=$root/build
case ${1-} in
    */* | . | ..)
        build=$1
        shift
        ;;
esac
exec </dev/null
clean_environment
PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

# all_programs [NAME...]: lines "FAMILY NAME PACKAGES" of the programs asked for.
all_programs()
{
    for file in "$families"/*.sh; do
        family=$(basename "$file" .sh)
        [ "$family" != run ] || continue
        (
            # shellcheck disable=SC2034
            made=/nonexistent
            program() { printf '%s %s %s\n' "$family" "$1" "$2"; }
            small() { program "$@"; }
            # shellcheck source=/dev/null
            . "$file"
        )
    done | awk '
        BEGIN { for (i = 1; i < ARGC; i++) { wanted[ARGV[i]] = 1; ARGV[i] = "" } all = ARGC == 1 }
        all || $1 in wanted || $2 in wanted { print; used[$1] = used[$2] = 1 }
        END {
            for (name in wanted)
                if (!(name in used)) {
                    print "no such name: " name >"/dev/stderr"
                    exit 1
                }
        }' "$@"
}

programs=$(all_programs "$@") || die "--list shows the names"
if [ $list = yes ]; then
    printf '%s\n' "$programs"
    exit 0
fi

build=$(CDPATH='' cd -- "$build" && pwd -P) || die "no such directory: $build"
command=$build/bin/spawn-template
bench=$build/test/bench/start_bench
[ $check = yes ] || [ -x "$command" ] || die "not built: $command"
[ $times = no ] || [ -x "$bench" ] || die "not built: $bench"

work=$(mktemp -d "${TMPDIR:-/tmp}/spawn-template-programs.XXXXXX") || die "mktemp"
finish()
{
    if [ $keep = yes ]; then
        say "results are in $work"
    else
        rm -rf "$work"
    fi
}
trap finish EXIT
trap 'exit 1' HUP INT TERM
cache=$work/cache
inputs=$work/inputs
table=$work/table
mkdir -p "$inputs/dir/sub" "$work/results" "$work/made"
mkdir -m 700 "$cache"
: >"$table"

make_inputs()
{
    awk 'BEGIN {
        for (i = 1; i <= 200; i++) {
            print "line " i (i % 10 ? "" : ": grüße, größe und maß")
            if (i % 50 == 20) print "begin of a section"
            if (i % 50 == 40) print "end of a section"
        }
    }' >"$inputs/text"
    printf '%s\n' pear Apple fig "two words" banana cherry apple line date elderberry grape \
        | tr -d '"' >"$inputs/words"
    awk 'BEGIN { for (i = 1; i <= 300; i++) print i * 7919 % 1009 }' >"$inputs/numbers"
    awk 'BEGIN { for (i = 0; i < 4096; i++) printf "\\%03o", int(i * i / 7) % 256 }' >"$inputs/octal"
    # shellcheck disable=SC2059
    printf "$(cat "$inputs/octal")" >"$inputs/binary"
    rm "$inputs/octal"
    cp "$inputs/text" "$inputs/dir/a.txt"
    cp "$inputs/words" "$inputs/dir/sub/b.txt"
    : >"$inputs/dir/sub/empty.tmp"
    ln -s ../a.txt "$inputs/dir/sub/link"
    cp "$families/main.c" "$families/main.cc" "$inputs"
    find "$inputs" -exec touch -h -d @1000000000 {} +
    chmod -R u=rwX,go=rX "$inputs"
}

# The environment of all that is compared: nothing of ours, nothing of the user's.
# in_place COMMAND...: there, in the directory of the uses.
in_place()
{
    (cd "$work/run" && exec timeout -k 10 600 env -i "PATH=$PATH" HOME="$work/run/home" \
        TMPDIR="$work/run/tmp" LC_ALL=C TZ=UTC USER=root LOGNAME=root SHELL=/bin/sh \
        inputs="$inputs" made="$made" program="$path" families="$families" "$@")
}

# What the uses left: type, mode, link and contents by name.
tree()
{
    (
        cd "$work/run" || exit
        find . -printf '%P %y %m %l\n' | LC_ALL=C sort
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
    )
}

# run_uses KIND [COMMAND...]: carry out the uses, started by COMMAND, in fresh directories that have
# the same names each time.  Results in $work/results/NAME/KIND.
run_uses()
{
    uses_results=$work/results/$name/$1
    shift
    chmod -R u+rwX "$work/run" 2>/dev/null
    rm -rf "$work/run" "$uses_results"
    mkdir -p "$work/run/uses" "$work/run/home" "$work/run/tmp" "$uses_results"
    in_place "$@" sh -c 'cd uses && exec sh "$@"' sh "$families/run.sh" "$families/$family.sh" \
        "$name" "$uses_results" >"$uses_results/log" 2>&1
    printf '%s\n' "$?" >"$uses_results/status"
    tree >"$uses_results/tree"
}


# differ KIND KIND: true if the results do; says how.
differ()
{
    ! diff -r -u -a -x log "$work/results/$name/$1" "$work/results/$name/$2" >"$work/results/$name/diff"
}

# How many starts of the program were from its image, and why others were not, from the statistics.
image_starts()
{
    python3 - "$work/stats.json" "$path" <<'END'
import json, os, sys
stats = json.load(open(sys.argv[1]))
real = os.path.realpath(sys.argv[2])
mine = [t for t in stats["targets"] if os.path.realpath(t["path"]) == real]
print(sum(t["image"] for t in mine), ", ".join(sorted({t["verdict"] for t in mine})) or "not started")
END
}

# bake: make the program's image.  Fails if it is not eligible, and says why in $why.
bake()
{
    why=$(in_place "$command" --cache-dir="$cache" bake "$path" 2>&1 >/dev/null) && return 0
    why=$(printf '%s\n' "$why" | tail -n 1 | sed "s|^spawn-template: ||; s|^bake ||; s|^$path: ||; s|^no image: ||")
    return 1
}

compare()
{
    run_uses native
    if [ ! -s "$work/results/$name/native/count" ]; then
        verdict="NOT REPEATABLE"
        cat "$work/results/$name/native/log" >&2
        return
    fi
    if [ $check = yes ]; then
        run_uses image
    else
        baked=yes
        bake || baked=no
        run_uses image "$command" --engine=image --cache-dir="$cache" --stats="$work/stats.json" --
    fi
    if differ native image; then
        cp "$work/results/$name/diff" "$work/results/$name/diff.image"
        run_uses again
        verdict=DIFFERENT
        ! differ native again || verdict='NOT REPEATABLE'
        say "$name: $verdict" >&2
        head -n 60 "$work/results/$name/diff.image" >&2
        return
    fi
    verdict=same
    [ $check = no ] || return
    if [ $baked = no ]; then
        verdict="not eligible: $why"
        return
    fi
    used=$(image_starts)
    [ "${used%% *}" -gt 0 ] 2>/dev/null || verdict="NOT USED: ${used#* }"
}

# measure ARGUMENT...: lines of start_bench.
measure()
{
    in_place "$command" --engine=image --cache-dir="$cache" --stats="$work/stats.json" -- \
        "$bench" "$rounds" "$seconds" "$path" "$@" >"$work/times" || : >"$work/times"
}

# The version of the first of the packages a|b that is installed.
version_of()
{
    for package in $(printf '%s\n' "$1" | tr '|' ' '); do
        dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$package" 2>/dev/null |
            sed -n 's/^installed //p' | grep . && return
    done
    return 1
}

# program and small, as a family's file calls them: one row, if it is the one that is wanted.
row()
{
    row_size=$1
    [ "$2" = "$name" ] || return 0
    row_packages=$3
    path=$4
    shift 4
    suffix=$(printf '%s' "$name" | tr -c 'a-zA-Z0-9\n' _)
    made=$work/made/$name
    version=$(version_of "$row_packages") || version=
    : >"$work/times"
    if [ -z "$version" ] && command -v dpkg-query >/dev/null; then
        verdict='not installed'
    else
        mkdir -p "$made" "$work/run"
        if ! prepare_row "$suffix" "$@"; then
            verdict='not installed: it cannot be prepared'
        else
            compare
        fi
    fi
    case $verdict in
        same | 'not eligible'*) [ $times = no ] || measure "$@" ;;
    esac
    {
        printf '%s|%s|%s|%s' "$name" "$row_size $family" "${version:--}" "$verdict"
        awk '{ printf "|%s %s %s %s %s %s", $1, $2, $3, $4, $5, $6 }' "$work/times"
        printf '\n'
    } >>"$table"
    [ $keep = yes ] || rm -rf "${work:?}/results/$name"
}

# prepare_row SUFFIX: what the row needs before it can be run; sets path.
prepare_row()
{
    if command -v "prepare_$1" >/dev/null; then
        (cd "$made" && "prepare_$1") >"$work/log" 2>&1 || {
            cat "$work/log" >&2
            return 1
        }
    fi
    ! command -v "path_$1" >/dev/null || path=$("path_$1")
    [ -x "$path" ]
}

make_inputs
if [ "$(id -u)" -eq 0 ]; then
    # shellcheck disable=SC2046
    sh "$root/cmake/deps.sh" --packages gcc libc6-dev python3-minimal \
        $(printf '%s\n' "$programs" | awk '!seen[$3]++ { print $3 }') ||
        say "some packages are missing" >&2
fi
printf '%s\n' "$programs" | while read -r family name _; do
    (
        made=$work/made/$name
        # Twice: first for its functions.
        program() { :; }
        small() { :; }
        # shellcheck source=/dev/null
        . "$families/$family.sh"
        program() { row large "$@"; }
        small() { row small "$@"; }
        # shellcheck source=/dev/null
        . "$families/$family.sh"
    )
    say "$(tail -n 1 "$table" | cut -d'|' -f 1,4)" >&2
done

if [ -n "$output" ]; then
    awk -f "$families/table.awk" "$table" >"$work/page" && cp "$work/page" "$output"
else
    awk -f "$families/table.awk" "$table"
fi
! cut -d'|' -f 4 "$table" | grep -q '^[A-Z][A-Z]'
