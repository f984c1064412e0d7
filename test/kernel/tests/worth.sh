#!/bin/sh
# What templates and images are worth: the same small programs, each way (--icount: instructions)
# needs: build
set -u
# shellcheck source=../inside.sh
. "$ST_SOURCE/test/kernel/inside.sh"
SPAWN_TEMPLATE_KERNEL_NR=472,473
export SPAWN_TEMPLATE_KERNEL_NR
# One start at a time where the clock counts instructions; else means of many.
rounds=30
batch=1
if ! grep -q 'tsc_early_khz=1000000 ' /proc/cmdline; then
    rounds=15
    batch=20
fi

# Ticks of 4 ms are too coarse; they are what there is if the TSC could not be calibrated.
clock=$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)
case $clock in
    tsc* | kvm-clock) ;;
    *)
        printf 'the clock is %s: try --icount\n' "$clock"
        exit 77
        ;;
esac
gcc -std=c17 -D_GNU_SOURCE -O2 -o worth "$ST_SOURCE/test/kernel/bench/worth.c" -ldl || exit 1

# A root directory in memory: over 9p, each search for a file that is not there would be waited for.
programs='/bin/true /bin/sh /usr/bin/expr /bin/sed /usr/bin/as'
here=$PWD
root=/run/worth
mkdir -p $root/usr/bin $root/usr/sbin $root/usr/lib $root/usr/lib64 $root/etc $root/proc $root/dev \
    $root/sys $root/tmp $root/run "$root$here" "$root$ST_BUILD" "$root/$HOME"
for directory in bin sbin lib lib64; do
    ln -s usr/$directory $root/$directory
done
cp /etc/ld.so.cache /etc/passwd /etc/group $root/etc
# shellcheck disable=SC2086
{
    printf '%s\n' $programs
    ldd $programs "$command" "$ST_BUILD"/libexec/spawn-template/* ./worth |
        sed -n 's/.*[[:space:]]\(\/[^ ]*\) (0x.*/\1/p'
} | sort -u | while read -r file; do
    mkdir -p "$root${file%/*}"
    cp -L "$file" "$root$file" || exit 1
done || exit 1
mkdir -p $root/usr/lib/locale
[ ! -d /usr/lib/locale/C.utf8 ] || cp -r /usr/lib/locale/C.utf8 $root/usr/lib/locale
for directory in /proc /dev /sys /tmp "$ST_BUILD"; do
    mkdir -p "$root$directory" # the build may be below /tmp
    mount --bind "$directory" "$root$directory" || exit 1
done

# inside COMMAND...: in that root directory, and in this one.
inside()
{
    chroot $root /bin/sh -c 'cd "$1" && shift && exec "$@"' sh "$here" "$@"
}

# median FILE WAY
median()
{
    sed -n "s/^$2  *[0-9]* *\([0-9]*\) .*/\1/p" "$1"
}

# measure PROGRAM [ARGUMENT...]: all ways; every one has to end in the same way.
measure()
{
    # The first attempt may wait for files to be read; while all processors wait, --icount's clock
    # runs ahead, and says that it took too long.
    inside "$command" bake "$1" >bake.out 2>&1 || inside "$command" bake "$1" >bake.out 2>&1 ||
        wrong "$1: $(cat bake.out)"
    image=$(find "$HOME"/.cache/spawn-template/boot-*/images -type f -name "$(basename "$1")" | head -n 1)
    inside "$command" --engine=image --stats=worth.json ./worth "${rounds}x$batch" "${image:--}" "$@" \
        >worth.out || {
        wrong "$*: status $?"
        return
    }
    printf '\n%s\n' "$*"
    cat worth.out
    [ "$(awk '{ print $NF }' worth.out | sort -u | wc -l)" = 1 ] || wrong "$*: other wait statuses"
    # That each way was taken.
    for way in image kernel; do
        [ "$(stats worth.json $way)" -ge $rounds ] ||
            wrong "$*: $way $(stats worth.json $way) times, $(reasons worth.json)"
    done
    [ "$(both worth.json)" -ge $rounds ] || wrong "$*: both $(both worth.json) times"
    libc=$(median worth.out libc)
    tree=$(median worth.out 'tree libc')
    awk -v libc="$libc" -v tree="$tree" '
        function gain(base, name, value) {
            printf "  %s: %+.1f %% starts in the same time\n", name, (base / value - 1) * 100
        }
        /^vfork/ { gain(libc, "vfork against libc", $(NF - 3)); vfork = $(NF - 3) }
        /^template/ {
            gain(libc, "template against libc", $(NF - 3))
            gain(vfork, "template against vfork", $(NF - 3))
        }
        /^tree (kernel|image|both)/ { gain(tree, $1 " " $2 " against tree libc", $(NF - 3)) }
        /^both/ { gain(tree, "both, by the call itself, against tree libc", $(NF - 3)) }
    ' worth.out
    cat worth.out >"$ST_RESULTS/worth.$(basename "$1")"
}

measure /bin/true
measure /bin/sh -c :
measure /usr/bin/expr 1 + 2
measure /bin/sed --version
measure /usr/bin/as --version
finish
