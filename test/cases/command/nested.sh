#!/bin/sh
# The command within a session: one session serves all, and its counts are complete.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

# Without wishes of its own it joins.
# shellcheck disable=SC2016
same "joined" "1 same 7" "$("$command" sh -c '
    a=$SPAWN_TEMPLATE_CACHE
    "$0" sh -c '\''
        set -- "${SPAWN_TEMPLATE_CACHE%/*}"/session-*
        printf "%s " $#
        [ "$SPAWN_TEMPLATE_CACHE" = "$0" ] && printf "same "
        exit 7'\'' "$a"
    printf $?' "$command")"
# shellcheck disable=SC2016
same "LD_PRELOAD is not grown" 1 "$("$command" sh -c '"$0" "$0" printenv LD_PRELOAD' "$command" |
    tr ':' '\n' | grep -c libspawn_template_preload)"
# It executes COMMAND in its own place, so that nothing stands between.
# shellcheck disable=SC2016
same "joined: the same process" same \
    "$("$command" sh -c '"$0" sh -c "echo \$\$" >pid & wait; [ "$(cat pid)" = $! ] && echo same' \
        "$command")"
# shellcheck disable=SC2016
status "joined: signal" 143 "$command" sh -c '"$0" sh -c "kill -TERM \$\$"' "$command"

# Its starts are counted in the session: the inner command, COMMAND, and what that starts.
# shellcheck disable=SC2016
status "joined: counts" 0 "$command" --stats=s.json sh -c \
    '"$0" sh -c "/bin/true; /bin/true; :"; :' "$command"
same "joined: counts" 4 "$(json s.json 'j["starts"]["total"]')"

# With --stats it counts for itself, and for the session around it.
# shellcheck disable=SC2016
status "own statistics" 5 "$command" --stats=outer.json sh -c \
    '/bin/false; "$0" --stats=inner.json sh -c "/bin/true; /bin/true; exit 5"' "$command"
same "own statistics" 2 "$(json inner.json 'j["starts"]["total"]')"
# false, the inner command, its COMMAND, and two true.
same "statistics of all" 5 "$(json outer.json 'j["starts"]["total"]')"
same "true of all" 2 \
    "$(json outer.json 'sum(t["starts"] for t in j["targets"] if t["path"] == "/bin/true")')"
same "reasons of all" 5 "$(json outer.json 'sum(j["fallback"].values())')"
same "targets of all" 5 "$(json outer.json 'sum(t["starts"] for t in j["targets"])')"
# shellcheck disable=SC2016
same "own session beside" "2 same" "$("$command" sh -c '"$0" --stats=s.json sh -c '\''
        set -- "${SPAWN_TEMPLATE_CACHE%/*}"/session-*
        printf "%s " $#
        [ "${SPAWN_TEMPLATE_CACHE%/*}" = "${0%/*}" ] && printf same
        '\'' "$SPAWN_TEMPLATE_CACHE"' "$command")"

# The same engine as it is joins, another one does not.
for case in '--engine=off:--engine=off:1' '--engine=off:--engine=auto:2' ':--engine=auto:1' \
    ':--engine=off:2' '--engine=off::1'; do
    outer=${case%%:*}
    inner=${case#*:}
    inner=${inner%:*}
    # shellcheck disable=SC2016,SC2086
    same "engines $case" "${case##*:}" "$("$command" $outer sh -c '"$0" $1 sh -c '\''
        set -- "${SPAWN_TEMPLATE_CACHE%/*}"/session-*
        echo $#'\' "$command" "$inner")"
done
# shellcheck disable=SC2016
status "another engine's counts" 0 "$command" --stats=s.json sh -c \
    '"$0" --engine=off sh -c "/bin/true; :"; :' "$command"
same "another engine's counts" "3 1" \
    "$(json s.json 'str(j["starts"]["total"]) + " " + str(j["fallback"]["off"])')"
# shellcheck disable=SC2016
same "another cache directory" "$work/other" \
    "$("$command" sh -c '"$0" --cache-dir=other sh -c '\''echo "${SPAWN_TEMPLATE_CACHE%/*}"'\' \
        "$command")"

# SPAWN_TEMPLATE_STATS is the outer one's.
# shellcheck disable=SC2016
status "variable" 0 env SPAWN_TEMPLATE_STATS="$work/v.json" "$command" sh -c '
    "$0" /bin/true; "$0" --engine=off /bin/true; [ ! -e v.json ]' "$command"
same "variable" True "$(json v.json 'j["starts"]["total"] >= 4')"

# Deep, and many at a time, as make does it.
# shellcheck disable=SC2016
same "deep" 6 "$("$command" "$command" "$command" "$command" sh -c 'exit 6'; echo $?)"
if command -v make >/dev/null; then
    cat >Makefile <<'MAKE'
all: $(foreach n,1 2 3 4 5 6 7 8 9 10 11 12,job$(n))
job%:
	+@$(COMMAND) $(OPTIONS) $(MAKE) --no-print-directory -f inner.mk N=$*
MAKE
    cat >inner.mk <<'MAKE'
all: a b c
a b c:
	@/bin/echo $(N)$@; sleep 0.05
MAKE
    for options in '' --stats=/dev/null; do
        status "make $options" 0 "$command" --stats=s.json make -j4 COMMAND="$command" \
            OPTIONS="$options"
        # A make that has lost the job server says so.
        silent "make $options"
        same "make $options" 36 "$(sort -u out | wc -l)"
        same "make $options: starts" 36 \
            "$(json s.json 'sum(t["starts"] for t in j["targets"] if t["path"].endswith("/echo"))')"
    done
    # That jobs ran at the same time shows that they had tokens: 36 times 50 ms one by one are
    # 1.8 s, four at a time 0.45 s.
    start=$(date +%s%N)
    "$command" make -j4 COMMAND="$command" >/dev/null
    took=$((($(date +%s%N) - start) / 1000000))
    "$command" make COMMAND="$command" >/dev/null
    alone=$((($(date +%s%N) - start) / 1000000 - took))
    [ "$took" -lt "$alone" ] || fail "make -j4 took $took ms, make $alone ms"
fi

# A session that its launcher left behind is not joined: a new one is made in the same place.
# shellcheck disable=SC2016
"$command" --cache-dir=base sh -c 'echo $SPAWN_TEMPLATE_CACHE >left; kill -KILL $PPID; sleep 9' \
    2>/dev/null
left=$(cat left)
[ -e "$left/index" ] || fail "killed launcher: nothing is left behind"
# shellcheck disable=SC2016
same "left behind" "$work/base 1" "$(SPAWN_TEMPLATE_CACHE=$left "$command" sh -c \
    'set -- "${SPAWN_TEMPLATE_CACHE%/*}"/session-*; echo "${SPAWN_TEMPLATE_CACHE%/*} $#"')"
[ ! -e "$left" ] || fail "left behind: not swept"

# Who has taken the preload out of the environment gets it back by asking for it.
# shellcheck disable=SC2016
same "without LD_PRELOAD" 1 "$("$command" sh -c 'unset LD_PRELOAD; "$0" printenv LD_PRELOAD' \
    "$command" | grep -c libspawn_template_preload)"

same "no session is left" 0 "$(sessions)"
finish
