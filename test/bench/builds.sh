#!/bin/sh
# Whole builds, natively and with spawn-template: is what they make the same, and how long do they
# take?
#
#   test/bench/builds.sh [OPTION]... [BUILD-DIRECTORY] [NAME]...
#
#   --rounds N      time each way N times, in turn (5)
#   --keep          leave what was built last and all results, and say where
#   --list          the names
#
# Each is done in three ways, in a directory that has the same name each time:
#
#   native          without spawn-template
#   warm            with it, and images of all programs in its cache
#   cold            with it, and an empty cache: images are made while the command runs
#
# The sources are Debian's.  Prints medians and quartiles, ratios to native beside what we want
# them to be, and what was started how.  Exits with 1 if anything that was built differs.
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
self=builds
. "$root/test/lib.sh"
. "$root/test/upstream/source.sh"

# NAME PACKAGES GOAL-WARM GOAL-COLD: a goal is the ratio of native time to ours, at least.
all_builds='libuv-clang-ninja|libuv1|1.55|0.98
libuv-clang-make|libuv1|1.65|0.98
libuv-gcc-ninja|libuv1|1.10|0.98
libuv-gcc-make|libuv1|1.20|0.98
libuv-configure|libuv1|0.98|0.98
hello-configure|hello|1.25|1.15
starts-sh||0.98|0.98
starts-make||0.98|0.98
starts-git||0.98|0.98'
packages='gcc libc6-dev binutils clang make ninja-build cmake git python3-minimal'

rounds=5
keep=no
while [ $# -gt 0 ]; do
    case $1 in
        --rounds)
            [ $# -gt 1 ] || die "--rounds needs a number"
            rounds=$2
            shift
            ;;
        --keep) keep=yes ;;
        --list)
            printf '%s\n' "$all_builds" | cut -d'|' -f 1
            exit 0
            ;;
        -*) die "no such option: $1" ;;
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
[ $# -gt 0 ] || eval "set -- $(printf '%s\n' "$all_builds" | cut -d'|' -f 1 | tr '\n' ' ')"
for name; do
    printf '%s\n' "$all_builds" | grep -q "^$name|" || die "no such name: $name; --list shows them"
done
exec </dev/null
clean_environment
PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
build=$(CDPATH='' cd -- "$build" && pwd -P) || die "no such directory: $build"
command=$build/bin/spawn-template
[ -x "$command" ] || die "not built: $command"
jobs=$(nproc)

work=$(mktemp -d "${TMPDIR:-/tmp}/spawn-template-builds.XXXXXX") || die "mktemp"
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
HOME=$work/home
export HOME
mkdir "$HOME"
: >"$work/rows"

# prepare_NAME: what comes before the clock starts, natively, in a fresh copy of the source.
# command_NAME: sets the command that is timed, in `line`.
# results_NAME DIRECTORY: afterwards, what is to be compared.
prepare_libuv()
{
    case $1 in
        *-ninja) generator=Ninja ;;
        *) generator='Unix Makefiles' ;;
    esac
    case $1 in
        *-clang-*) compiler=clang ;;
        *) compiler=gcc ;;
    esac
    [ "$1" = libuv-configure ] ||
        cmake -S . -B out -G "$generator" -DCMAKE_C_COMPILER="$compiler" -DLIBUV_BUILD_TESTS=OFF
}

objects()
{
    find . \( -name '*.o' -o -name '*.a' -o -name '*.so*' \) -type f | LC_ALL=C sort |
        xargs sha256sum >"$1/sha256"
}

