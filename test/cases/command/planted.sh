#!/bin/sh
# What another user could leave for us to find: a cache directory, a session, an index, an image.
# Each is first made so that it works, which is what shows that the test would see it used; then it
# is given another owner, another mode, or replaced by a link, and must not be used any more.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

images_work || skip "no images can be made here"
library=$(cd "$(dirname "$command")/../lib" && pwd -P)/libspawn_template_preload.so
is_root=$([ "$(id -u)" -eq 0 ] && echo yes)
chmod 755 "$work"

for word in right trap; do
    printf '#include <stdio.h>\nint main(void) { return puts("%s") < 0; }\n' $word >program.c
    mkdir $word
    # shellcheck disable=SC2086
    ${CC:-cc} -o $word/program program.c || exit 1
done

# start [VARIABLE=VALUE]...: what right/program says when it is started under the library.
start()
{
    env "LD_PRELOAD=$library" "$@" "$shell" -c "'$work/right/program'; :" 2>start.err
}
shell=$(command -v sh)

# A session with images of both programs, in which that of the one stands for the other.
# shellcheck disable=SC2016
status "a session with images" 0 "$command" --cache-dir=c sh -c '
    count() { find "$SPAWN_TEMPLATE_CACHE/images" -name program 2>/dev/null | wc -l; }
    for n in 1 2 3 4 5 6 7 8; do "$0/right/program"; "$0/trap/program"; done >/dev/null
    tries=200
    while [ "$(count)" -lt 2 ] && [ $tries -gt 0 ]; do tries=$((tries - 1)); sleep 0.1; done
    cp -a "$SPAWN_TEMPLATE_CACHE" "$0/good"' "$work"
