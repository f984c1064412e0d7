#!/bin/sh
# What can be checked of patches/ without building a kernel: that they apply to Debian's source one
# by one, that the kernel's checkpatch.pl has nothing to say, and that the programs of selftest/ and
# bench/ compile.  Takes less than a minute.
#
#   test/kernel/check-patches.sh
#
# Exit status 77: only the programs were compiled, because this release has no such kernel source.
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
root=$(CDPATH='' cd -- "$here/../.." && pwd -P)
self=check-patches
# shellcheck source=../lib.sh
. "$root/test/lib.sh"
clean_environment

package=linux-source-6.12
sh "$root/cmake/deps.sh" --packages gcc libc6-dev patch perl xz-utils || die "packages"
work=$(mktemp -d "${TMPDIR:-/tmp}/spawn-template-patches.XXXXXX") || die "mktemp"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || die "$work"

status=0
for file in "$here"/selftest/*.c "$here"/bench/*.c; do
    gcc -std=c17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -I "$root/include" -c -o "$work/object" \
        "$file" || status=1
done

# Not every release has it, and it is of no use but for this.
archive=/usr/src/$package.tar.xz
sh "$root/cmake/deps.sh" --packages $package && [ -f "$archive" ] || {
    [ $status -eq 0 ] || die "see above"
    say "the selftests compile; the patches are not checked: $package is not to be had here"
    exit 77
}

# Only the files that are patched, and what checkpatch reads.
cat "$here"/patches/*.patch "$here"/patches-negative/*.patch |
    awk -v "top=$package" '
        /^--- / { from = $2 }
        /^\+\+\+ b\// {
            name = substr($2, 3)
            if (from == "/dev/null")
                made[name] = 1
            else if (!(name in made))
                print top "/" name
        }
    ' | sort -u >old
for file in checkpatch.pl spelling.txt const_structs.checkpatch; do
    printf '%s/scripts/%s\n' $package $file
done >>old
tar -xf "$archive" -T old || die "unpacking"
cd $package || die "$package"

# FILE_PATH_CHANGES asks for an entry in MAINTAINERS, which what is not submitted anywhere has not.
# ENOSYS: the selftest asks if the calls are there.
number=0
for patch in "$here"/patches/*.patch "$here"/patches-negative/*.patch; do
    name=$(basename "$patch")
    patch -f -p1 --fuzz=0 <"$patch" >patch.log || {
        cat patch.log
        die "$name does not apply"
    }
    # As it comes to be when Debian updates its source.
    ! grep -q ' (offset .*)' patch.log || say "$name: applies, but not at the same lines"
    perl scripts/checkpatch.pl --no-tree --strict --quiet --summary-file \
        --ignore FILE_PATH_CHANGES,ENOSYS "$patch" || {
        say "$name: checkpatch.pl complains"
        status=1
    }
    grep -q '^Signed-off-by: ' "$patch" || {
        say "$name: not signed off"
        status=1
    }
    # Each new file says under which terms it is.
    new=$(grep -c '^new file mode' "$patch")
    stated=$(grep -c '^+.*SPDX-License-Identifier: GPL-2.0-only' "$patch")
    [ "$stated" -ge $((new - $(grep -c '^+++ b/.*/config$' "$patch"))) ] || {
        say "$name: $new new files, and $stated licences"
        status=1
    }
    number=$((number + 1))
done
[ $number -ge 2 ] || die "no patches"

[ $status -eq 0 ] || die "see above"
say "$number patches apply and are clean; the selftests compile"
