#!/bin/sh
# Boot a kernel that has spawn_template_create() and spawn_template_spawn(), and run tests in it.
#
#   test/kernel/run.sh [OPTION]... [TEST...]
#   test/kernel/run.sh --list
#
# Without TEST: all that need no --build, and with --build all.
#
#   --build DIR      a build of the project; tests find a copy of it inside, at the same path
#   --timeout S      the most seconds that one boot may take; 900 by default
#   --part K/N       of the project's test cases only each Nth, from the Kth on: for as many boots,
#                    where one would take too long
#   --memory MB      of the guest; 2048 by default
#   --cpus N         of the guest; 2 by default
#   --kvm            use /dev/kvm; without it, the processor is emulated
#   --icount         one processor that takes 1 ns for each instruction, so that differences of
#                    clock_gettime() are numbers of instructions
#   --debug          a kernel with KASAN, lock checking and checks for sleeping where one must not
#   --append TEXT    more kernel parameters
#   --results DIR    keep the console logs, and what the tests leave in $ST_RESULTS
#   --shell          no tests; a shell in the guest
#   --kernel-only    build the kernel and the selftests, and boot nothing
#   --each-patch     build a kernel after each of the patches, to see that it can be; boot nothing.
#                    The last one is kept, as all are
#   --check-patches  build and boot nothing: do the patches apply, is the kernel's checkpatch.pl
#                    content, do the selftests compile
#   --list           the tests
#
# The kernel is Debian's linux-source-6.12 with patches/ and patches-negative/ and the options in
# config.  It is kept in ${XDG_CACHE_HOME:-~/.cache}/spawn-template-kernel, under a name that is a
# hash of all that it is made of.
#
# The guest's root directory is this machine's, read-only over 9p, so all its programs are there, at
# their paths.  /tmp, /run, /var/tmp and /dev/shm are the guest's own.
#
# A TEST is an executable file tests/NAME.sh.  It runs inside, as root, in an empty directory; exit
# status 0 is success, 77 skipped, everything else failure.  In its environment:
#
#   ST_SOURCE     the checkout (read-only)
#   ST_BUILD      a copy of the build given with --build, writable, at its own path; or empty
#   ST_SELFTEST   the directory of the programs made of selftest/*.c
#   ST_RESULTS    a directory; what is left there can be kept with --results
#   ST_PART       K/N as given with --part, or empty
#
# Two kinds of comment lines in it are for this script, each optional:
#
#   # needs: build          cannot run without --build
#   # boot: PARAMETER...    kernel parameters; tests with the same ones share a boot
#
# spawn_template.other=1 is such a parameter: system calls 472 and 473 are then not ours, but others
# that do nothing and return 0.  /sys/module/spawn_template/parameters counts calls either way.
#
# Exits with 1 if a test fails, or the kernel hangs, panics or reports a bug.
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
root=$(CDPATH='' cd -- "$here/../.." && pwd -P)
self=kernel
# shellcheck source=../lib.sh
. "$root/test/lib.sh"

package=linux-source-6.12
build=
limit=900
memory=2048
cpus=2
accel=tcg
icount=
flavour=plain
append=
results=
part=
mode=run
names=
while [ $# -gt 0 ]; do
    case $1 in
        --build | --timeout | --memory | --cpus | --append | --results | --part)
            [ $# -gt 1 ] || die "$1 needs a value"
            case $1 in
                --build) build=$2 ;;
                --timeout) limit=$2 ;;
                --memory) memory=$2 ;;
                --cpus) cpus=$2 ;;
                --append) append=$2 ;;
                --results) results=$2 ;;
                --part) part=$2 ;;
            esac
            shift
            ;;
        --kvm) accel=kvm ;;
        --icount)
            icount='-icount shift=0,align=off,sleep=off'
            cpus=1
            ;;
        --debug) flavour=debug ;;
        --shell) mode=shell ;;
        --kernel-only) mode=kernel ;;
        --each-patch) mode=each ;;
        --check-patches) exec sh "$here/check-patches.sh" ;;
        --list)
            for file in "$here"/tests/*.sh; do
                printf '%-16s %s\n' "$(basename "$file" .sh)" "$(sed -n '2s/^# *//p' "$file")"
            done
            exit 0
            ;;
        -*) die "no such option: $1" ;;
        *)
            [ -x "$here/tests/$1.sh" ] || die "no such test: $1; --list shows them"
            names="$names $1"
            ;;
    esac
    shift
done
case $part in
    '' | [1-9]/[1-9] | [1-9]/[1-9][0-9] | [1-9][0-9]/[1-9][0-9]) ;;
    *) die "--part $part: must be K/N" ;;
esac
[ $mode = shell ] || exec </dev/null
clean_environment
if [ -n "$build" ]; then
    build=$(CDPATH='' cd -- "$build" && pwd -P) || die "no such directory: $build"
