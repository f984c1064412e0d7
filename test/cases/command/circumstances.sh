#!/bin/sh
# Failing to accelerate is never an error: COMMAND runs, and its status is the command's.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

# native WHAT COMMAND...: status 7, silently, and with --stats one line that there are none.
native()
{
    native_what=$1
    shift
    status "$native_what" 7 "$@" "$command" sh -c 'exit 7'
    silent "$native_what"
    status "$native_what, --stats" 7 "$@" "$command" --stats sh -c 'exit 7'
    one_line "$native_what, --stats" "no statistics"
    status "$native_what, --verbose" 7 "$@" "$command" --verbose sh -c 'exit 7'
    grep -q '^spawn-template: ' err || fail "$native_what, --verbose: nothing said"
}

# accelerated WHAT COMMAND...: status 7, silently, and something was counted.
accelerated()
{
    accelerated_what=$1
    shift
    status "$accelerated_what" 7 "$@" "$command" sh -c 'exit 7'
    silent "$accelerated_what"
    status "$accelerated_what, --stats" 7 "$@" "$command" --stats sh -c '/bin/true; exit 7'
    grep -q '1 starts' err || fail "$accelerated_what: nothing counted"
}

# COMMAND is none that minds where it is.
mkdir gone
# shellcheck disable=SC2016
status "working directory removed" 0 sh -c 'cd gone && rmdir ../gone && exec "$@"' sh \
    "$command" --stats -- env /bin/true
grep -q '1 starts' err || fail "working directory removed: nothing counted"
mkdir gone
# shellcheck disable=SC2016
status "--cache-dir, working directory removed" 2 \
    sh -c 'cd gone && rmdir ../gone && exec "$@"' sh "$command" --cache-dir=here true
one_line "--cache-dir, working directory removed" "the working directory is not known"

# What became of COMMAND cannot be found out at first, and its signal is over.
accelerated "waitpid() fails once" timeout 20 \
    env LD_PRELOAD="${ST_INTERRUPTED:?}" FAILS_IN="${command##*/}"

# Without a home there is /var/tmp.
id=$(id -u)
for variant in "-u HOME" "HOME=" "HOME=relative" "HOME=$work/not/there" "HOME=/dev/null"; do
    had=$([ -e "/var/tmp/spawn-template-$id" ] && echo yes)
    # shellcheck disable=SC2086
    accelerated "$variant" env $variant
    [ -n "$had" ] || rmdir "/var/tmp/spawn-template-$id" 2>/dev/null
done

# A directory that somebody else could have made is passed over, and the next one taken.
mkdir -p runtime xdg
mkdir -m 0777 runtime/spawn-template
ln -s "$work" xdg/spawn-template
accelerated "unsafe candidates" env XDG_RUNTIME_DIR="$work/runtime" XDG_CACHE_HOME="$work/xdg"
same "unsafe candidates: untouched" 0 "$(sessions_in runtime/spawn-template)"
rm xdg/spawn-template
touch xdg/spawn-template
accelerated "a file for a directory" env XDG_CACHE_HOME="$work/xdg"

