#!/bin/sh
# env_shells.sh SHELL: `eval "$(spawn-template env)"` and back, in one shell.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

shell=$1
# As root some shells are in /bin only.
command -v "$shell" >/dev/null || skip "no $shell"
case $shell in
fish)
    on='spawn-template env | source'
    off='spawn-template env --off | source'
    # shellcheck disable=SC2016
    session='echo session=$SPAWN_TEMPLATE_CACHE'
    ;;
*)
    # shellcheck disable=SC2016
    on='eval "$(spawn-template env)"'
    # shellcheck disable=SC2016
    off='eval "$(spawn-template env --off)"'
    # shellcheck disable=SC2016
    session='echo session=$SPAWN_TEMPLATE_CACHE'
    ;;
esac
SHELL=/usr/bin/$shell
PATH=$(dirname "$command"):$PATH
export SHELL PATH
library=$(cd "$(dirname "$command")/../lib" && pwd -P)/libspawn_template_preload.so

# It is new in fish 3.4.
fish_option=--no-config
[ "$shell" != fish ] || fish $fish_option -c true 2>/dev/null || fish_option=

# run SCRIPT: in the shell, its configuration aside.
run()
{
    case $shell in
    bash) bash --norc --noprofile -c "$1" ;;
    zsh) zsh -f -c "$1" ;;
    fish) fish $fish_option -c "$1" ;;
    *) "$shell" -c "$1" ;;
    esac
}

# The environment.
show='/usr/bin/env -0 >'

# The session is that of the shell: it counts, it has the shell for a leader, and ends with --off.
run "$on
$session
sh -c '/bin/true; /bin/true; :'
spawn-template stats --json >$work/s.json
spawn-template cache ls --json >$work/ls.json
$off
/bin/ls $cache >$work/after" >out 2>err || fail "on and off: $?"
silent "on and off"
case $(cat out) in
session="$cache"/session-*) ;;
*) fail "session: $(cat out)" ;;
esac
# The shell itself was started before there was a session: what it starts does not count, what that
# starts does.
same "starts" 2 "$(json s.json 'j["starts"]["total"]')"
same "true" 2 "$(json s.json 'sum(t["starts"] for t in j["targets"] if t["path"] == "/bin/true")')"
same "one live session" "['live']" \
    "$(json ls.json '[s["state"] for s in j["directories"][0]["sessions"]]')"
same "nothing is left" "" "$(cat after)"

# The leader is the shell and not the subshell of the command substitution.
# shellcheck disable=SC2016
case $shell in
fish) pid='echo $fish_pid' ;;
*) pid='echo $$' ;;
esac
# Without a service, which would remove the session when the shell has ended.
SPAWN_TEMPLATE=kernel
export SPAWN_TEMPLATE
run "$on
$pid >$work/pid
spawn-template cache ls --json >$work/ls.json"
same "leader" "$(cat pid)" "$(json ls.json 'j["directories"][0]["sessions"][0]["leader"]')"
case $shell in
fish) ;;
*)
    # A deeper one: it ends before the code is evaluated.
    # shellcheck disable=SC2016
    run 'code=$( (spawn-template env; :) ); eval "$code"
        '"$pid >$work/pid"'
        spawn-template cache ls --json >'"$work"'/ls.json'
    same "leader from a subshell" "$(cat pid)" \
        "$(json ls.json '[s["leader"] for d in j["directories"] for s in d["sessions"]
            if s["state"] == "live"][0]' | tail -1)"
    ;;
esac
# It was not ended: the next one finds it dead, and sweeps.
same "dead ones" 1 "$(sessions)"
unset SPAWN_TEMPLATE
status "sweep" 0 "$command" true
same "swept" 0 "$(sessions)"

# Existing values survive, whatever is in them: off restores every byte.
round_trip()
{
    # shellcheck disable=SC2016
    LD_PRELOAD=$1 run "$show$work/before
$on
$show$work/during
$off
$show$work/restored" 2>/dev/null
    "$PYTHON" - "$library" <<'PYTHON' || fail "round trip of '$1'"
import os, sys
def read(name):
    with open(name, "rb") as f:
        return dict(v.split(b"=", 1) for v in f.read().split(b"\0") if v)
library = os.fsencode(sys.argv[1])
before, during, restored = map(read, ("before", "during", "restored"))
for env in (before, during, restored):
    # The shells' own.
    env.pop(b"_", None)
    env.pop(b"SHLVL", None)
if before != restored:
    sys.exit(f"changed: {before.items() ^ restored.items()}")
if before[b"LD_PRELOAD"] + b":" + library != during[b"LD_PRELOAD"]:
    sys.exit(f"LD_PRELOAD {during[b'LD_PRELOAD']}")
if set(during) - set(before) != {b"SPAWN_TEMPLATE_CACHE"}:
    sys.exit(f"more: {set(during) - set(before)}")
PYTHON
}
round_trip 'libm.so.6'
round_trip 'libm.so.6 libdl.so.2'
round_trip ":libm.so.6::libdl.so.2:"
round_trip "it's \"quoted\" \\n \\\\ \$HOME \`id\` \$(id) !! * ? [a] ~ # ; & | < >"
round_trip "two
lines, tab	and two  spaces "
round_trip "'"
round_trip "\\"

# Not set before, not set after.
run "$on
$off
$show$work/restored"
grep -qa -e LD_PRELOAD -e SPAWN_TEMPLATE restored && fail "not set before, set after"

# A cache directory of the user's own, and an engine, come back too.
(
    failures=0
    SPAWN_TEMPLATE_CACHE=$work/own
    SPAWN_TEMPLATE=off
    export SPAWN_TEMPLATE_CACHE SPAWN_TEMPLATE
    run "$(echo "$on" | sed 's/ env/ env --engine=auto/')
$show$work/during
$off
$show$work/restored"
    tr '\0' '\n' <during | grep -q "^SPAWN_TEMPLATE_CACHE=$work/own/session-" || fail "own directory"
    tr '\0' '\n' <during | grep -qx 'SPAWN_TEMPLATE=auto' || fail "own engine"
    tr '\0' '\n' <restored | grep -qx "SPAWN_TEMPLATE_CACHE=$work/own" || fail "restored directory"
    tr '\0' '\n' <restored | grep -qx 'SPAWN_TEMPLATE=off' || fail "restored engine"
    [ "$failures" -eq 0 ]
) || fail "variables of the user's own"

# Twice is once; off twice is nothing; a session's child may leave it, and leaves it to the others.
run "$on
$on
$off
$off
$show$work/restored" 2>err || fail "twice"
silent "twice"
grep -qa -e LD_PRELOAD -e SPAWN_TEMPLATE restored && fail "twice: something is left"
same "twice: no session" 0 "$(sessions)"
run "$on
sh -c 'eval \"\$(spawn-template env --off --shell=sh)\"; env -0 >$work/restored; /bin/true'
ls $cache >$work/after
$off"
grep -qa -e LD_PRELOAD -e SPAWN_TEMPLATE restored && fail "child: something is left"
same "child: the session stays" 1 "$(wc -l <after)"
same "no session is left" 0 "$(sessions)"

# In a session of the command there is nothing to do but to take part.
"$command" --stats=s.json "$shell" -c "$on
sh -c '/bin/true; :'
$off
sh -c '/bin/true; :'
:" || fail "in a session"
same "in a session" 1 \
    "$(json s.json 'sum(t["starts"] for t in j["targets"] if t["path"] == "/bin/true")')"
finish
