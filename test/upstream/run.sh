#!/bin/sh
# Other projects' builds and test suites, run three ways whose results must be the same:
#
#   native   without us, twice: what is not the same twice says nothing about us.  It is named, and
#            left out of the comparison
#   shim     under spawn-template
#   off      with the preload, which SPAWN_TEMPLATE=off keeps from doing anything
#
#   test/upstream/run.sh [--build DIR] [--keep] NAME[:VARIANT,...]... | all
#   test/upstream/run.sh --list
#
# DIR is the build of spawn-template to test, by default build/.  --keep leaves the results, and
# says where.  The sources are Debian's, from the mirrors that this machine is set up for, and are
# kept in ${XDG_CACHE_HOME:-~/.cache}/spawn-template-upstream.  Exits with 1 if any result differs.
#
# A NAME is a file NAME.sh beside this one.  It sets
#
#   about       one line
#   source      the name of Debian's source package; empty if there is none
#   given       an environment variable that names a directory with the source, if Debian has none
#   unpack      options of dpkg-source
#   packages    what else must be installed
#   variants    the things to run; each is run three ways
#   limit       the most seconds that one of them may take
#
# and defines two functions:
#
#   run_variant VARIANT   is called in a fresh copy of the source (or an empty directory), whose path
#                         is the same all three ways; starts what is to be tested through `start`;
#                         leaves in $results, a directory, what is to be compared: files, and one
#                         of the name tests has a line `NAME: RESULT` for each test
#   count VARIANT         is called there, and says how many things are compared; none is an error
#
# It may define prepare, which is called once in the source as it was fetched, under the same path;
# and passed VARIANT, which is called as count is, and says how many of the tests passed.  $here,
# $jobs and $way are what they say.  The status of run_variant and prepare counts.
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
root=$(CDPATH='' cd -- "$here/../.." && pwd -P)
self=upstream
. "$root/test/lib.sh"
. "$here/source.sh"