# A very long path.
long=$work
while [ ${#long} -lt 4000 ]; do
    long=$long/$(printf '%0200d' 0)
done
accelerated "XDG_CACHE_HOME too long" env XDG_CACHE_HOME="$long/$(printf '%0200d' 0)"
status "--cache-dir too long" 2 "$command" --cache-dir="$long/$(printf '%0200d' 0)" true
one_line "--cache-dir too long" "the path is too long"

same "no session is left" 0 "$(sessions)"

[ "$(id -u)" -eq 0 ] || {
    echo "not as root: what follows needs mounts"
    finish
}

# Somebody else's directory, as root who may write to it.
mkdir -m 0755 theirs
chown 65534:65534 theirs
status "somebody else's --cache-dir" 2 "$command" --cache-dir=theirs true
one_line "somebody else's --cache-dir" "belongs to somebody else"
mkdir -p runtime2/spawn-template
chown 65534 runtime2/spawn-template
accelerated "somebody else's directory" env XDG_RUNTIME_DIR="$work/runtime2"

# As an ordinary user, if the command can be reached by one.
# shellcheck disable=SC2016
as_user='HOME=$1; export HOME; shift; cd /; exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"'
chmod 755 "$work"
mkdir -m 0755 user
chown 65534:65534 user
if sh -c "$as_user" sh "$work/user" test -x "$command" 2>/dev/null; then
    accelerated "user" sh -c "$as_user" sh "$work/user"
    same "user: owner" 65534 "$(stat -c %u user/.cache/spawn-template)"
    chmod 0555 user
    rm -rf user/.cache
    had=$([ -e /var/tmp/spawn-template-65534 ] && echo yes)
    # No process for COMMAND: it is executed in the command's own place.
    native "user with no processes left" sh -c "$as_user" sh "$work/user" prlimit --nproc=1
    accelerated "user with a home that is read-only" sh -c "$as_user" sh "$work/user"
    [ -n "$had" ] || rmdir /var/tmp/spawn-template-65534
    # Of another user's session nothing is taken over.
    # shellcheck disable=SC2016
    status "another user's session" 7 "$command" sh -c '
        umask 077; HOME=$1/user; export HOME; chmod 0755 "$HOME"
        exec setpriv --reuid=65534 --regid=65534 --clear-groups "$0" sh -c "exit 7"' \
        "$command" "$work"
    silent "another user's session"
fi

# Mounts of its own.
unshare -m true 2>/dev/null || {
    echo "no mount namespaces: what follows needs them"
    finish
}
# ./mounted [WHERE:OPTIONS]... -- COMMAND...: with a tmpfs on each of these places.
cat >mounted <<'MOUNTED'
#!/bin/sh
[ -n "$inside" ] || inside=1 exec unshare -m "$0" "$@"
while [ "$1" != -- ]; do
    mount -t tmpfs -o "${1#*:}" tmpfs "${1%%:*}" || exit 99
    shift
done
shift
unset inside
exec "$@"
MOUNTED
chmod +x mounted
mkdir full
# Full: the directory can be made, the index cannot.  Nowhere else is room either.
native "disk full" \
    "$work/mounted" /var/tmp:size=64k "$HOME:size=64k" --
status "--cache-dir on a full disk" 7 "$work/mounted" "$work/full:size=64k,mode=700" -- \
    "$command" --cache-dir="$work/full" sh -c 'exit 7'
silent "--cache-dir on a full disk"
# Full, but there is another candidate.
accelerated "first candidate full" "$work/mounted" "$work/full:size=64k,mode=755" -- \
    env XDG_RUNTIME_DIR="$work/full"
native "no candidate allows execution" \
    "$work/mounted" /var/tmp:noexec "$HOME:noexec" --
status "--cache-dir on noexec" 2 "$work/mounted" "$work/full:noexec,mode=700" -- \
    "$command" --cache-dir="$work/full" true
one_line "--cache-dir on noexec" "mounted noexec"
native "all read-only" "$work/mounted" /var/tmp:ro "$HOME:ro" --

# Without /proc, /dev and the rest.
# shellcheck disable=SC2016
no_proc='mount -t tmpfs tmpfs /proc && exec "$@"'
accelerated "no /proc" unshare -m sh -c "$no_proc" sh
# shellcheck disable=SC2016
accelerated "no /dev" unshare -m sh -c 'mount -t tmpfs tmpfs /dev && exec "$@"' sh
status "no /proc: the preload is found" 0 unshare -m sh -c "$no_proc" sh \
    "$command" printenv LD_PRELOAD
# Sessions of before are told dead from live by what is left: that there is a process.
# shellcheck disable=SC2016
"$command" sh -c 'kill -KILL $PPID; sleep 9' 2>/dev/null
same "no /proc: a dead session" 1 "$(sessions)"
accelerated "no /proc: sweeping" unshare -m sh -c "$no_proc" sh
same "no /proc: swept" 0 "$(sessions)"

# As process 1 of a container: it gets orphans, and the signals that end the container.
if unshare -fp --mount-proc true 2>/dev/null; then
    # shellcheck disable=SC2016
    status "process 1" 0 unshare -fp --mount-proc "$command" sh -c '
        sh -c "sleep 0.1 &"
        sleep 0.5
        ! grep -q "^State:.*Z" /proc/[0-9]*/status'
    # shellcheck disable=SC2016
    unshare -fp --mount-proc "$command" sh -c '
        trap "exit 9" HUP; : >up; while :; do sleep 0.05; done' &
    wait_until 10 test -e up || fail "process 1: does not start"
    # One number, and a space behind it.  Not SIGTERM, which unshare(1) of util-linux 2.36 ignores.
    # shellcheck disable=SC2046
    kill -HUP $(cat "/proc/$!/task/$!/children")
    wait $!
    same "process 1 is told to end" 9 $?
fi

# Where the library is not to be had, programs are not told to load it: ld.so would say so.
mkdir library
cp "$("$command" printenv LD_PRELOAD)" library/libspawn_template_preload.so
library=$work/library/libspawn_template_preload.so
cat >without <<'SCRIPT'
x=$(ls -d / 2>&1)
echo "$x $(printenv LD_PRELOAD)"
SCRIPT
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$work"
    chmod 700 library
    status "another user" 0 setpriv --reuid=65534 --clear-groups env "LD_PRELOAD=$library" true
    grep -q 'cannot be preloaded' err || fail "another user: ld.so says nothing of what it cannot load"
    status "another user" 0 env "LD_PRELOAD=$library" setpriv --reuid=65534 --clear-groups sh "$work/without"
    same "another user" "/ " "$(cat out)"
    silent "another user"
    mkdir -p bare/work
    cp without bare/work
    for file in "$(command -v sh)" "$(command -v ls)" "$(command -v printenv)"; do
        # shellcheck disable=SC2046
        cp -L --parents "$file" $(ldd "$file" | grep -o '/[^ ]*') bare
    done
    status "another root directory" 0 "$command" chroot bare "$(command -v sh)" /work/without
    same "another root directory" "/ " "$(cat out)"
    silent "another root directory"
fi
# Others in the list stay.
# shellcheck disable=SC2016
status "removed" 0 env "LD_PRELOAD=$library:libc.so.6" sh -c 'rm "$0"; . ./without' "$library"
same "removed" "/ libc.so.6" "$(cat out)"
silent "removed"

# Another PID namespace sees that a launcher's session is in use.
if unshare -fp --mount-proc true 2>/dev/null; then
    # shellcheck disable=SC2016
    status "PID namespace" 0 "$command" sh -c '
        unshare -fp --mount-proc env -u SPAWN_TEMPLATE_CACHE -u LD_PRELOAD "$0" true
        [ -e "$SPAWN_TEMPLATE_CACHE/index" ]' "$command"
fi

same "no session is left" 0 "$(sessions)"
finish
