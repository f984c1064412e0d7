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

# all_spawns FILE: nothing that was given to posix_spawn() was left to libc.
all_spawns()
{
    others=$(($(stats "$1" total) - $(stats "$1" kernel)))
    for one in $(reasons "$1"); do
        case $one in
            exec=* | shell=*) others=$((others - ${one#*=})) ;;
        esac
    done
    [ $others -eq 0 ] || wrong "$1: $others of posix_spawn() by libc: $(reasons "$1")"
}

# builds NAME LEAST TOOL: the project, plainly and through templates; the same files in the end.
# Under the name "console", all of ninja's commands are in its pool "console".
builds()
{
    project work
    [ "$1" != console ] || console work/build.ninja
    (cd work && "$3") >plain.out 2>&1 || wrong "$1: status $?"
    files work >plain.files
    project work
    [ "$1" != console ] || console work/build.ninja
    read -r spawns_before <$parameters/spawns
    (cd work && "$command" --engine=kernel "--stats=../$1.json" "$3") >work.out 2>&1 ||
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

# console FILE: a build.ninja whose rules are all for that pool.
console()
{
    sed -i 's/^  command = .*/&\n  pool = console/' "$1"
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

# Each action that can fail, in each way that a user sees: libc's errno, and no child left over.
cat >actions.c <<'END'
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static posix_spawn_file_actions_t fa;

static void begin(void)
{
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 9, "/dev/null", O_RDWR, 0);
}

static void end(const char *what)
{
	char *argv[] = {"expr", "1", NULL};
	int err;
	pid_t pid = -7;

	posix_spawn_file_actions_adddup2(&fa, 9, 1);
	for (int i = 0; i < 2; i++) {
		err = posix_spawn(&pid, "/usr/bin/expr", &fa, NULL, argv, environ);
		printf("%s: %s, %s\n", what, strerrorname_np(err),
		       err || waitpid(pid, NULL, 0) == pid ? "as expected" : "no child");
		if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
			printf("%s: a child is left over\n", what);
	}
	posix_spawn_file_actions_destroy(&fa);
}

#define TRY(call) (begin(), posix_spawn_file_actions_##call, end(#call))

int main(void)
{
	TRY(addopen(&fa, 5, "/does/not/exist", O_RDONLY, 0));
	TRY(addopen(&fa, 5, "/etc/passwd/x", O_RDONLY, 0));
	TRY(addopen(&fa, 5, "/etc", O_WRONLY, 0));
	TRY(addopen(&fa, 5, "loop", O_RDONLY, 0));
	TRY(addopen(&fa, 5, "/proc/self/none", O_WRONLY | O_CREAT, 0600));
	TRY(addopen(&fa, 5, "", O_RDONLY, 0));
	TRY(adddup2(&fa, 77, 5));
	TRY(adddup2(&fa, 77, 77));
	TRY(addclose(&fa, 77));
	TRY(addchdir_np(&fa, "/does/not/exist"));
	TRY(addchdir_np(&fa, "/etc/passwd"));
	TRY(addfchdir_np(&fa, 77));
	TRY(addfchdir_np(&fa, 0));
	TRY(addclosefrom_np(&fa, 5));
	return 0;
}
END
gcc -std=gnu17 -D_GNU_SOURCE -Wno-discarded-qualifiers -o actions actions.c || wrong 'actions.c'
ln -s loop loop
./actions >plain.out 2>&1 || wrong "actions: status $?"
read -r spawns_before <$parameters/spawns
"$command" --engine=kernel --stats=actions.json ./actions >work.out 2>&1 ||
    wrong "actions through templates: status $?"
read -r spawns_after <$parameters/spawns
diff plain.out work.out || wrong 'actions: other results'
[ "$(grep -c ': E' plain.out)" = 26 ] || wrong "actions: $(cat plain.out)"
with_known_reasons actions.json
[ "$(stats actions.json kernel)" = 2 ] || wrong "actions: $(stats actions.json kernel) starts"
# Those that are not even tried are opens that fail before there is anything to open.
printf 'actions: %s calls\n' $((spawns_after - spawns_before))
[ $((spawns_after - spawns_before)) -ge 20 ] || wrong 'actions: the kernel was hardly asked'

builds make 5 make
all_spawns make.json
builds ninja 4 ninja
builds console 8 ninja
all_spawns console.json
"$command" doctor | grep -i kernel
finish
