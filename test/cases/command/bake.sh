#!/bin/sh
# `spawn-template bake`: images for the boot, and what sessions make of them; images in the cache.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

images_work || skip "no images on this machine; see spawn-template doctor"

boots() # the directories of this boot's images
{
    find "$cache" -mindepth 1 -maxdepth 1 -name 'boot-*' | LC_ALL=C sort
}

# verify WHAT: all is well in the cache.
verify()
{
    status "$1: verify" 0 "$command" cache verify
}

# A start-up that never ends is given up, after a while; that is waited for at the end.
cat >endless.c <<'C'
void endless(void);
void endless(void) {}
__attribute__((constructor)) static void act(void) { for (;;) __asm__ volatile("pause"); }
C
# shellcheck disable=SC2086
${CC:-cc} -shared -fPIC -o libendless.so endless.c || fail "libendless.so cannot be made"
echo 'int main(void) { return 0; }' >main.c
# shellcheck disable=SC2086
${CC:-cc} -o endless main.c -Wl,--no-as-needed,-rpath,"$work" -L. -lendless ||
    fail "endless cannot be made"
"$command" --cache-dir="$work/endless-cache" bake ./endless >endless.out 2>endless.err &
endless=$!

# One line for each, and the second time nothing is done.
status "bake" 0 "$command" bake true /bin/cat sed
silent "bake"
same "bake: lines" 3 "$(grep -cE '^/.*: [0-9]+ KB$' out)"
grep -q "^/bin/cat: " out || fail "bake: not by the path given: $(cat out)"
grep -q "^$(command -v sed): " out || fail "bake: not by the path in PATH: $(cat out)"
verify "bake"

# One who was killed while making the index is in nobody's way; nor is a limit that forbids it.
status "half" 0 "$command" --cache-dir="$work/half" bake true
rm -rf "$work"/half/boot-*/images
truncate -s 100 "$work"/half/boot-*/index
status "half: again" 0 "$command" --cache-dir="$work/half" bake true
status "half: verify" 0 "$command" cache verify --cache-dir="$work/half"
# shellcheck disable=SC2016
status "no file" 1 sh -c 'ulimit -f 100; "$0" --cache-dir="$1" bake true' "$command" "$work/none"
same "no file: left" "" "$(find "$work/none" -mindepth 1)"
same "bake: directories" 1 "$(boots | wc -l)"
boot=$(boots)
same "bake: modes" "700 700 600" \
    "$(stat -c %a "$boot" "$boot/images" "$boot/index" | tr '\n' ' ' | sed 's/ $//')"
same "bake: modes of images" "500 500 500" \
    "$(stat -c %a "$boot"/images/*/* | tr '\n' ' ' | sed 's/ $//')"
same "bake: modes of their directories" "700 700 700" \
    "$(stat -c %a "$boot"/images/* | tr '\n' ' ' | sed 's/ $//')"
# libc is copied, once for all.
# libc.so.6, or libc-2.31.so.
same "bake: copies" "400" "$(stat -c %a "$boot"/code/*/libc[.-]*)"
same "bake: modes of their directories" "700" "$(stat -c %a "$boot/code" "$boot"/code/* | sort -u)"
status "bake: use of a copy" 0 "$command" sh -c '/bin/cat /proc/self/maps; :'
same "bake: use of a copy" 1 "$(grep -c "/$(basename "$boot")/code/.*/libc[.-][^/]*$" out)"
stat -c '%i %.Z' "$boot"/images/*/* "$boot"/code/*/* >before
status "twice" 0 "$command" bake true /bin/cat sed
same "twice: lines" 3 "$(grep -c ': has an image already$' out)"
stat -c '%i %.Z' "$boot"/images/*/* "$boot"/code/*/* | cmp -s before - || fail "twice: it was baked again"

# From the first start on.
# shellcheck disable=SC2016
status "first start" 0 "$command" --stats=s.json sh -c '/bin/cat /dev/null; sed -n p /dev/null; :'
same "first start" "2 2" "$(json s.json 'str(j["starts"]["image"]) + " " + str(j["starts"]["total"])')"
same "first start: what is listed" "['none']" \
    "$(json s.json 'sorted({t["verdict"] for t in j["targets"]})')"
same "those not started are not listed" 2 "$(json s.json 'len(j["targets"])')"
status "table" 0 "$command" --stats sh -c '/bin/cat /dev/null; :'
grep -q '^spawn-template: 1 starts in [0-9.]* s: 1 image, 0 kernel, 0 libc; images: 0 baked, 0 stale$' err ||
    fail "table: $(cat err)"
[ "$(grep -c '/cat$\|/sed$' err)" -eq 1 ] || fail "table: a program that was not started"
for engine in off kernel; do
    status "engine $engine" 0 "$command" --engine=$engine --stats=s.json sh -c '/bin/cat /dev/null; :'
    same "engine $engine" 0 "$(json s.json 'j["starts"]["image"]')"
