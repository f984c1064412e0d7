#!/bin/sh
# `spawn-template doctor`.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

check() # NAME: state and findings of the checks of this name, from JSON
{
    json out "' | '.join(c['state'] + ' ' + c['found'] for c in j['checks'] if c['name'] == '$1')"
}

status "doctor" 0 "$command" doctor
silent "doctor"
grep -qx 'spawn-template works here.' out || fail "doctor: does not work: $(cat out)"
# Each line of findings is followed by what follows.
same "what follows" "$(grep -cE '^(ok|note|bad) ' out)" "$(grep -c '^  *-> .' out)"
status "JSON" 0 "$command" doctor --json
same "JSON: works" True "$(json out 'j["works"]')"
same "JSON: states" "[]" "$(json out '[c for c in j["checks"] if c["state"] == "bad"]')"
same "JSON: form" "[['state', 'name', 'found', 'follows']]" \
    "$(json out '[list(k) for k in {tuple(c) for c in j["checks"]}]')"
same "trial" "ok sh started 2 programs, and as many were counted" "$(check trial)"
same "session" "note none in effect" "$(check session)"
same "kernel" "note not asked for" "$(check 'engine kernel')"
# A program was baked here, and started; where that is not possible it is said why.
check 'engine image' >image
if grep -q '^ok ' image; then
    grep -qE '^ok /bin/cat was baked in [0-9]+ ms, and started from its image of [0-9]+ KB$' image ||
        fail "image: $(cat image)"
else
    grep -qE '^note /bin/cat .' image || fail "image: $(cat image)"
fi
for name in /proc ptrace SELinux AppArmor; do
    same "$name" 1 "$(json out "len([c for c in j['checks'] if c['name'] == '$name'])")"
done
status "engine off" 0 "$command" --engine=off doctor --json
same "engine off" True "$(json out "[c['follows'] for c in j['checks']
    if c['name'] == 'engine image'][0] != 'used for programs that are started again and again'")"
same "LD_PRELOAD" "ok empty" "$(check LD_PRELOAD)"
same "four candidates" 4 \
    "$(json out 'len([c for c in j["checks"] if c["name"] == "cache directory"])')"

# Numbers that belong to nobody, or to a harmless call: said, and not used.
status "numbers" 0 env SPAWN_TEMPLATE_KERNEL_NR=4094,4095 "$command" doctor --json
same "numbers" "note system call 4094 is not spawn_template_create(): Function not implemented" \
    "$(check 'engine kernel')"

# Candidates one by one.
mkdir -p runtime xdg/spawn-template
chmod 777 xdg/spawn-template
status "candidates" 0 env XDG_RUNTIME_DIR="$work/runtime" XDG_CACHE_HOME="$work/xdg" \
    "$command" doctor --json
check 'cache directory' | grep -qF "note \$XDG_RUNTIME_DIR: $work/runtime/spawn-template: it does not exist | note \$XDG_CACHE_HOME: $work/xdg/spawn-template: it belongs to somebody else, or others may write to it" ||
    fail "candidates: $(check 'cache directory')"
status "--cache-dir" 0 "$command" --cache-dir=c doctor --json
same "--cache-dir" "note $work/c: it does not exist" "$(check --cache-dir)"
status "--cache-dir" 0 "$command" doctor --cache-dir=c --json
same "--cache-dir, again" "ok $work/c" "$(check --cache-dir)"

# Within a session, and beside other preloads.
# shellcheck disable=SC2016
status "in a session" 0 env LD_PRELOAD=libm.so.6 "$command" "$command" -- sh -c \
    '"$0" doctor --json; echo "$SPAWN_TEMPLATE_CACHE" >session' "$command"
same "in a session" "ok $(cat session)" "$(check session)"
check LD_PRELOAD | grep -q '^note 1: libm.so.6 | ok 2: .*/libspawn_template_preload.so$' ||
    fail "in a session: $(check LD_PRELOAD)"

# A preload that cannot be loaded shows, even if nobody else would say.
status "another preload is broken" 1 env LD_PRELOAD=/no/such/library.so "$command" doctor --json
check trial | grep -q "^bad sh says: ERROR: ld.so: object '/no/such/library.so'" ||
    fail "another preload is broken: $(check trial)"
status "another preload is broken, text" 1 env LD_PRELOAD=/no/such/library.so "$command" doctor
grep -qx 'spawn-template does not work here.' out || fail "another preload is broken, text"

same "no session is left" 0 "$(sessions)"
finish
