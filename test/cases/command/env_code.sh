#!/bin/sh
# `spawn-template env`: the choice of the shell, and what goes wrong.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

is_fish()
{
    grep -q '^set -gx SPAWN_TEMPLATE_CACHE ' out
}

for shell in sh bash zsh dash ksh; do
    status "SHELL=/bin/$shell" 0 env SHELL=/bin/$shell "$command" env
    grep -q "^SPAWN_TEMPLATE_CACHE='.*'; export SPAWN_TEMPLATE_CACHE;\$" out ||
        fail "SHELL=/bin/$shell: no code for sh"
done
status "SHELL=/usr/bin/fish" 0 env SHELL=/usr/bin/fish "$command" env
is_fish || fail "SHELL=/usr/bin/fish: no code for fish"
status "no SHELL" 0 env -u SHELL "$command" env
is_fish && fail "no SHELL: code for fish"
for shell in sh bash zsh fish; do
    status "--shell=$shell" 0 env SHELL=/bin/tcsh "$command" env --shell=$shell
done
is_fish || fail "--shell=fish: no code for fish"
status "SHELL=/bin/tcsh" 2 env SHELL=/bin/tcsh "$command" env
one_line "SHELL=/bin/tcsh" "no code for the shell /bin/tcsh; choose one with --shell"

# Options before and behind the name mean the same.
for arguments in '--engine=off --cache-dir=c env' 'env --engine=off --cache-dir=c'; do
    # shellcheck disable=SC2086
    status "$arguments" 0 "$command" $arguments --shell=sh
    grep -q "^SPAWN_TEMPLATE='off'; export SPAWN_TEMPLATE;\$" out || fail "$arguments: engine"
    grep -q "^SPAWN_TEMPLATE_CACHE='$work/c/session-" out || fail "$arguments: directory"
done

# A value that only the shell sees as one.
status "quoting" 0 env "LD_PRELOAD=it's" "$command" env --shell=sh
grep -qF "LD_PRELOAD='it'\\''s:" out || fail "quoting for sh"
status "quoting" 0 env "LD_PRELOAD=it's\\" "$command" env --shell=fish
grep -qF "set -gx LD_PRELOAD 'it\\'s\\\\:" out || fail "quoting for fish"

# Outside of a session --off has nothing to do, and leaves the user's own variables alone.
status "off outside" 0 "$command" env --off
same "off outside" "" "$(cat out)"
status "off with own variables" 0 env SPAWN_TEMPLATE_CACHE="$work/own" SPAWN_TEMPLATE=off \
    LD_PRELOAD=libm.so.6 "$command" env --off
same "off with own variables" "" "$(cat out)"
# In one that is over it cleans up.
status "off after the end" 0 env SPAWN_TEMPLATE_CACHE="$work/own/session-1-abcdef" \
    LD_PRELOAD=libm.so.6:/x/libspawn_template_preload.so "$command" env --off --shell=sh
same "off after the end" "LD_PRELOAD='libm.so.6'; export LD_PRELOAD; unset SPAWN_TEMPLATE_CACHE;" \
    "$(tr '\n' ' ' <out | sed 's/ $//')"

# Where nothing can be made there is no code, but a line.
touch file
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
    # shellcheck disable=SC2016
    status "no session" 1 unshare -m sh -c '
        mount -t tmpfs -o ro tmpfs /var/tmp && mount -t tmpfs -o ro tmpfs "$HOME" && exec "$@"' \
        sh "$command" env --shell=sh
    one_line "no session" "no session could be made"
    same "no session: no code" "" "$(cat out)"
fi
# Nor is a session left if the code cannot be printed.  (Those of above have this shell for a leader.)
if [ -e /dev/full ]; then
    before=$(sessions)
    "$command" env --shell=sh >/dev/full 2>err && fail "full: success"
    one_line "full" "cannot write to stdout"
    same "full: no session is left" "$before" "$(sessions)"
fi
status "--cache-dir" 2 "$command" --cache-dir=file env
one_line "--cache-dir" "--cache-dir=file: "
finish
