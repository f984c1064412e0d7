# Shell functions of the tests of the command.  To be sourced first; needs in the environment
#
#   ST_COMMAND    the command spawn-template, built
#   PYTHON        a Python 3
#
# shellcheck shell=sh
set -u

# shellcheck disable=SC2034
command=${ST_COMMAND:?}
failures=0

# Nothing of the one who runs the tests may show in them.
unset SPAWN_TEMPLATE SPAWN_TEMPLATE_CACHE SPAWN_TEMPLATE_STATS SPAWN_TEMPLATE_LOG \
    SPAWN_TEMPLATE_KERNEL_NR XDG_RUNTIME_DIR XDG_CACHE_HOME LD_PRELOAD MAKEFLAGS MFLAGS MAKELEVEL
LC_ALL=C.UTF-8
# A directory that this user may not look into makes every name that is not found EACCES.
path=
IFS=:
for directory in $PATH; do
    [ ! -x "$directory" ] || path=$path${path:+:}$directory
done
unset IFS
PATH=$path
export LC_ALL PATH

work=$(mktemp -d "${TMPDIR:-/tmp}/spawn-template-test.XXXXXX") || exit 1
work=$(cd "$work" && pwd -P)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
HOME=$work/home
mkdir "$HOME" || exit 1
export HOME
cd "$work" || exit 1

# Where sessions are, with this HOME and no XDG variable.
cache=$HOME/.cache/spawn-template

fail()
{
    printf 'FAILED: %s\n' "$*" >&2
    failures=$((failures + 1))
}

skip()
{
    printf 'skipped: %s\n' "$*"
    exit 77
}

# To be called at the end.
finish()
{
    [ "$failures" -eq 0 ] || {
        printf '%s checks failed\n' "$failures" >&2
        exit 1
    }
    exit 0
}

# same WHAT EXPECTED ACTUAL
same()
{
    [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
}

# status WHAT EXPECTED COMMAND...: the exit status of a command; its output goes to $work/out and
# $work/err.
status()
{
    status_what=$1
    status_expected=$2
    shift 2
    "$@" >"$work/out" 2>"$work/err" </dev/null
    status_got=$?
    [ "$status_got" -eq "$status_expected" ] || {
        fail "$status_what: expected status $status_expected, got $status_got"
        sed 's/^/  stderr: /' "$work/err" >&2
    }
}

# one_line WHAT PATTERN: $work/err is a single line of ours that contains the text PATTERN.
one_line()
{
    if [ "$(wc -l <"$work/err")" -ne 1 ] || ! grep -q '^spawn-template: ' "$work/err" ||
        ! grep -qF -- "$2" "$work/err"; then
        fail "$1: not one line with '$2'"
        sed 's/^/  stderr: /' "$work/err" >&2
    fi
}

# silent WHAT: $work/err is empty.
silent()
{
    [ ! -s "$work/err" ] || {
        fail "$1: not silent"
        sed 's/^/  stderr: /' "$work/err" >&2
    }
}

# sessions: how many there are in the cache directory; sessions_in: in another.
sessions()
{
    sessions_in "$cache"
}

sessions_in()
{
    find "$1" -mindepth 1 -maxdepth 1 -name 'session-*' 2>/dev/null | wc -l
}

# json FILE EXPRESSION: the value of a Python expression in which j is the parsed file.
json()
{
    "$PYTHON" -c 'import json, sys
j = json.load(open(sys.argv[1], "rb"))
print(eval(sys.argv[2]))' "$1" "$2"
}

# images_work: whether images can be made here at all.
images_work()
{
    "$command" inspect --json /bin/true >"$work/images.json" 2>/dev/null
    [ "$(json "$work/images.json" 'j["files"][0]["engines"]["image"]["eligible"]')" = True ]
}

# ineligible_library FILE: a library whose constructor does what no image can repeat.
ineligible_library()
{
    cat >"$work/ineligible.c" <<'C'
#include <unistd.h>
int ineligible(void);
static pid_t pid;
__attribute__((constructor)) static void act(void) { pid = getpid(); }
int ineligible(void) { return pid == getpid() ? 0 : 1; }
C
    # shellcheck disable=SC2086
    ${CC:-cc} -shared -fPIC -o "$1" "$work/ineligible.c"
}

# wait_until SECONDS COMMAND...: try until it succeeds.
wait_until()
{
    wait_tries=$(($1 * 20))
    shift
    while ! "$@"; do
        wait_tries=$((wait_tries - 1))
        [ "$wait_tries" -gt 0 ] || return 1
        sleep 0.05
    done
}
