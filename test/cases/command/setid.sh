#!/bin/sh
# A program that gives its user more rights than they have: in a session it gets the same rights,
# nothing of the session's, and never an image, whatever it was before.  For root only, who makes it.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip "not root: no program can be given another owner"
source=$(cd "$(dirname "$0")" && pwd -P)/setid.c
chmod 755 "$work"
mkdir -m 755 bin
mkdir -m 700 user
chown 65534:65534 user
# shellcheck disable=SC2086
${CC:-cc} -D_GNU_SOURCE -o bin/plain "$source" || exit 1

# as_user COMMAND...: as an ordinary user.
as_user()
{
    # shellcheck disable=SC2016
    HOME=$work/user setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '"$@"; exit $?' sh "$@"
}
as_user test -x "$command" || skip "another user cannot execute $command"

cp bin/plain bin/setuid
chmod 4755 bin/setuid
cp bin/plain bin/setgid
chmod 2755 bin/setgid
as_user bin/setuid | grep -q '^users 65534 0, secure 1$' || skip "set-user-id has no effect here"
programs="setuid setgid"
cp bin/plain bin/capable
if setcap cap_net_raw+ep bin/capable 2>setcap.err &&
    as_user bin/capable | grep -q '^CapEff:.*2000$'; then
    programs="$programs capable"
else
    echo "file capabilities have no effect here"
fi

# many PROGRAM: twelve starts, and time to bake in between.
cat >many <<'EOF_MANY'
#!/bin/sh
for n in 1 2 3 4 5 6; do "$1"; done
sleep 1
for n in 1 2 3 4 5 6; do "$1"; done
EOF_MANY
chmod 755 many

for program in $programs plain; do
    as_user ./many "bin/$program" >"$program.native"
    status "$program" 0 as_user "$command" "--stats=user/$program.json" --cache-dir=user/c \
        -- env SPAWN_TEMPLATE_LOG="$work/user/$program.log" "$work/many" "$work/bin/$program"
    diff "$program.native" out >&2 || fail "$program: it is not as natively"
    silent "$program"
    same "$program: the log's owner" 65534 "$(stat -c %u "user/$program.log")"
    images=$(json "user/$program.json" \
        "[t['image'] for t in j['targets'] if t['path'] == '$work/bin/$program'][0]")
    case $program in
        plain) plain_images=$images ;;
        *) same "$program: starts from an image" 0 "$images" ;;
    esac
done
if ! images_work || [ "$plain_images" -eq 0 ]; then
    echo "no images are made here: whether others have none is not known"
    finish
fi

# One that is given its rights when it has an image already.
cp bin/plain bin/later
cat >later <<'EOF_LATER'
#!/bin/sh
# later PROGRAM: started until there is an image of it, and then again when it has other rights.
tries=200
for n in 1 2 3 4 5 6; do "$1"; done
until find "$SPAWN_TEMPLATE_CACHE/images" -name later 2>/dev/null | grep -q .; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || exit 9
    sleep 0.1
done
"$1"
: >ready
until [ -e done ]; do sleep 0.05; done
echo changed
for n in 1 2 3; do "$1"; done
EOF_LATER
chmod 755 later
(
    wait_until 60 test -e user/ready
    chmod 4755 bin/later
    : >user/done
) &
# shellcheck disable=SC2016
status "with rights given later" 0 as_user sh -c 'cd user && exec "$@"' sh \
    "$command" --stats=later.json --cache-dir=c "$work/later" "$work/bin/later"
wait
same "with rights given later" 3 \
    "$(sed '1,/^changed$/d' out | grep -c '^users 65534 0, secure 1$')"
same "before" 7 "$(sed '/^changed$/,$d' out | grep -c '^users 65534 65534, secure 0$')"
# One line for each identity: it had an image while it had no rights, and has none with them.
same "images of it" "0 1" "$(json user/later.json \
    "' '.join(str(int(t['image'] > 0)) for t in sorted([t for t in j['targets'] if t['path'] == '$work/bin/later'], key=lambda t: t['starts']))")"
finish
