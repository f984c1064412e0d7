#!/bin/sh
# What is left of another boot is swept, and nothing else.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

id=$(cat /proc/sys/kernel/random/boot_id) || skip "no id of this boot"
# Of this form, and no boot's.
other=00000000-0000-4000-8000-000000000000

# Sessions: one whose leader lives is in use; the same of another boot is dead, whatever process has
# its leader's number now.
# shellcheck disable=SC2016
status "sessions" 0 "$command" --cache-dir=c sh -c '
    key=0123456789abcdef0123456789abcdef
    for name in session-1-alive session-1-other; do
        mkdir -m 700 "$2/$name" "$2/$name/images" "$2/$name/images/$key"
        cp "$SPAWN_TEMPLATE_CACHE/index" "$2/$name/index"
        cp /bin/true "$2/$name/images/$key/true"
    done
    at=$(grep -abo -m 1 "$3" "$2/session-1-other/index" | head -n 1)
    printf %s "$4" | dd of="$2/session-1-other/index" bs=1 seek="${at%%:*}" conv=notrunc 2>dd
    "$1" cache ls --json --cache-dir="$2" >before
    env -u LD_PRELOAD -u SPAWN_TEMPLATE -u SPAWN_TEMPLATE_CACHE "$1" --cache-dir="$2" true
    ls "$2" >after' sh "$command" "$work/c" "$id" "$other"
for name in alive other; do
    state=live
    [ $name != other ] || state=dead
    same "sessions: $name" "['$state']" "$(json before "[s['state']
        for d in j['directories'] for s in d['sessions'] if s['name'] == 'session-1-$name']")"
done
grep -qx session-1-alive after || fail "sessions: a live one was swept"
grep -qx session-1-other after && fail "sessions: one of another boot was not swept"
rm -rf c

# Images that were baked for a boot.
mkdir -m 700 c
"$command" --cache-dir=c bake /bin/true >out 2>&1 || skip "nothing is baked here: $(cat out)"
current=$(basename c/boot-*)
conditions=${current#boot-"$id"-}
same "boots: the name" "boot-$id-$conditions" "$current"
old=boot-$other-$conditions
for name in "$old" "boot-$other-0123456789abcdef" "boot-$id-0123456789abcdef"; do
    cp -a "c/$current" "c/$name"
done
# What only has such a name is not touched, nor what a link leads to.
cp -a "c/$current" target
ln -s ../target "c/boot-$other-1111111111111111"
cp -a "c/$current" "c/boot-$other-2222222222222222"
chmod 777 "c/boot-$other-2222222222222222"
cp -a "c/$current" "c/boot-$other-notes"
cp -a "c/$current" "c/boot-$other-3333333333333333"
touch "c/boot-$other-3333333333333333/somebody's"
status "boots: bake" 0 "$command" --cache-dir=c bake /bin/true
for name in "$old" "boot-$other-0123456789abcdef"; do
    [ ! -e "c/$name" ] || fail "boots: $name was not swept"
done
for name in "$current" "boot-$id-0123456789abcdef" "boot-$other-1111111111111111" \
    "boot-$other-2222222222222222" "boot-$other-notes"; do
    [ -n "$(find "c/$name/images/" -name true)" ] || fail "boots: $name was touched"
done
same "boots: what is somebody's" "somebody's" "$(ls -A "c/boot-$other-3333333333333333")"
status "boots: still used" 0 "$command" --cache-dir=c --stats=stats sh -c '/bin/true; exit $?'
same "boots: still used" True "$(json stats 'j["starts"]["image"] >= 1')"
chmod 700 "c/boot-$other-2222222222222222"
finish