fi

cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/spawn-template-kernel
work=$(mktemp -d "${TMPDIR:-/tmp}/spawn-template-kernel.XXXXXX") || die "mktemp"
trap 'rm -rf "$work" "$cache/build.$$"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$cache" || die "cannot make $cache"

# A comment line "# KEY: VALUE" of a test.
header()
{
    sed -n "s/^# $2: *//p" "$here/tests/$1.sh"
}

if [ -z "$names" ]; then
    for file in "$here"/tests/*.sh; do
        name=$(basename "$file" .sh)
        if [ -z "$build" ] && [ "$(header "$name" needs)" = build ]; then
            say "$name: left out, it needs --build"
            continue
        fi
        names="$names $name"
    done
else
    for name in $names; do
        [ -n "$build" ] || [ "$(header "$name" needs)" != build ] || die "$name needs --build"
    done
fi

#
# The kernel
#

# Everything that the kernel is made of, as one word.
kernel_hash()
{
    {
        dpkg-query -W -f='${Version}\n' $package
        gcc --version | head -n 1
        cat "$here"/patches/*.patch "$here"/patches-negative/*.patch "$here/config"
        [ $flavour = plain ] || cat "$here/config.$flavour"
    } | sha256sum | cut -c1-16
}

# kernel_make DIRECTORY: configure and build the source there.
kernel_make()
{
    cp "$here/config" fragment || return 1
    [ $flavour = plain ] || cat "$here/config.$flavour" >>fragment
    KCONFIG_ALLCONFIG=fragment make -s allnoconfig >"$1/config.log" 2>&1 || {
        cat "$1/config.log"
        return 1
    }
    # What depends on something that is missing is dropped without a word.  The last line counts.
    bad=0
    for line in $(awk -F= '/^CONFIG_/ { last[$1] = $0 } END { for (i in last) print last[i] }' fragment); do
        case $line in
            *=n) ! grep -q "^${line%n}[^n]" .config || bad=1 ;;
            *) grep -qx "$line" .config || bad=1 ;;
        esac
        [ $bad = 0 ] || {
            say "cannot have $line"
            return 1
        }
    done
    say "building; the log is $1/build.log"
    begin=$(date +%s)
    make -s -j"$(nproc)" vmlinux >"$1/build.log" 2>&1 || {
        tail -n 40 "$1/build.log"
        return 1
    }
    say "built in $(($(date +%s) - begin)) s"
}

# kernel_build DIRECTORY: unpack, patch, configure and build there; with --each-patch after each.
kernel_build()
(
    source=$1/$package
    mkdir -p "$1" && cd "$1" || exit 1
    say "unpacking"
    tar -xJf "/usr/src/$package.tar.xz" || exit 1
    cd "$source" || exit 1
    for patch in "$here"/patches/*.patch "$here"/patches-negative/*.patch; do
        say "$(basename "$patch")"
        patch -s -f -p1 <"$patch" || exit 1
        [ $mode != each ] || kernel_make "$1" || exit 1
    done
    [ $mode = each ] || kernel_make "$1"
)

kernel_get()
{
    vmlinux=$cache/$(kernel_hash)-$flavour/vmlinux
    [ $mode = each ] || [ ! -f "$vmlinux" ] || return 0
    # In the cache, because it takes 3 GB, and under a name of its own.
    kernel_build "$cache/build.$$" || die "building the kernel"
    mkdir -p "${vmlinux%/*}" || die "cannot make ${vmlinux%/*}"
    strip -g -o "$vmlinux.new.$$" "$cache/build.$$/$package/vmlinux" || die "strip"
    cp "$cache/build.$$/$package/.config" "${vmlinux%/*}/config"
    mv "$vmlinux.new.$$" "$vmlinux" || die "mv"
    rm -rf "$cache/build.$$"
}

#
# The programs of selftest/
#

# Statically linked, so that one can run as anybody, in any root directory.
selftest_get()
{
    mkdir -p "$work/selftest"
    for file in "$here"/selftest/*.c; do
        program=$work/selftest/$(basename "$file" .c)
        case $program in */common) continue ;; esac
        gcc -std=c17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -static -pthread \
            -I "$root/include" -o "$program" "$file" "$here/selftest/common.c" ||
            die "selftest: $file"
    done
}

#
# The guest
#

