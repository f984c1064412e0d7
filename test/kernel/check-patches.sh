#!/bin/sh
# What can be checked of patches/ without building a kernel: that they apply to Debian's source one
# by one, without fuzz, that the kernel's checkpatch.pl has nothing to say, and that the programs of
# selftest/ and bench/ compile.  Takes less than a minute.
#
#   test/kernel/check-patches.sh
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
root=$(CDPATH='' cd -- "$here/../.." && pwd -P)
self=check-patches
# shellcheck source=../lib.sh
. "$root/test/lib.sh"
clean_environment

package=linux-source-6.12
sh "$root/cmake/deps.sh" --packages $package gcc libc6-dev patch perl xz-utils || die "packages"
work=$(mktemp -d "${TMPDIR:-/tmp}/spawn-template-patches.XXXXXX") || die "mktemp"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || die "$work"

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
tar -xf "/usr/src/$package.tar.xz" -T old || die "unpacking"
cd $package || die "$package"

# FILE_PATH_CHANGES asks for an entry in MAINTAINERS, which what is not submitted anywhere has not.
# ENOSYS: the selftest asks if the calls are there.
status=0
number=0
for patch in "$here"/patches/*.patch "$here"/patches-negative/*.patch; do
    name=$(basename "$patch")
    patch -s -f -p1 --fuzz=0 <"$patch" || die "$name does not apply"
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
[ -z "$(find . -name '*.orig' -o -name '*.rej')" ] || die "a patch applies only with an offset"
[ $number -ge 2 ] || die "no patches"

for file in "$here"/selftest/*.c "$here"/bench/*.c; do
    gcc -std=c17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -I "$root/include" -c -o "$work/object" \
        "$file" || status=1
done
[ $status -eq 0 ] || die "see above"
say "$number patches apply and are clean; the selftests compile"
