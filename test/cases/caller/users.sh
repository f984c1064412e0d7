# A caller that is not the session's user, or was and is no more: for root only.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
[ "$(id -u)" = 0 ] || skip 'not root'
need setpriv
modes_begin caller.users
launch=$ST_CASES_BIN/launch
show=$ST_CASES_BIN/show
# Below /root, for example, nobody else may read anything.
for file in "$show" "$ST_PRELOAD" "$ST_PRELOAD_STUB"; do
    setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$file" 2>/dev/null ||
        skip "nobody may not read $file"
done
chmod 0777 "$work"

expect_starts=0
compare_modes setpriv --reuid=65534 --regid=65534 --clear-groups "$launch" vfork "$show" one
# Real and effective user differ: the dynamic linker runs in its secure mode.
compare_modes setpriv --euid=65534 "$launch" posix_spawn "$show" loaded
compare_modes setpriv --ruid=65534 "$launch" posix_spawn "$show" loaded
compare_modes setpriv --no-new-privs --bounding-set=-all --inh-caps=-all \
    "$launch" execvp "$show" one
modes_end
