#!/bin/sh
# Who may do less than the service of the session: what they start is not run by it in their place.
# And who may do more than their user.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

images_work || skip "no images can be made here"
chmod 755 "$work"
printf 'int main(void) { return 0; }\n' >program.c
mkdir programs
for program in free no-privs mounts root stranger capable; do
    # shellcheck disable=SC2086
    ${CC:-cc} -o programs/$program program.c || exit 1
done

# many PROGRAM [COMMAND...]: start it often, by a shell that COMMAND starts, with time to bake it.
cat >many <<'MANY'
n=0
while [ $n -lt 20 ]; do
    "$1"
    n=$((n + 1))
    [ $n -lt 10 ] || sleep 0.1
done
MANY
many()
{
    many_program=$1
    shift
    "$command" --cache-dir="$work/c" --stats="$work/stats" -- "$@" sh "$work/many" "$work/programs/$many_program" \
        >many.out 2>many.err || fail "$many_program: $(cat many.err)"
}

# from_images PROGRAM: how many of its starts were.
from_images()
{
    json stats "sum(t['image'] for t in j['targets'] if t['path'].endswith('/programs/$1'))"
}

many free env
[ "$(from_images free)" -gt 0 ] || fail "a program that is started often has no image"

# A sandbox, of which the service is no part: what start-up there may not, it might do for it.
sandbox()
{
    sandbox_program=$1
    shift
    "$@" true 2>/dev/null || {
        echo "not here: $*"
        return
    }
    many "$sandbox_program" "$@"
    same "images for what is started under $1" 0 "$(from_images "$sandbox_program")"
}
if command -v setpriv >/dev/null; then
    sandbox no-privs setpriv --no-new-privs
fi
sandbox mounts unshare -m

# A log that cannot be written to is nobody's business, least of all by a signal.
: >log
dd if=/dev/zero of=log bs=1024 count=8 2>dd.err
# shellcheck disable=SC2016
status "a log beyond the limit of file sizes" 0 env "SPAWN_TEMPLATE_LOG=$work/log" \
    "$command" --cache-dir=c sh -c 'ulimit -f 1; /bin/true; exec /bin/true'
silent "a log beyond the limit of file sizes"
same "such a log" 8192 "$(stat -c %s log)"
mkfifo fifo
"$PYTHON" - "$command" "$work/fifo" "$work/c" <<'PYTHON' || fail "a log that nobody reads any more"
import os, signal, subprocess, sys, threading, time

command, fifo, cache = sys.argv[1:]
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
done = False

def read_now_and_then():
    while not done:
        fd = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        time.sleep(0.0003)
        os.close(fd)

reader = threading.Thread(target=read_now_and_then)
reader.start()
status = subprocess.run([command, "--cache-dir=" + cache, "sh", "-c",
    "n=0; while [ $n -lt 500 ]; do /bin/true || exit; n=$((n + 1)); done"],
    env={**os.environ, "SPAWN_TEMPLATE_LOG": fifo}, check=False).returncode
done = True
reader.join()
sys.exit(status != 0)
PYTHON

[ "$(id -u)" -eq 0 ] || {
    echo "not as root: what follows needs other users"
    finish
}

# Another root directory, with all that is needed in it.
mkdir newroot
if unshare -m mount --rbind / newroot 2>/dev/null; then
    sandbox root unshare -m sh -c 'mount --rbind / newroot && cd / && exec chroot "$0/newroot" "$@"' "$work"
fi

# Whoever may write to root's index for a time must not choose what is run as root.
chown 65534:65534 programs/stranger
many stranger env
same "images of another user's program, for root" 0 "$(from_images stranger)"
"$command" inspect programs/stranger >out 2>err
grep -q 'it belongs to another user than root' out || fail "inspect does not say why"
printf '#!%s\n' "$work/programs/stranger" >programs/script
chmod 755 programs/script
many script env
same "images of a script that another user's program runs, for root" 0 "$(from_images script)"
"$command" inspect programs/script >out 2>err
grep -q 'what it is run by belongs to another user than root' out || fail "inspect does not say why: script"
"$command" bake --cache-dir=c "$work/programs/stranger" >out 2>err && fail "bake: another user's program, for root"

# Images are their user's.  Who has more rights than that starts none.
as_other="setpriv --reuid=65534 --regid=65534 --clear-groups"
if $as_other test -x "$command" && $as_other --inh-caps=+dac_override --ambient-caps=+dac_override true; then
    mkdir -m 700 theirs
    chown 65534:65534 theirs
    : >stats
    chmod 666 stats
    # shellcheck disable=SC2086
    $as_other --inh-caps=+dac_override --ambient-caps=+dac_override "$command" \
        --cache-dir="$work/theirs" --stats=/dev/stdout -- sh "$work/many" "$work/programs/capable" >stats 2>err ||
        fail "with capabilities: $(cat err)"
    same "starts from images, with capabilities" 0 "$(from_images capable)"
    [ "$(json stats 'j["fallback"]["capabilities"]')" -gt 5 ] || fail "with capabilities: another reason"
fi

# In a directory like /tmp, another user may have taken the names that statistics could have.
mkdir -m 1777 shared
# shellcheck disable=SC2016
setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '
    cd shared || exit 1
    n=$1
    while [ $n -lt $(($1 + 2000)) ]; do : >stats.$n; n=$((n + 1)); done' sh $$
chown 65533 shared
# shellcheck disable=SC2016
status "names that are taken" 0 setpriv --reuid=65532 --regid=65532 --clear-groups \
    env "HOME=$work/none" "$command" --stats=shared/stats /bin/true
[ -s shared/stats ] || fail "names that are taken: no statistics"
finish
