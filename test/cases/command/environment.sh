#!/bin/sh
# What COMMAND finds in its environment.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

library=$(cd "$(dirname "$command")/../lib" && pwd -P)/libspawn_template_preload.so

# variable NAME [OPTION...]: what COMMAND sees, "unset" if it does not.
variable()
{
    variable_name=$1
    shift
    # printenv, and not a shell: a shell may add variables of its own.
    "$command" "$@" printenv "$variable_name" || echo unset
}

same "LD_PRELOAD" "$library" "$(variable LD_PRELOAD)"
for others in 'libm.so.6' 'libm.so.6 libdl.so.2' 'libm.so.6:libdl.so.2' ' libm.so.6 ' ':' ''; do
    same "LD_PRELOAD '$others' stays first" "$others:$library" \
        "$(LD_PRELOAD=$others variable LD_PRELOAD)"
done
for ours in "$library" "$library:libm.so.6" "libm.so.6 $library" "libm.so.6:$library:libdl.so.2"; do
    same "LD_PRELOAD with ours stays" "$ours" "$(LD_PRELOAD=$ours variable LD_PRELOAD)"
done

same "SPAWN_TEMPLATE" unset "$(variable SPAWN_TEMPLATE)"
same "SPAWN_TEMPLATE is kept" off "$(SPAWN_TEMPLATE=off variable SPAWN_TEMPLATE)"
for engine in auto kernel off; do
    same "--engine=$engine" $engine "$(variable SPAWN_TEMPLATE --engine=$engine)"
    same "--engine=$engine before the variable" $engine \
        "$(SPAWN_TEMPLATE=auto variable SPAWN_TEMPLATE --engine=$engine)"
done
same "the last option counts" off "$(variable SPAWN_TEMPLATE --engine=auto --engine=off)"
same "numbers" unset "$(variable SPAWN_TEMPLATE_KERNEL_NR)"
same "numbers are kept" 472,473 \
    "$(SPAWN_TEMPLATE_KERNEL_NR=472,473 variable SPAWN_TEMPLATE_KERNEL_NR --engine=kernel)"
same "statistics are not asked for" unset "$(variable SPAWN_TEMPLATE_STATS --stats=s.json)"

session=$(variable SPAWN_TEMPLATE_CACHE)
case $session in
"$cache"/session-*-??????) ;;
*) fail "session: $session" ;;
esac
[ ! -e "$session" ] || fail "session: still there"
# shellcheck disable=SC2016
same "session is private" "700 600" \
    "$("$command" sh -c 'stat -c %a "$SPAWN_TEMPLATE_CACHE" "$SPAWN_TEMPLATE_CACHE/index"' |
        tr '\n' ' ' | sed 's/ $//')"
# shellcheck disable=SC2016
same "session is private whatever the umask" "700 600" \
    "$(umask 0777; "$command" sh -c 'stat -c %a "$SPAWN_TEMPLATE_CACHE" "$SPAWN_TEMPLATE_CACHE/index"' |
        tr '\n' ' ' | sed 's/ $//')"
same "umask" 0027 "$(umask 027; "$command" sh -c umask)"

# All else is as it was, and where it was.
others()
{
    env -i PATH="$PATH" HOME="$HOME" 'A=1 2' B= "C=a
b" 'D==' Z=1 "$@" env -0 | tr '\0\n' '\n ' |
        grep -v -e '^LD_PRELOAD=' -e '^SPAWN_TEMPLATE_CACHE='
}
same "other variables" "$(others)" "$(others "$command" --)"

# From nothing.
same "empty environment" "LD_PRELOAD SPAWN_TEMPLATE_CACHE" \
    "$(env -i "$command" --cache-dir="$work/c" env | sed 's/=.*//' | LC_ALL=C sort | tr '\n' ' ' |
        sed 's/ $//')"
same "PATH is not set" 0 "$(env -i "$command" --cache-dir="$work/c" sh -c 'echo $?')"
status "PATH is empty" 127 env PATH= "$command" ls
mkdir bin
printf '#!/bin/sh\necho mine\n' >bin/ls
chmod +x bin/ls
same "PATH" mine "$(PATH=$work/bin:$PATH "$command" ls)"
same "PATH: the working directory" mine "$(cd bin && PATH=:/usr/bin:/bin "$command" ls)"

# XDG variables.
mkdir runtime xdg
same "XDG_CACHE_HOME" "$work/xdg/spawn-template" \
    "$(dirname "$(XDG_CACHE_HOME=$work/xdg variable SPAWN_TEMPLATE_CACHE)")"
same "XDG_RUNTIME_DIR comes first" "$work/runtime/spawn-template" \
    "$(dirname "$(XDG_RUNTIME_DIR=$work/runtime XDG_CACHE_HOME=$work/xdg \
        variable SPAWN_TEMPLATE_CACHE)")"
same "XDG_CACHE_HOME is made" "$work/made/spawn-template" \
    "$(dirname "$(XDG_CACHE_HOME=$work/made variable SPAWN_TEMPLATE_CACHE)")"
same "XDG_RUNTIME_DIR is not made" "$cache" \
    "$(dirname "$(XDG_RUNTIME_DIR=$work/not-made variable SPAWN_TEMPLATE_CACHE)")"
[ ! -e not-made ] || fail "XDG_RUNTIME_DIR was made"
same "XDG_CACHE_HOME must be absolute" "$cache" \
    "$(dirname "$(XDG_CACHE_HOME=xdg variable SPAWN_TEMPLATE_CACHE)")"
same "SPAWN_TEMPLATE_CACHE comes before" "$work/own" \
    "$(dirname "$(SPAWN_TEMPLATE_CACHE=$work/own XDG_RUNTIME_DIR=$work/runtime \
        variable SPAWN_TEMPLATE_CACHE)")"
same "--cache-dir comes before" "$work/option" \
    "$(dirname "$(SPAWN_TEMPLATE_CACHE=$work/own variable SPAWN_TEMPLATE_CACHE \
        --cache-dir=option)")"
same "a session that is over: its cache directory" "$work/own" \
    "$(dirname "$(SPAWN_TEMPLATE_CACHE=$work/own/session-1-abcdef variable SPAWN_TEMPLATE_CACHE)")"
same "SPAWN_TEMPLATE_CACHE must be absolute" "$cache" \
    "$(dirname "$(SPAWN_TEMPLATE_CACHE=own variable SPAWN_TEMPLATE_CACHE)")"
mkdir open
chmod 777 open
same "SPAWN_TEMPLATE_CACHE must be private" "$cache" \
    "$(dirname "$(SPAWN_TEMPLATE_CACHE=$work/open variable SPAWN_TEMPLATE_CACHE)")"

# What --verbose says.
status "verbose" 4 "$command" --verbose sh -c 'exit 4'
for text in "preload library: $library" "session: $cache/session-" "sh ended with status 4"; do
    grep -qF "spawn-template: $text" err || fail "--verbose: no '$text'"
done
grep -qv '^spawn-template: ' err && fail "--verbose: a line without our name"

same "no session is left" 0 "$(sessions)"
finish