done
status "engine image" 0 "$command" --engine=image --stats=s.json sh -c '/bin/cat /dev/null; :'
same "engine image" 1 "$(json s.json 'j["starts"]["image"]')"
# shellcheck disable=SC2016
same "in a shell after env" 1 "$(sh -c 'eval "$("$0" env --shell=sh)"
    sh -c "/bin/cat /dev/null; :"; "$0" stats --json >s.json; eval "$("$0" env --off --shell=sh)"' \
    "$command" </dev/null && json s.json \
    '[t["image"] for t in j["targets"] if t["path"] == "/bin/cat"][0]')"
# A session with other conditions has no use for them, and nothing goes wrong.
status "other variables" 0 env MALLOC_ARENA_MAX=1 "$command" --stats=s.json sh -c '/bin/cat /dev/null; :'
same "other variables" 0 "$(json s.json 'j["starts"]["image"]')"
status "other variables: bake" 0 env MALLOC_ARENA_MAX=1 "$command" bake /bin/cat
same "other variables: directories" 2 "$(boots | wc -l)"
status "other variables: after that" 0 env MALLOC_ARENA_MAX=1 "$command" --stats=s.json sh -c \
    '/bin/cat /dev/null; :'
same "other variables: after that" 1 "$(json s.json 'j["starts"]["image"]')"

# A script: its interpreter is started from the image, with the script for an argument.
# shellcheck disable=SC2016
printf '#!/bin/sh -e\necho "$0" "$@"; false; echo not here\n' >script
chmod 755 script
status "script" 0 "$command" bake ./script
same "script" 1 "$(grep -cE "^$work/script: [0-9]+ KB\$" out)"
# shellcheck disable=SC2016
status "script: use" 1 "$command" --stats=s.json sh -c '"$0" a "b  c"; exit' "$work/script"
same "script: use" "$work/script a b  c" "$(cat out)"
same "script: by its image" 1 "$(json s.json \
    '[t["image"] for t in j["targets"] if t["path"].endswith("/script")][0]')"

# What cannot be baked is said, in one line, and the rest is baked.
printf '#!/no/such/interpreter\n' >orphan
cp /bin/true setuid
chmod 755 orphan
chmod 4755 setuid
ineligible_library libineligible.so || fail "libineligible.so cannot be made"
# shellcheck disable=SC2086
${CC:-cc} -o ineligible main.c -Wl,--no-as-needed,-rpath,"$work" -L. -lineligible ||
    fail "ineligible cannot be made"
for case in "orphan: " "setuid: set-user-id" "ineligible: system call"; do
    status "bad ${case%%:*}" 1 "$command" bake "./${case%%:*}"
    one_line "bad ${case%%:*}" "${case#*: }"
    one_line "bad ${case%%:*}" "bake $work/${case%%:*}: no image: "
    [ ! -s out ] || fail "bad ${case%%:*}: $(cat out)"
done
status "some bad" 1 "$command" bake ./orphan ./setuid ./ineligible /bin/echo
same "some bad: lines" "3 1" "$(wc -l <err) $(grep -c '^/bin/echo: [0-9]* KB$' out)"
for bad in ./missing no-such-program /usr ''; do
    status "missing '$bad'" 2 "$command" bake /bin/ls "$bad"
    one_line "missing '$bad'" "bake $bad: no such program"
    [ ! -s out ] || fail "missing '$bad': $(cat out)"