[ "$(find good/images -name program | wc -l)" -eq 2 ] || skip "no images were made in time"
for image in good/images/*/program; do
    case $("$image") in
        right) right=$image ;;
        trap) trap=$image ;;
    esac
done
if [ -z "${right-}" ] || [ -z "${trap-}" ]; then
    fail "the images do not start their programs"
    finish
fi
same "with its own image" right "$(start "SPAWN_TEMPLATE_CACHE=$work/good")"
mv "$right" "$right.kept"
cp -p "$trap" "$right"

# forge: the directory `forged`, ours, in which the image of one program is that of another.
forge()
{
    rm -rf forged
    cp -a good forged
}

# Whoever is the same user may do that, as they may do anything else to us; `verify` tells.
forge
same "forged by the same user" trap "$(start "SPAWN_TEMPLATE_CACHE=$work/forged")"
mkdir -m 700 verified
cp -a good verified/session-1-abcdef
status "verify" 1 "$command" cache verify --cache-dir=verified
grep -q "is the image of another program" out || fail "verify: the swapped image is not found"

# refused WHAT: what is `forged` now is not used.
refused()
{
    same "$1" right "$(start "SPAWN_TEMPLATE_CACHE=$work/forged")"
    [ ! -s start.err ] || fail "$1: not silent"
}

for mode in 0770 0702 0777 01777 0720; do
    forge
    chmod $mode forged
    refused "a session's directory of mode $mode"
done
for mode in 0640 0604 0660 0666 0610; do
    forge
    chmod $mode forged/index
    refused "an index of mode $mode"
done
forge
mv forged elsewhere
ln -s elsewhere forged
refused "a link to a session's directory"
rm -rf forged elsewhere
forge
mv forged/index forged/other
ln -s other forged/index
refused "a link to an index"
rm forged/index
mkfifo forged/index
chmod 600 forged/index
refused "a FIFO for an index"
rm forged/index
mkdir -m 600 forged/index
refused "a directory for an index"
forge
truncate -s -512 forged/index
refused "an index that was cut"
forge
printf '\1\1\1\1' | dd of=forged/index bs=1 seek=68 conv=notrunc 2>dd.err
refused "an index that says that it is another user's"

# What is forged is not joined by the command either.
forge
chmod 0777 forged
mkdir -m 700 own
mv forged own/session-1-abcdef
# shellcheck disable=SC2016
same "a forged session is not joined" no "$(SPAWN_TEMPLATE_CACHE=$work/own/session-1-abcdef \
    "$command" sh -c '[ "$SPAWN_TEMPLATE_CACHE" = "$0" ] && echo yes || echo no' \
    "$work/own/session-1-abcdef")"
rm -rf own

# Where everybody may rename our directory, another can take its place at any moment.
mkdir open open/above
chmod 777 open
status "--cache-dir below a directory that everybody may write to" 2 \
    "$command" --cache-dir=open/above/c true
one_line "--cache-dir below such a directory" "others may write to a directory above it"
ln -s open/above open_link
status "the same through a link" 2 "$command" --cache-dir=open_link/c true
# shellcheck disable=SC2016
same "another directory is taken" "$cache" "$(dirname "$(XDG_CACHE_HOME=$work/open/above \
    "$command" sh -c 'echo "$SPAWN_TEMPLATE_CACHE"')")"
# A link is looked up in the directory that it is in, wherever it leads.
mkdir -m 700 ours
ln -s "$work/ours" open/link
status "--cache-dir through a link that everybody may replace" 2 "$command" --cache-dir=open/link/c true
one_line "--cache-dir through such a link" "others may write to a directory above it"
ln -s "$work/open/link/../ours" way
status "--cache-dir through a link to that" 2 "$command" --cache-dir=way/c true
rm open/link way
ln -s "$work/ours" way
status "--cache-dir through a link of ours" 0 "$command" --cache-dir=way/c true
chmod 1777 open
status "--cache-dir below a sticky directory" 0 "$command" --cache-dir=open/above/c true

[ -n "$is_root" ] || {
    echo "not as root: what follows needs other users"
    finish
}

forge
chown -R 65534:65534 forged
refused "another user's session"
forge
chown 65534 forged
refused "another user's directory with an index of ours"
forge
chown 65534 forged/index
refused "another user's index in a directory of ours"
rm forged/index
ln good/index forged/index
chown 65534 forged
refused "another user's directory with a link to an index of ours"
rm -rf forged

# Nor is what is below another user's directory: they could put another one in its place.
mkdir -m 755 runtime
chown 65534 runtime
status "--cache-dir in another user's directory" 2 "$command" --cache-dir=runtime/c true
one_line "--cache-dir in another user's directory" "a directory above it belongs to somebody else"
# shellcheck disable=SC2016
same "another user's XDG_RUNTIME_DIR" "$cache" "$(dirname "$(XDG_RUNTIME_DIR=$work/runtime \
    "$command" sh -c 'echo "$SPAWN_TEMPLATE_CACHE"')")"
same "nothing is made there" "" "$(ls runtime)"
mkdir -m 1777 sticky
ln -s "$work/ours" sticky/link
chown -h 65534 sticky/link
status "--cache-dir through another user's link" 2 "$command" --cache-dir=sticky/link/c true
one_line "--cache-dir through another user's link" "a symbolic link above it belongs to somebody else"

# A process keeps its index for as long as it lives.  What is at the session's path by then may be
# another's: the directory was removed, or this is another root directory.
cat >keeps.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
/* keeps PROGRAM CODE: start it, do that, start it again. */
static void start(const char *program)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl(program, "program", (char *)0);
        _exit(126);
    }
    waitpid(pid, 0, 0);
}
int main(int argc, char *argv[])
{
    start(argv[argc - 2]);
    if (system(argv[argc - 1]))
        return 1;
    start(argv[argc - 2]);
    return 0;
}
C
${CC:-cc} -o keeps keeps.c || exit 1
printf 'trap\nright\n' >both
printf 'trap\ntrap\n' >traps
# kept WHAT EXPECTED CODE: what two starts print, with CODE done to `forged` between them.
kept()
{
    forge
    env "LD_PRELOAD=$library" "SPAWN_TEMPLATE_CACHE=$work/forged" ./keeps "$work/right/program" "$3" \
        >kept.out 2>kept.err || fail "$1: $(cat kept.err)"
    diff "$2" kept.out >&2 || fail "$1"
}
kept "a session that stays as it is" traps :
kept "a session in another's place" both "mv forged gone && cp -a good forged"
kept "another user's session in its place" both \
    "mv forged gone2 && cp -a good forged && chown 65534 forged"