prepare()
{
    case $1 in
        libuv-*) prepare_libuv "$1" ;;
        starts-git)
            git init -q . && cp -R "$root/test" "$root/shim" . && git add . &&
                git -c user.name=a -c user.email=a@example.org commit -q -m first &&
                for file in test/*.sh; do echo >>"$file"; done
            ;;
        starts-make)
            {
                printf 'all: %s\n' "$(seq -s ' ' -f 't%.0f' 250)"
                printf 't%%: ; @echo $@ | sed s/t/T/ >out.$@; /bin/echo $(words $^) >>out.$@\n'
            } >Makefile
            ;;
        starts-sh)
            cat >script <<'END'
i=0
while [ $i -lt 50 ]; do
    i=$((i + 1))
    expr $i \* 2
    basename "/a/b/$i.c" .c
    echo "line $i" | sed "s/line/row/" | grep -c row
    ls -d / | tr / x
    cat script | head -n 1
    mkdir "d$i" && rmdir "d$i"
done >out
END
            ;;
    esac
}

# run NAME [PREFIX...]: the command that is timed.
run()
{
    run_name=$1
    shift
    case $run_name in
        libuv-configure)
            "$@" cmake -S . -B out -G Ninja -DCMAKE_C_COMPILER=gcc -DLIBUV_BUILD_TESTS=OFF
            ;;
        libuv-*-ninja) "$@" ninja -C out -j "$jobs" ;;
        libuv-*-make) "$@" make -C out -j "$jobs" ;;
        hello-configure) "$@" ./configure ;;
        starts-sh) "$@" sh script ;;
        starts-make) "$@" make -s -j "$jobs" ;;
        starts-git) "$@" sh -c 'for i in $(seq 40); do git status -s; git diff | wc -l; done >out' ;;
    esac
}

# keep_results NAME DIRECTORY: what is to be compared.
keep_results()
{
    case $1 in
        libuv-configure)
            (cd out && sed '/_CACHEFILE_DIR/d' CMakeCache.txt && cat build.ninja) >"$2/configured"
            grep -v 'done (' "$work/log" >"$2/said"
            ;;
        libuv-*) objects "$2" ;;
        hello-configure)
            (
                # For the function that takes times and process numbers out of a log.
                # shellcheck source=/dev/null
                . "$root/test/upstream/hello.sh"
                timeless <config.log >"$2/config.log"
            )
            cp config.h config.status Makefile "$2"
            cp "$work/log" "$2/said"
            ;;
        starts-make) cat out.t* >"$2/out" ;;
        starts-*) cp out "$2/out" ;;
    esac
}

fresh_source()
{
    rm -rf "$work/run"
    if [ -n "$source" ]; then
        cp -a "$work/source-$source" "$work/run"
    else
        mkdir "$work/run"
    fi
}

# once WAY: one round of $name; its seconds are added to the way's file.  The first round of a way
# decides what the results are, the later ones are compared with those of the first native one.
once()
{
    once_results=$work/results/$name/$1
    rm -rf "$once_results"
    mkdir -p "$once_results"
    fresh_source
    case $1 in
        native) set -- "$1" ;;
        warm)
            set -- "$1" "$command" --engine=image --cache-dir="$work/warm/$name" \
                --stats="$work/$name.$1.json" --
            ;;
        *)
            rm -rf "$work/cold"
            mkdir -m 700 "$work/cold"
            set -- "$1" "$command" --engine=image --cache-dir="$work/cold" \
                --stats="$work/$name.$1.json" --
            ;;
    esac
    cd "$work/run" || die "no $work/run"
    prepare "$name" >"$work/log" 2>&1 || {
        cat "$work/log"
        die "$name: preparing"
    }
    once_way=$1
    shift
    times >"$work/times.before"
    once_begin=$(date +%s%N)
    run "$name" "$@" >"$work/log" 2>&1
    once_status=$?
    once_end=$(date +%s%N)
    times >"$work/times.after"
    [ $once_status -eq 0 ] || tail -n 20 "$work/log"
    printf '%s\n' "$once_status" >"$once_results/status"
    keep_results "$name" "$once_results"
    awk "BEGIN { printf \"%.4f\n\", ($once_end - $once_begin) / 1e9 }" >>"$work/$name.$once_way.times"
    cpu_seconds >>"$work/$name.$once_way.cpu"
    cd "$work" || exit
}

# The user and system time of our children between the two calls of times.
cpu_seconds()
{
    awk -F'[ms ]+' '
        FNR == 2 { sum += (FILENAME ~ /after$/ ? 1 : -1) * ($1 * 60 + $2 + $3 * 60 + $4) }
        END { printf "%.4f\n", sum }' "$work/times.before" "$work/times.after"
}

same_as_native()
{
    diff -r -u -a "$work/results/$name/first" "$work/results/$name/$1" >"$work/$name.$1.diff" && return
    say "$name: $1 differs from native"
    head -n 40 "$work/$name.$1.diff"
    return 1
}

# Images of all programs that the command starts, into the warm cache.
warm_up()
{
    mkdir -p "$work/warm"
    mkdir -m 700 "$work/warm/$name"
    once cold
    rm -f "$work/$name.cold.times" "$work/$name.cold.cpu"
    python3 - "$work/$name.cold.json" >"$work/targets" <<'END'
import json, sys
for target in json.load(open(sys.argv[1]))["targets"]:
    if target["path"].startswith("/"):
        print(target["path"])
END
    while read -r target; do
        case $target in "$work"/*) continue ;; esac
        [ -x "$target" ] || continue
        "$command" --cache-dir="$work/warm/$name" bake "$target" 2>>"$work/$name.not-baked" >&2
    done <"$work/targets"
    [ ! -s "$work/$name.not-baked" ] || sed "s/^/   /" "$work/$name.not-baked"
}

# quartiles FILE: "median first third" of its numbers.
quartiles()
{
    sort -n "$1" | awk '
        function at(q,   x, i) {
            x = q * (n - 1) + 1
            i = int(x)
            return v[i] + (i < n ? (v[i + 1] - v[i]) * (x - i) : 0)
        }
        { v[++n] = $1 }
        END { printf "%.3f %.3f %.3f\n", at(0.5), at(0.25), at(0.75) }'
}

# row VERDICT: of $name, from what was measured.
row()
{
    printf '%s' "$name|$1|$goals" >>"$work/rows"
    for way in native warm cold; do
        printf '|%s' "$(quartiles "$work/$name.$way.times")" \
            "$(quartiles "$work/$name.$way.cpu")" >>"$work/rows"
    done
    printf '\n' >>"$work/rows"
}

measure()
{
    once native
    cp -R "$work/results/$name/native" "$work/results/$name/first"
    rm -f "$work/$name.native.times" "$work/$name.native.cpu"
    warm_up
    verdict=same
    round=0
    set -- native warm cold
    while [ $round -lt "$rounds" ]; do
        round=$((round + 1))
        for way; do
            once "$way"
            same_as_native "$way" || verdict=DIFFERENT
        done
        set -- "$2" "$3" "$1"
    done
    row "$verdict"
}

if [ "$(id -u)" -eq 0 ]; then
    # shellcheck disable=SC2086
    step "packages" sh "$root/cmake/deps.sh" --packages $packages
fi
mkdir -p "$work/results"
for name; do
    fields=$(printf '%s\n' "$all_builds" | grep "^$name|")
    source=$(printf '%s\n' "$fields" | cut -d'|' -f 2)
    goals=$(printf '%s\n' "$fields" | cut -d'|' -f 3-)
    if [ -n "$source" ] && ! [ -d "$work/source-$source" ]; then
        step "fetch Debian's source of $source" fetch_source "$source" "$work/source-$source"
    fi
    say "$name, $rounds rounds"
    measure
done

say "seconds, median and quartiles; ratios to native, and what they should be at least"
awk -F'|' '
    function seconds(field,   v) {
        split(field, v, " ")
        return sprintf("%s (%s-%s)", v[1], v[2], v[3])
    }
    function ratio(field, goal,   a, b, r) {
        split($native, a, " ")
        split(field, b, " ")
        r = a[1] / b[1]
        return sprintf("%.2f (%s)%s", r, goal, r < goal ? " missed" : "")
    }
    function median(field,   v) {
        split(field, v, " ")
        return sprintf("%.2f", v[1])
    }
    BEGIN {
        native = 5
        print "| build | outputs | native | warm | ratio (goal) | cold | ratio (goal) | CPU s: native, warm, cold |"
        print "|---|---|---:|---:|---:|---:|---:|---:|"
    }
    {
        printf "| %s | %s | %s | %s | %s | %s | %s | %s, %s, %s |\n", $1, $2, seconds($5),
            seconds($7), ratio($7, $3), seconds($9), ratio($9, $4), median($6), median($8),
            median($10)
    }' "$work/rows"
say "what was started, in the last round"
for name; do
    for way in warm cold; do
        python3 - "$name $way" "$work/$name.$way.json" <<'END'
import json, sys
stats = json.load(open(sys.argv[2]))
starts = stats["starts"]
print(f'{sys.argv[1]}: {starts["total"]} starts, {starts["image"]} image, {starts["kernel"]} kernel,'
      f' {starts["libc"]} libc; {stats["baked"]} baked, {stats["stale"]} stale;',
      ", ".join(f"{why} {count}" for why, count in stats["fallback"].items() if count) or "no fallback")
END
    done
done
! grep -q '|DIFFERENT|' "$work/rows"