done
verify "bad"
# Nothing is left of them.
same "bad: directories" "$("$command" cache ls --json | sed -n 's/.*"key": *"\([^"]*\)".*/\1/p' | sort)" \
    "$(find "$cache" -path '*/images/*' -type d -printf '%f\n' | sort)"
# Ineligible in a session: counted with that reason.
# shellcheck disable=SC2016
status "ineligible" 0 "$command" --stats=s.json sh -c \
    'n=0; while [ $n -lt 100 ]; do n=$((n + 1)); "$0"; sleep 0.02; done' "$work/ineligible"
same "ineligible" "0 ineligible" "$(json s.json \
    '["{image} {verdict}".format(**t) for t in j["targets"] if t["path"].endswith("ineligible")][0]')"

# Many at a time, the same and others: each is whole, and one of them baked it.
for i in 1 2 3 4; do
    "$command" bake /bin/ls /bin/mv "/bin/$(echo 'cp ln rm dd' | cut -d' ' -f$i)" >"out$i" 2>&1 &
    eval "pid$i=\$!"
done
for i in 1 2 3 4; do
    eval "wait \$pid$i" || fail "parallel: $i: $(cat out$i)"
done
same "parallel: ls" "1 3" \
    "$(cat out1 out2 out3 out4 | grep -c '^/bin/ls: [0-9]') $(cat out1 out2 out3 out4 | grep -c '^/bin/ls: has')"
verify "parallel"

# A replaced program: its image is stale, is not used, and is made anew by bake.
cp /bin/cat tool
status "replaced" 0 "$command" bake ./tool
cp tool tool.new && mv tool.new tool
status "replaced: ls" 0 "$command" --verbose cache ls
grep -qF "  $work/tool; stale: $work/tool was replaced or changed" out || fail "replaced: ls: $(cat out)"
status "replaced: ls, JSON" 0 "$command" cache ls --json
same "replaced: ls, JSON" "[(False, '$work/tool')]" "$(json out \
    '[(i["fresh"], i["stale"]) for d in j["directories"] for b in d["boots"] for i in b["images"] if not i["fresh"]]')"
status "replaced: verify" 1 "$command" cache verify
grep -qF "    stale image: $work/tool: $work/tool was replaced or changed" out ||
    fail "replaced: verify: $(cat out)"
status "replaced: use" 0 "$command" --stats=s.json sh -c "$work/tool /dev/null; :"
same "replaced: use" 0 "$(json s.json 'j["starts"]["image"]')"
status "replaced: bake" 0 "$command" bake ./tool
grep -qE "^$work/tool: [0-9]+ KB$" out || fail "replaced: bake: $(cat out)"
rm tool
status "clear" 0 "$command" cache clear
same "clear" 0 "$(boots | wc -l)"

# What is in the cache, and what is wrong with it.
status "bake again" 0 "$command" bake /bin/cat /bin/true
boot=$(boots)
status "ls" 0 "$command" cache ls --json
same "ls: keys" "['name', 'state', 'bytes', 'since', 'images', 'code']" \
    "$(json out 'list(j["directories"][0]["boots"][0])')"
same "ls: state, images" "current ['/bin/cat', '/bin/true']" "$(json out \
    'j["directories"][0]["boots"][0]["state"] + " " + str([i["path"] for i in j["directories"][0]["boots"][0]["images"]])')"
same "ls: bytes" True "$(json out \
    'j["directories"][0]["bytes"] >= sum(i["bytes"] for i in j["directories"][0]["boots"][0]["images"]) > 0')"
same "ls: since" True "$(json out "0 <= $(date +%s) - j['directories'][0]['boots'][0]['since'] < 60")"
same "ls: code" True "$(json out '(lambda b: b["code"]["files"] >= 1 and b["bytes"] > b["code"]["bytes"] > 1 << 20)(
    j["directories"][0]["boots"][0])')"
status "ls: text" 0 "$command" cache ls
grep -q ' MiB of code copied, since ' out || fail "ls: text: $(cat out)"
image=$(echo "$boot"/images/*/cat)
copy=$(echo "$boot"/code/*/libc[.-]*)
key=$(basename "$(dirname "$image")")
# wrong WHAT: verify says so, and finds all well after UNDO.
wrong()
{
    status "wrong: $1" 1 "$command" cache verify
    grep -qF -- "$2" out || fail "wrong: $1: $(cat out)"
    status "wrong: $1, JSON" 1 "$command" cache verify --json
    same "wrong: $1, JSON" False "$(json out 'j["directories"][0]["boots"][0]["ok"]')"
}
chmod 700 "$image"
wrong "mode" "images/$key/cat has another mode than 0500"
chmod 500 "$image"
chmod 755 "$boot/images"
wrong "mode of a directory" "    images has another mode than 0700"
chmod 700 "$boot/images"
chmod 600 "$copy"
wrong "mode of a copy" "${copy#"$boot"/} has another mode than 0400"
chmod 400 "$copy"
touch "$(dirname "$copy")/.unfinished"
wrong "copy unfinished" "/.unfinished was left unfinished"
rm "$(dirname "$copy")/.unfinished"
touch "$boot/images/$key/.unfinished"
wrong "unfinished" "images/$key/.unfinished was left unfinished"
rm "$boot/images/$key/.unfinished"
touch "$boot/images/extra"
wrong "foreign file" "images/extra is not ours"
rm "$boot/images/extra"
touch "$boot/extra"
wrong "foreign file above" "    extra is not ours"
rm "$boot/extra"
cp "$image" saved
chmod 700 "$image"
truncate -s 8192 "$image"
chmod 500 "$image"
wrong "cut" "images/$key/cat is no image of this version, or damaged"
rm "$image"
wrong "missing" "/bin/cat has no image, but the index has one"
cp "$boot"/images/*/true "$image"
wrong "exchanged" "images/$key/cat is the image of another program"
rm -f "$image"
cp saved "$image"
chmod 500 "$image"
verify "mended"
cp "$boot/index" index
printf X | dd of="$boot/index" bs=1 conv=notrunc 2>/dev/null
wrong "index" "it has no index of this version"
# Nobody uses what has no index, and nobody is hurt.
status "index: use" 0 "$command" --stats=s.json sh -c '/bin/cat /dev/null; :'
same "index: use" 0 "$(json s.json 'j["starts"]["image"]')"
cat index >"$boot/index"
verify "index mended"

# A damaged image, or none, costs nothing but the gain.
cp "$image" saved
chmod 700 "$image"
: >"$image"
chmod 500 "$image"
status "empty image" 0 "$command" sh -c 'echo fine | /bin/cat'
same "empty image" fine "$(cat out)"
rm -f "$image"
status "no image" 0 "$command" sh -c 'echo fine | /bin/cat'
same "no image" fine "$(cat out)"
cp saved "$image"
chmod 500 "$image"

# What is cleared under a session is missed by nobody.
# shellcheck disable=SC2016
status "cleared" 0 "$command" --stats=s.json sh -c 'echo a | /bin/cat; "$0" cache clear >cleared
    for i in 1 2 3; do echo $i | /bin/cat; sleep 0.05; done' "$command"
same "cleared" "a 1 2 3" "$(tr '\n' ' ' <out | sed 's/ $//')"
grep -qx "removed $boot" cleared || fail "cleared: $(cat cleared)"
grep -q "^kept $cache/session-.*: in use$" cleared || fail "cleared: $(cat cleared)"

# Of another boot: swept by the next bake, and shown as such until then; foreign ones are left.
mkdir -m 700 "$cache/boot-00000000-0000-0000-0000-000000000000-0123456789abcdef" "$cache/boot-x"
mkdir -m 777 "$cache/boot-00000000-0000-0000-0000-000000000001-0123456789abcdef"
chmod 777 "$cache/boot-00000000-0000-0000-0000-000000000001-0123456789abcdef"
status "old" 0 "$command" cache ls
grep -q '^  old boot  boot-00000000-0000-0000-0000-000000000000-' out || fail "old: $(cat out)"
grep -q '^  not ours  boot-x$' out || fail "old: $(cat out)"
status "old: bake" 0 "$command" bake /bin/cat
[ ! -e "$cache/boot-00000000-0000-0000-0000-000000000000-0123456789abcdef" ] || fail "old: not swept"
status "foreign" 1 "$command" cache verify
grep -q 'boot-00000000-0000-0000-0000-000000000001-.*: WRONG.*not ours alone' out ||
    fail "foreign: $(cat out)"
status "foreign: clear" 0 "$command" cache clear
grep -q 'boot-00000000-0000-0000-0000-000000000001-.*: not ours, in spite of its name$' out ||
    fail "foreign: $(cat out)"
[ -d "$cache/boot-x" ] || fail "foreign: boot-x is gone"
rm -r "$cache"/boot-*

# In another cache directory; and in one that does not obey the rules.
status "--cache-dir" 0 "$command" --cache-dir=other bake /bin/cat
status "--cache-dir, again" 0 "$command" bake --cache-dir=other /bin/cat
grep -q ': has an image already$' out || fail "--cache-dir, again: $(cat out)"
status "--cache-dir: use" 0 "$command" --cache-dir=other --stats=s.json sh -c '/bin/cat /dev/null; :'
same "--cache-dir: use" 1 "$(json s.json 'j["starts"]["image"]')"
same "--cache-dir: not elsewhere" 0 "$(boots | wc -l)"
mkdir -m 777 open
chmod 777 open
status "--cache-dir=open" 2 "$command" --cache-dir=open bake /bin/cat
one_line "--cache-dir=open" "--cache-dir=open: "

# A session's own images are listed, and go with it.
# shellcheck disable=SC2016
status "session" 0 "$command" sh -c 'tries=400
    until "$0" --verbose cache ls >text && grep -q "KiB .* /bin/cat\$" text || [ $tries -eq 0 ]; do
        /bin/cat /dev/null; tries=$((tries - 1)); sleep 0.05
    done
    "$0" cache ls --json' "$command"
same "session" True "$(json out \
    '"/bin/cat" in [i["path"] for i in j["directories"][0]["sessions"][0]["images"] if i["fresh"]]')"
grep -qE '^  live .* starts, [0-9]+ images, .* of code copied, leader ' text || fail "session: $(cat text)"
grep -qE '^ .* KiB  .*  /bin/cat$' text || fail "session: $(cat text)"
same "no session is left" 0 "$(sessions)"

wait $endless
same "endless: status" 1 $?
mv endless.err err
one_line "endless" "its start-up takes too long"
status "endless: verify" 0 "$command" cache verify --cache-dir=endless-cache
same "endless: nothing is left" 0 "$(find endless-cache -path '*/images/*' | wc -l)"
finish