kept "a link in its place" both "mv forged gone3 && ln -s gone3 forged"
rm -rf forged gone gone2 gone3

# as_other COMMAND...: as the other user.  Through a shell: setpriv itself still has the rights to
# execute what that user may not.
as_other()
{
    # shellcheck disable=SC2016
    setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '"$@"; exit $?' sh "$@"
}

# Nor has the other user any part in ours.
if as_other test -x "$work/right/program" && as_other test -r "$library" && as_other test -x "$command"; then
    for attempt in "ls good" "cat good/index" "cat $right.kept" "$right.kept" "touch good/new" \
        "mv good moved" "rm -rf good/images" "ln -s /tmp good/link" "chmod 777 good"; do
        # shellcheck disable=SC2086
        as_other $attempt >attempt.out 2>&1 && fail "another user may: $attempt"
    done
    [ -e "$right.kept" ] || fail "another user has removed images"
    same "another user, with our session" right \
        "$(as_other env "LD_PRELOAD=$library" "SPAWN_TEMPLATE_CACHE=$work/good" \
            sh -c "'$work/right/program'; :" 2>other.err)"
    [ ! -s other.err ] || fail "another user, with our session: not silent"
    # The command, with a session that is in use, makes one of its own or none.
    mkdir -m 700 theirs
    chown 65534:65534 theirs
    # shellcheck disable=SC2016
    status "our session is in use" 0 "$command" --cache-dir=c sh -c '
        setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$1" "$0" \
            sh -c "echo \"\$SPAWN_TEMPLATE_CACHE\"; :" >theirs.session
        stat -c %U:%a "$SPAWN_TEMPLATE_CACHE" >ours.mode
        echo "$SPAWN_TEMPLATE_CACHE" >ours.session' "$command" "$work/theirs"
    [ "$(cat theirs.session)" != "$(cat ours.session)" ] || fail "our session was joined by another user"
else
    echo "the build is out of another user's reach: what they may do with our session is not tried"
fi

# Where everybody may make directories: /var/tmp, or one like it.
unshare -m true 2>/dev/null || {
    echo "no mount namespaces: what follows needs them"
    finish
}
# planted WHAT CODE: after CODE was run as the other user in /var/tmp, which is empty, and with
# nothing but it to use, nothing there is used or touched, and COMMAND runs.
cat >planted <<'PLANTED'
#!/bin/sh
# planted CODE COMMAND...
mount -t tmpfs -o mode=1777 tmpfs /var/tmp || exit 99
cd /var/tmp || exit 99
setpriv --reuid=65534 --regid=65534 --clear-groups sh -c "$1" || exit 98
shift
find . -printf '%p %y %U %m %s\n' | sort >"$OLDPWD/planted.before"
"$@"
status=$?
find . -printf '%p %y %U %m %s\n' | sort >"$OLDPWD/planted.after"
exit $status
PLANTED
chmod +x planted
planted()
{
    planted_what=$1
    planted_code=$2
    shift 2
    mkdir -p "$work/empty"
    status "$planted_what" 7 env HOME=relative unshare -m "$work/planted" "$planted_code" \
        "$command" --stats sh -c '/bin/true; exit 7'
    one_line "$planted_what" "no statistics"
    diff planted.before planted.after >&2 || fail "$planted_what: something was changed"
    for planted_verb in clear ls; do
        env HOME=relative unshare -m "$work/planted" "$planted_code" \
            timeout 20 "$command" cache $planted_verb >out 2>err
        [ $? -ne 124 ] || fail "$planted_what: cache $planted_verb hangs"
        diff planted.before planted.after >&2 || fail "$planted_what: cache $planted_verb"
    done
}
name=spawn-template-$(id -u)
mkdir -m 700 victim
touch victim/file
planted "a directory" "mkdir $name"
planted "one that everybody may write to" "mkdir -m 777 $name"
planted "a link to a directory of ours" "ln -s $work/victim $name"
planted "a link to nowhere" "ln -s $work/victim/new $name"
planted "a loop" "ln -s $name $name"
planted "a file" "echo trap >$name"
planted "a FIFO" "mkfifo $name"
[ ! -e victim/new ] || fail "a link was followed: something was made where it leads"
same "our directory" file "$(ls victim)"
finish
