#!/bin/sh
# `spawn-template cache ls|clear|verify`.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

# left DIRECTORY: a session whose launcher was killed, with a start of /bin/true; its path.
left()
{
    # shellcheck disable=SC2016
    "$command" --cache-dir="$1" sh -c \
        '/bin/true; echo "$SPAWN_TEMPLATE_CACHE"; kill -KILL $PPID; while :; do :; done' 2>/dev/null
}

# Nothing yet.
status "nothing: ls" 0 "$command" cache ls
# The last candidate is not below our HOME.
[ -e "/var/tmp/spawn-template-$(id -u)" ] ||
    same "nothing: ls" "no cache directory exists yet" "$(cat out)"
status "nothing: clear" 0 "$command" cache clear --cache-dir="$work"
same "nothing: clear" "kept $work/home: not ours" "$(grep -v -e /out: -e /err: out)"
status "nothing: verify" 0 "$command" cache verify
for verb in ls verify; do
    status "nothing: $verb --json" 0 "$command" cache $verb --json
    same "nothing: $verb --json" 1 "$(json out 'j["version"]')"
done
[ ! -e "$HOME/.cache" ] || fail "nothing: something was made"

# Live and dead.
dead=$(left "$work/c")
[ -e "$dead/index" ] || fail "no dead session was left"
status "verify" 0 "$command" cache verify --cache-dir=c
status "live and dead" 0 "$command" cache ls --json --cache-dir=c
same "dead" "['dead']" "$(json out '[s["state"] for s in j["directories"][0]["sessions"]]')"
same "dead: what it is" "$(basename "$dead") 1 1" \
    "$(json out '"{name} {targets} {starts}".format(**j["directories"][0]["sessions"][0])')"
same "dead: size" True \
    "$(json out 'j["directories"][0]["bytes"] == j["directories"][0]["sessions"][0]["bytes"] > 0')"
same "dead: since" True \
    "$(json out "0 <= $(date +%s) - j['directories'][0]['sessions'][0]['since'] < 60")"
# The next session sweeps, so that the list of a live one is made from within.
# shellcheck disable=SC2016
status "live" 0 "$command" --cache-dir=c sh -c '/bin/true; /bin/true
    "$0" cache ls >text; "$0" cache ls --json; echo $PPID >leader' "$command"
same "live" "['live']" "$(json out '[s["state"] for s in j["directories"][0]["sessions"]]')"
same "live: leader" "$(cat leader)" "$(json out 'j["directories"][0]["sessions"][0]["leader"]')"
same "live: directory" "$work/c" "$(json out 'j["directories"][0]["path"]')"
grep -q "^$work/c: 1 sessions, " text || fail "text: $(cat text)"
grep -q "^  live  *session-$(cat leader)-" text || fail "text: $(cat text)"

# Foreign things are told apart, shown, and never touched: not the links either.
dead=$(left "$work/c")
mkdir -p c/directory c/session-x c/session-1- c/session-1-abcdef/more target/session
touch c/file c/index c/session-2-abcdef target/kept "$dead/extra"
ln -s "$work/target" c/session-3-abcdef
ln -s "$work/target/kept" c/link
mkdir -m 0777 c/session-4-abcdef
touch c/session-4-abcdef/index
touch -d '10 minutes ago' c/session-1-abcdef
status "clear with foreign things" 1 "$command" cache clear --cache-dir=c
for name in directory session-x session-1- file index link; do
    grep -qx "kept $work/c/$name: not ours" out || fail "clear: $name"
    [ -e "c/$name" ] || fail "clear: $name is gone"
done
for name in session-2-abcdef session-3-abcdef session-4-abcdef; do
    grep -qx "kept $work/c/$name: not ours, in spite of its name" out || fail "clear: $name"
    [ -e "c/$name" ] || fail "clear: $name is gone"
done
[ -e target/kept ] || fail "clear: followed a link"
[ -e c/session-4-abcdef/index ] || fail "clear: went into somebody else's directory"
grep -qx "kept $dead: emptied, but something that is not ours is in it" out || fail "clear: extra"
[ -e "$dead/extra" ] || fail "clear: extra is gone"
[ ! -e "$dead/index" ] || fail "clear: the index is still there"
status "ls with foreign things" 0 "$command" cache ls --cache-dir=c
grep -q "^  not ours  file$" out || fail "ls: file"
grep -q "^  foreign  *session-3-abcdef" out || fail "ls: session-3-abcdef"
status "verify with foreign things" 1 "$command" cache verify --cache-dir=c
grep -q "session-4-abcdef: WRONG.*but is not ours alone" out || fail "verify: session-4-abcdef"
rm -rf c