# boot NAME PARAMETERS TEST...: results in $work/NAME, the console in $work/NAME/console.
boot()
{
    boot_job=$work/$1
    boot_parameters=$2
    shift 2
    mkdir -p "$boot_job/results"
    cp -r "$work/selftest" "$boot_job/selftest"
    {
        printf "ST_SOURCE='%s'\n" "$root"
        printf "ST_BUILD='%s'\n" "$build"
        printf "ST_PART='%s'\n" "$part"
        printf "job_mode='%s'\n" "$mode"
        printf "job_tests='%s'\n" "$*"
    } >"$boot_job/job.sh"
    boot_cpu=max
    [ $accel = tcg ] || boot_cpu=host
    # The emulated TSC is this machine's, and cannot be calibrated by the guest.  With --icount it
    # counts nanoseconds; it would be measured with a clock that does not go evenly.  There, "rep
    # stosb" would count one instruction for each byte, and clearing pages be a fifth of a start.
    boot_khz=$(awk '/^cpu MHz/ { printf "%d\n", $4 * 1000; exit }' /proc/cpuinfo)
    if [ -n "$icount" ]; then
        boot_khz=1000000
        boot_cpu=max,erms=off,fsrm=off
    fi
    boot_clock=
    [ $accel != tcg ] || [ -z "$boot_khz" ] || boot_clock="tsc_early_khz=$boot_khz tsc=reliable"
    # Without ACPI the kernel knows of one processor a socket.
    set -- -M pc -accel $accel -cpu $boot_cpu -m "$memory" -smp "$cpus,sockets=$cpus" \
        -display none -nodefaults -no-reboot -kernel "$vmlinux" \
        -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
        -device virtio-9p-pci,fsdev=root,mount_tag=host \
        -fsdev "local,id=job,path=$boot_job,security_model=none" \
        -device virtio-9p-pci,fsdev=job,mount_tag=job \
        -object rng-random,id=rng,filename=/dev/urandom -device virtio-rng-pci,rng=rng \
        -append "console=ttyS0 root=host rootfstype=9p rootflags=trans=virtio,version=9p2000.L,cache=loose,msize=262144 ro init=$here/guest.sh panic=-1 reboot=t loglevel=5 $boot_clock $boot_parameters $append"
    # shellcheck disable=SC2086
    if [ $mode = shell ]; then
        qemu-system-x86_64 $icount "$@" -serial mon:stdio
    else
        timeout -k 5 "$limit" qemu-system-x86_64 $icount "$@" -serial "file:$boot_job/console.raw" \
            >"$boot_job/qemu.log" 2>&1
    fi
    boot_status=$?
    [ $mode = shell ] || tr -d '\r' <"$boot_job/console.raw" >"$boot_job/console"
    return $boot_status
}

# What the console says.  Fails unless all tests passed and the kernel has nothing to complain of.
verdict()
{
    verdict_log=$1/console
    verdict_bad=0
    if [ "$2" -eq 124 ]; then
        say "still running after $limit s"
        verdict_bad=1
    elif [ "$2" -ne 0 ]; then
        cat "$1/qemu.log"
        say "qemu ended with status $2"
        verdict_bad=1
    fi
    if grep -E 'BUG:|WARNING:|Oops|Kernel panic|INFO: (task|rcu)|possible recursive|lock held' \
        "$verdict_log"; then
        say "the kernel complains"
        verdict_bad=1
    fi
    grep '^== guest: all tests have run$' "$verdict_log" >"$work/ended" || {
        say "the guest did not get to its end"
        verdict_bad=1
    }
    ! grep -q '^== guest: .*: FAILED' "$verdict_log" || verdict_bad=1
    if [ $verdict_bad -ne 0 ]; then
        say "the end of the console log:"
        tail -n 120 "$verdict_log"
    fi
    return $verdict_bad
}

keep_results()
{
    [ -n "$results" ] || return 0
    mkdir -p "$results"
    cp -r "$1/results/." "$results/"
    cp "$1/console" "$results/console.$(basename "$1")"
}

sh "$root/cmake/deps.sh" --packages $package qemu-system-x86 gcc make patch bc bison flex \
    libelf-dev libssl-dev xz-utils binutils || die "packages"
kernel_get
[ $mode != each ] || exit 0
selftest_get
[ $mode != kernel ] || exit 0
if [ $mode = shell ]; then
    boot shell ''
    exit
fi

: >"$work/boots"
for name in $names; do
    header "$name" boot | grep . || printf '\n'
done | sort -u >"$work/boots"
status=0
number=0
begin=$(date +%s)
while IFS= read -r parameters <&3; do
    number=$((number + 1))
    set --
    for name in $names; do
        [ "$(header "$name" boot)" != "$parameters" ] || set -- "$@" "$name"
    done
    say "booting${parameters:+ with $parameters}: $*"
    boot "boot$number" "$parameters" "$@"
    verdict "$work/boot$number" $? || status=1
    keep_results "$work/boot$number"
    grep '^== guest: ' "$work/boot$number/console" >>"$work/lines"
done 3<"$work/boots"

count()
{
    grep -c "^== guest: .*: $1" "$work/lines"
}
grep -E '^== guest: .*: (passed|FAILED|skipped)' "$work/lines"
say "$(count passed) passed, $(count FAILED) failed, $(count skipped) skipped," \
    "$(($(date +%s) - begin)) s"
[ $status -eq 0 ] || die "see above"