build=$root/build
keep=no
asked=
names=
while [ $# -gt 0 ]; do
    case $1 in
        --list)
            for file in "$here"/*.sh; do
                name=$(basename "$file" .sh)
                case $name in run | source) continue ;; esac
                # shellcheck source=/dev/null
                printf '%-9s %s\n' "$name" "$(. "$file" && printf '%s' "$about")"
            done
            exit 0
            ;;
        --build)
            [ $# -gt 1 ] || die "--build needs a directory"
            build=$2
            shift
            ;;
        --keep) keep=yes ;;
        all)
            names="$names $(sh "$0" --list | cut -d' ' -f1 | tr '\n' ' ')"
            asked=all
            ;;
        -*) die "no such option: $1" ;;
        *)
            case $1 in run | source) die "no such name: $1" ;; esac
            [ -f "$here/${1%%:*}.sh" ] || die "no such name: $1; --list shows them"
            names="$names $1"
            ;;
    esac
    shift
done
[ -n "$names" ] || die "which ones?  --list shows them, all is all"
exec </dev/null
clean_environment

build=$(CDPATH='' cd -- "$build" && pwd -P) || die "no such directory: $build"
jobs=$(nproc)
export jobs
ways='native again shim off'
command=$build/bin/spawn-template
preload=$build/lib/libspawn_template_preload.so
if ! [ -x "$command" ] || ! [ -f "$preload" ]; then
    die "not built: $command, $preload"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/spawn-template-upstream.XXXXXX") || die "mktemp"
finish()
{
    if [ $keep = yes ]; then
        say "results are in $work"
    else
        chmod -R u+rwX "$work" 2>/dev/null
        rm -rf "$work"
    fi
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# start COMMAND...: run it the way that is the turn of, and not longer than the limit.
start()
{
    case $way in
        native | again) timeout -k 10 "$limit" "$@" ;;
        shim)
            start_number=$((start_number + 1))
            timeout -k 10 "$limit" "$command" --stats="$stats/$start_number.json" -- "$@"
            ;;
        off) timeout -k 10 "$limit" env SPAWN_TEMPLATE=off LD_PRELOAD="$preload" "$@" ;;
    esac
}

# The sums of the files of one relative path each, sorted: what a build made.
sums()
{
    find . "$@" -type f | LC_ALL=C sort | xargs -r sha256sum
}

# run_one VARIANT WAY: in a subshell.
run_one()
(
    variant=$1
    way=$2
    results=$work/$name/results/$variant.$way
    stats=$work/$name/stats/$variant.$way
    log=$work/$name/$variant.$way.log
    start_number=0
    rm -rf "$work/$name/run"
    mkdir -p "$results" "$stats"
    if [ -d "$work/$name/source" ]; then
        cp -a "$work/$name/source" "$work/$name/run"
    else
        mkdir -p "$work/$name/run"
    fi
    cd "$work/$name/run" || exit 1
    # shellcheck disable=SC2030
    HOME=$work/$name/home
    export HOME
    mkdir -p "$HOME"
    begin=$(date +%s%N)
    run_variant "$variant" >"$log" 2>&1 || {
        status=$?
        tail -n 40 "$log"
        say "$name $variant $way: failed with status $status"
        exit 1
    }
    end=$(date +%s%N)
    # run_variant may have measured what matters itself.
    [ -s "$stats/time" ] || printf '%s\n' $(((end - begin) / 1000000)) >"$stats/time"
)

seconds()
{
    awk '{ printf "%.1f", $1 / 1000 }' "$work/$name/stats/$1/time"
}

# leave_out_flaky VARIANT: remove from all results what is not the same twice without us, a test or
# a file, and print the names.
leave_out_flaky()
(
    cd "$work/$name/results" || exit 1
    for file in $(cd "$1.native" && find . -type f | LC_ALL=C sort); do
        file=${file#./}
        ! cmp -s "$1.native/$file" "$1.again/$file" || continue
        if [ "$file" != tests ]; then
            printf 'file %s\n' "$file"
            rm -f "$1.native/$file" "$1.shim/$file" "$1.off/$file"
            continue
        fi
        diff "$1.native/tests" "$1.again/tests" | sed -n 's/^[<>] \(.*\): .*$/\1/p' |
            LC_ALL=C sort -u >flaky
        cat flaky
        for way in native shim off; do
            awk 'NR == FNR { flaky[$0]; next }
                { name = $0; sub(/: [^:]*$/, "", name) }
                !(name in flaky)' flaky "$1.$way/tests" >kept
            mv kept "$1.$way/tests"
        done
    done
)

# run_name NAME[:VARIANT,...]: in a subshell, so that what NAME.sh sets and defines is gone afterwards.
run_name()
(
    name=${1%%:*}
    about='' source='' given='' unpack='' packages='' variants='' limit=600
    prepare() { :; }
    passed() { count "$@"; }
    # shellcheck source=/dev/null
    . "$here/$name.sh"
    case $1 in
        *:*)
            wanted=$(printf '%s' "${1#*:}" | tr ',' ' ')
            for variant in $wanted; do
                case " $variants " in *" $variant "*) ;; *) die "$name has no variant $variant" ;; esac
            done
            variants=$wanted
            ;;
    esac
    say "$name: $about"
    if [ -n "$given" ]; then
        eval "from=\${$given-}"
        if [ -z "$from" ] && [ "$asked" = all ]; then
            say "$name: left out: $given does not say where its source is"
            exit 0
        fi
        [ -d "$from" ] || die "$name: set $given to the directory of its source"
    fi
    # shellcheck disable=SC2086
    sh "$root/cmake/deps.sh" --packages $packages || die "$name: packages"
    mkdir -p "$work/$name"
    if [ -n "$given" ]; then
        cp -a "$from" "$work/$name/run" || die "$name: cannot copy $from"
    elif [ -n "$source" ]; then
        # shellcheck disable=SC2086
        fetch_source "$source" "$work/$name/run" $unpack || die "$name: source of $source"
    fi
    if [ -d "$work/$name/run" ]; then
        # shellcheck disable=SC2030
        (cd "$work/$name/run" && prepare) >"$work/$name/prepare.log" 2>&1 || {
            tail -n 40 "$work/$name/prepare.log"
            die "$name: preparing the source"
        }
        rm -rf "$work/$name/source"
        mv "$work/$name/run" "$work/$name/source"
    fi
    bad=0
    for variant in $variants; do
        broken=no
        for way in $ways; do
            run_one "$variant" "$way" || broken=yes
        done
        if [ $broken = yes ]; then
            printf '%s\n' "$name|$variant|-|-|-|-|-|-|-|-|FAILED" >>"$work/table"
            bad=1
            continue
        fi
        figures=
        for way in native shim off; do
            figures="$figures|$(cd "$work/$name/results/$variant.$way" && passed "$variant")"
        done
        flaky=$(leave_out_flaky "$variant")
        compared=$(cd "$work/$name/results/$variant.native" && count "$variant")
        verdict=same
        [ "${compared:-0}" -gt 0 ] || verdict='NOTHING COMPARED'
        for way in shim off; do
            if ! diff -r -u "$work/$name/results/$variant.native" \
                "$work/$name/results/$variant.$way" >"$work/$name/$variant.$way.diff"; then
                say "$name $variant: $way differs from native"
                head -n 60 "$work/$name/$variant.$way.diff"
                verdict=DIFFERENT
            fi
        done
        [ "$verdict" = same ] || bad=1
        printf '%s|%s|%s%s|%s|%s|%s|%s|%s\n' "$name" "$variant" "$compared" "$figures" \
            "$(printf '%s' "$flaky" | grep -c .)" \
            "$(seconds "$variant.native")" "$(seconds "$variant.shim")" \
            "$(seconds "$variant.off")" "$verdict" >>"$work/table"
        [ -z "$flaky" ] || printf '%s\n' "$flaky" | sed "s/^/    $name $variant: /" >>"$work/flaky"
    done
    rm -rf "$work/$name/run"
    exit $bad
)

status=0
for name in $names; do
    run_name "$name" || status=1
done

say "what was started under the shim"
for name in $(printf '%s\n' $names | sed 's/:.*//' | awk '!seen[$0]++'); do
    for directory in "$work/$name/stats"/*.shim; do
        [ -d "$directory" ] || continue
        variant=$(basename "$directory" .shim)
        printf '%s %s\n' "$name" "$variant" >>"$work/starts"
        python3 "$here/starts.py" "$directory"/*.json >>"$work/starts" || status=1
    done
done
[ ! -f "$work/starts" ] || cat "$work/starts"
say "results: passed without us, under the shim, with it off; seconds of one run each, no measurement"
{
    printf 'NAME|VARIANT|COMPARED|PASSED|SHIM|OFF|FLAKY|SECONDS|SHIM|OFF|RESULT\n'
    [ ! -f "$work/table" ] || cat "$work/table"
} | awk -F'|' '{ printf "%-9s %-14s %8s %6s %6s %6s %5s %8s %8s %8s  %s\n",
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 }'
if [ -s "$work/flaky" ]; then
    say "not the same twice without us, and so not compared"
    cat "$work/flaky"
fi
[ $status -eq 0 ] || die "see above"