# What is in use stays; what is dead goes, and that is said.
a=$(left "$work/c")
# shellcheck disable=SC2016
status "clear" 0 "$command" --cache-dir=c sh -c '
    mkdir "$1" && touch "$1/environment" && touch -d "10 minutes ago" "$1"
    cp "$SPAWN_TEMPLATE_CACHE/index" "$1/index"
    "$0" cache clear --cache-dir=c; "$0" cache clear --cache-dir=c --json >again' "$command" "$work/c/session-2147483647-abcdef"
[ ! -e "$a" ] || fail "clear: not swept"
# The copy's leader is that of the live one: alive, and so the copy is live.
same "clear: in use" 2 "$(grep -c ': in use$' out)"
same "clear: in use, JSON" "0 2" "$(json again 'str(len(j["removed"])) + " " + str(len(j["kept"]))')"
status "clear afterwards" 0 "$command" cache clear --cache-dir=c
same "clear afterwards" "removed $work/c/session-2147483647-abcdef" "$(cat out)"
dead=$(left "$work/c")
status "clear, JSON" 0 "$command" cache clear --json --cache-dir=c
same "clear, JSON" "['$dead'] []" "$(json out '[r["path"] for r in j["removed"]], j["kept"]' |
    sed "s/^(\(.*\), \(\[.*\]\))\$/\1 \2/")"

# Verify: what is wrong with an index.
status "verify: nothing" 0 "$command" cache verify --cache-dir=c
cp /bin/true program
# shellcheck disable=SC2016
"$command" --cache-dir=c sh -c "$work/program; /bin/true; "'echo "$SPAWN_TEMPLATE_CACHE" >dead
    kill -KILL $PPID; while :; do :; done' 2>/dev/null
dead=$(cat dead)
status "verify: all well" 0 "$command" cache verify --cache-dir=c
grep -q "$(basename "$dead"): ok, 2 programs" out || fail "verify: $(cat out)"
cp program other && mv other program
status "verify: replaced" 1 "$command" cache verify --cache-dir=c
grep -qx "    stale: $work/program" out || fail "verify: replaced: $(cat out)"
rm program
status "verify: removed" 1 "$command" cache verify --json --cache-dir=c
same "verify: removed" "False ['$work/program']" "$(json out \
    'str(j["ok"]) + " " + str([t["path"] for t in j["directories"][0]["sessions"][0]["stale"]])')"

# damage OFFSET BYTES: in a copy of the index.
cp "$dead/index" good
damage()
{
    cp good "$dead/index"
    # shellcheck disable=SC2059
    printf "$2" | dd of="$dead/index" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
damage 0 'X'
status "verify: no magic" 1 "$command" cache verify --cache-dir=c
grep -q 'WRONG.*no index of this version' out || fail "verify: no magic: $(cat out)"
damage 8 '\377'
status "verify: another version" 1 "$command" cache verify --cache-dir=c
cp good "$dead/index"
truncate -s 4096 "$dead/index"
status "verify: cut" 1 "$command" cache verify --cache-dir=c
chmod 644 "$dead/index"
status "verify: not private" 1 "$command" cache verify --cache-dir=c
# One that was killed before it had written anything is no worse than one that is just beginning.
rm -f "$dead/index"
(umask 077 && : >"$dead/index")
status "verify: empty" 0 "$command" cache verify --cache-dir=c
truncate -s "$(wc -c <good)" "$dead/index"
status "verify: only zeros" 0 "$command" cache verify --cache-dir=c
# Slots of 512 bytes behind the first page, each beginning with its generation; odd is unfinished.
rm -f "$dead/index"
cp good "$dead/index"
chmod 600 "$dead/index"
damage 4096 '\001'
status "verify: unfinished" 1 "$command" cache verify --json --cache-dir=c
same "verify: unfinished" True \
    "$(json out 'j["directories"][0]["sessions"][0]["unfinished"] >= 1')"
rm "$dead/index"
touch -d '10 minutes ago' "$dead"
status "clear what is broken" 0 "$command" cache clear --cache-dir=c

# All cache directories are looked at, each once.
mkdir -p x y
left "$work/x/spawn-template" >/dev/null
XDG_CACHE_HOME=$work/x
XDG_RUNTIME_DIR=$work/y
export XDG_CACHE_HOME XDG_RUNTIME_DIR
left "$work/y/spawn-template" >/dev/null
status "several" 0 "$command" cache ls --json
same "several" "['$work/y/spawn-template', '$work/x/spawn-template']" \
    "$(json out "[d['path'] for d in j['directories'] if d['path'].startswith('$work')]")"
XDG_CACHE_HOME=$XDG_RUNTIME_DIR
status "the same twice" 0 "$command" cache ls --json
same "the same twice" 1 \
    "$(json out "len([d for d in j['directories'] if d['path'].startswith('$work')])")"
chmod 777 y/spawn-template
status "one that cannot be used" 0 "$command" cache ls
grep -q "^$work/y/spawn-template: not used: it belongs to somebody else" out ||
    fail "one that cannot be used: $(cat out)"
finish
