#!/bin/sh
# The kernel engine of spawn-template in builds: through templates, or to libc for a known reason
# needs: build
set -u
# shellcheck source=../inside.sh
. "$ST_SOURCE/test/kernel/inside.sh"
name_calls

# Starts that a kernel template cannot make, as the manual says: by exec, of a shell by libc, of
# scripts, of what the user can write to, by a relative path.  And with attributes that the system
# call does not have: ninja asks for a process group, for all but its pool "console".
known='exec shell script writable static unresolved relative failed attributes'

# with_known_reasons FILE: all others went through the kernel.
with_known_reasons()
{
    for one in $(reasons "$1"); do
        case " $known " in
            *" ${one%=*} "*) ;;
            *) wrong "$1: $one" ;;
        esac
    done
    [ "$(stats "$1" image)" = 0 ] || wrong "$1: $(stats "$1" image) from images"
    printf '%s: %s of %s starts through the kernel; %s\n' "$1" "$(stats "$1" kernel)" \
        "$(stats "$1" total)" "$(reasons "$1")"
    cp "$1" "$ST_RESULTS"
}

# builds TOOL: the project, plainly and through templates; the same files in the end.
builds()
{
    project work
    (cd work && "$1") >plain.out 2>&1 || wrong "$1: status $?"
    files work >plain.files
    project work
    read -r spawns_before <$parameters/spawns
    (cd work && "$command" --engine=kernel "--stats=../$1.json" "$1") >work.out 2>&1 ||
        wrong "$1 through templates: status $?"
    read -r spawns_after <$parameters/spawns
    files work >work.files
    diff plain.files work.files || wrong "$1: other files"
    for log in plain work; do
        sed 's/^\[[0-9/]*\] //' $log.out | sort >$log.sorted
    done
    diff plain.sorted work.sorted || wrong "$1: other output"
    with_known_reasons "$1.json"
    [ $(($(stats "$1.json" kernel) + $(stats "$1.json" attributes))) -ge "$2" ] ||
        wrong "$1: only $(stats "$1.json" total) starts seen"
    # What is counted as started has been asked of the kernel, and little else.
    [ $((spawns_after - spawns_before)) -ge "$(stats "$1.json" kernel)" ] ||
        wrong "$1: $((spawns_after - spawns_before)) calls"
}

# Without a compiler: many quick programs, some of which fail, and must in the same way.
numbers='1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20'
cat >commands.mk <<END
numbers = $numbers
all: \$(numbers:%=n%) missing fails
n%:
	@/usr/bin/expr \$* + 1
	@/bin/echo n\$*
missing:
	-@/usr/bin/no-such-program here
fails:
	-@/bin/false
	-@/usr/bin/expr 0
END
{
    printf 'rule one\n  command = /usr/bin/expr $n + 1 && exit $status\n  pool = console\n'
    for n in $numbers; do
        printf 'build n%s: one\n  n = %s\n  status = 0\n' "$n" "$n"
    done
    printf 'build fails: one\n  n = fails\n  status = 7\n'
} >build.ninja

# commands TOOL LEAST ARGUMENT...: plainly and through templates, LEAST of them at the least.
commands()
{
    tool=$1
    least=$2
    shift 2
    "$tool" "$@" >plain.out 2>&1
    plain_status=$?
    "$command" --engine=kernel "--stats=commands.$tool.json" "$tool" "$@" >work.out 2>&1
    status=$?
    [ $status -eq $plain_status ] || wrong "$tool through templates: status $status"
    diff plain.out work.out || wrong "$tool: other output"
    with_known_reasons "commands.$tool.json"
    [ "$(stats "commands.$tool.json" kernel)" -ge "$least" ] ||
        wrong "$tool: only $(stats "commands.$tool.json" kernel) starts"
}
commands make 42 -f commands.mk
commands ninja 21 -j1 -k0
rm build.ninja

# The errno of a start that fails, from the true posix_spawn(); and who is the parent.
cat >spawns.py <<'END'
import errno, os, signal
def attempt(path, **more):
    try:
        pid = os.posix_spawn(path, ["program", "-c", "exit 7"], os.environ, **more)
    except OSError as e:
        return errno.errorcode[e.errno]
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
CLOSE, DUP2, OPEN = os.POSIX_SPAWN_CLOSE, os.POSIX_SPAWN_DUP2, os.POSIX_SPAWN_OPEN
for i in range(3):
    print(attempt("/bin/sh"), attempt("/does/not/exist"), attempt("/etc/passwd"), attempt("/tmp"))
    print(attempt("/bin/sh", file_actions=[(OPEN, 5, "/does/not/exist", os.O_RDONLY, 0)]))
    print(attempt("/bin/sh", file_actions=[(OPEN, 5, "/etc/passwd/x", os.O_RDONLY, 0)]))
    print(attempt("/bin/sh", file_actions=[(DUP2, 77, 5)]))
    print(attempt("/bin/sh", file_actions=[(CLOSE, 77)]))
    print(attempt("/bin/sh", file_actions=[(OPEN, 5, "/dev/null", os.O_RDWR, 0), (DUP2, 5, 5)]))
    print(attempt("/bin/sh", setsigmask=[signal.SIGUSR1], setsigdef=[signal.SIGPIPE]))
    try:
        os.waitpid(-1, os.WNOHANG)
        print("a child is left over")
    except ChildProcessError:
        print("none left over")
END
python3 spawns.py >plain.out 2>&1 || wrong "python3: status $?"
"$command" --engine=kernel --stats=python.json python3 spawns.py >work.out 2>&1 ||
    wrong "python3 through templates: status $?"
diff plain.out work.out || wrong 'python3: other results'
with_known_reasons python.json
[ "$(stats python.json kernel)" -ge 9 ] || wrong "python3: $(stats python.json kernel) starts"

builds make 5
builds ninja 4
"$command" doctor | grep -i kernel
finish
