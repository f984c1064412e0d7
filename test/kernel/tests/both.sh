#!/bin/sh
# Both engines together: templates of images, in builds and where an image is replaced
# needs: build
set -u
# shellcheck source=../inside.sh
. "$ST_SOURCE/test/kernel/inside.sh"
name_calls

"$command" doctor >doctor.out || wrong "doctor: status $?"
grep -q "also of images" doctor.out || wrong "doctor: $(grep -A2 "engine kernel" doctor.out)"
# In one run of make, with images from before it.  expr looks at its arguments, and fails at the end.
"$command" bake /usr/bin/expr /bin/echo /bin/false >bake.out 2>&1 || wrong "bake: $(cat bake.out)"
cat >commands.mk <<'END_MK'
numbers = 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
all: $(numbers:%=n%) fails
n%:
	@/usr/bin/expr $* + 1
	@/bin/echo n$*
fails:
	-@/bin/false
	-@/usr/bin/expr 0
	-@/usr/bin/no-such-program here
END_MK
make -f commands.mk >plain.out 2>&1 || wrong "make: status $?"
read -r before <$parameters/spawns
"$command" --stats=make.json make -f commands.mk >work.out 2>&1 || wrong "make with both: status $?"
read -r after <$parameters/spawns
diff plain.out work.out || wrong 'make with both: other output'
printf 'make: %s from images, %s of them from templates; %s from other templates; %s\n' \
    "$(stats make.json image)" "$(both make.json)" "$(stats make.json kernel)" "$(reasons make.json)"
[ "$(both make.json)" -ge 32 ] || wrong "make: only $(both make.json) with both engines"
[ "$(both make.json)" -le "$(stats make.json image)" ] || wrong 'make: more than there were images'
[ $((after - before)) -ge $(($(both make.json) + $(stats make.json kernel))) ] ||
    wrong "make: $((after - before)) calls"
cp make.json "$ST_RESULTS/both.make.json"

# One engine alone is no less alone than before.
"$command" --engine=kernel --stats=kernel.json make -f commands.mk >work.out 2>&1 ||
    wrong "make, kernel alone: status $?"
[ "$(stats kernel.json image) $(both kernel.json)" = '0 0' ] || wrong 'kernel alone: images'
read -r before <$parameters/spawns
"$command" --engine=image --stats=image.json make -f commands.mk >work.out 2>&1 ||
    wrong "make, image alone: status $?"
read -r after <$parameters/spawns
[ "$(stats image.json kernel) $(both image.json) $((after - before))" = '0 0 0' ] ||
    wrong 'image alone: templates'

# An image that is replaced takes its template with it; so does one that goes away.  The errno of
# what fails is that of the true posix_spawn().
cat >replaced.py <<'END_PY'
import errno, os, subprocess, sys, time

command, program = sys.argv[1:]

def start(*arguments, **more):
    try:
        pid = os.posix_spawn(program, ["expr", *arguments], os.environ, **more)
    except OSError as e:
        return errno.errorcode[e.errno]
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def templates():
    """What the templates that this process has are of."""
    found = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            if "spawn_template" in os.readlink("/proc/self/fd/" + fd):
                with open("/proc/self/fdinfo/" + fd) as info:
                    found += [line[5:].strip() for line in info if line.startswith("exe:")]
        except FileNotFoundError:
            pass
    return found

def images():
    return [path for path in templates() if path.endswith("/expr") or "/expr " in path]

def check(what, condition):
    if not condition:
        print("wrong:", what, templates())

for _ in range(3):
    check("status", start("1", "+", "1") == 0 and start("0") == 1)
before = images()
check("one template, of an image", len(before) == 1 and "/images/" in before[0])
image = os.path.realpath(before[0])
for _ in range(3):
    check("no such directory", start("1", file_actions=[
        (os.POSIX_SPAWN_OPEN, 5, "/does/not/exist", os.O_RDONLY, 0)]) == "ENOENT")
    check("bad descriptor", start("1", file_actions=[(os.POSIX_SPAWN_DUP2, 77, 5)]) == "EBADF")
identity = os.stat(image).st_ino
os.chmod(os.path.dirname(image), 0o700)
with open(image, "rb") as f:
    copy = f.read()
with open(image + ".new", "wb") as f:
    f.write(copy)
os.chmod(image + ".new", os.stat(image).st_mode)
os.rename(image + ".new", image)
check("another file", os.stat(image).st_ino != identity)
for _ in range(3):
    check("status after", start("1", "+", "1") == 0)
after = images()
check("one template after", len(after) == 1 and "(deleted)" not in after[0])
os.unlink(image)
for _ in range(3):
    check("status without", start("1", "+", "1") == 0)
check("no image", not any("/images/" in path for path in images()))
subprocess.run([command, "bake", program], check=True, stdout=subprocess.DEVNULL)
# The session's service has to find it.
for _ in range(100):
    check("status again", start("1", "+", "1") == 0)
    if any("/images/" in path for path in images()):
        break
    time.sleep(0.2)
check("a template again", any("/images/" in path for path in images()))
try:
    os.waitpid(-1, os.WNOHANG)
    check("a child is left over", False)
except ChildProcessError:
    print("done")
END_PY
"$command" --stats=replaced.json python3 replaced.py "$command" /usr/bin/expr >replaced.out 2>&1 ||
    wrong "python3: status $?"
grep -v '^[0-9]*$' replaced.out >replaced.said
[ "$(cat replaced.said)" = 'done' ] || wrong "replaced: $(cat replaced.out)"
printf 'python3: %s from images, %s of them from templates; %s from other templates; %s\n' \
    "$(stats replaced.json image)" "$(both replaced.json)" "$(stats replaced.json kernel)" \
    "$(reasons replaced.json)"
[ "$(both replaced.json)" -ge 10 ] || wrong "replaced: only $(both replaced.json) with both engines"
cp replaced.json "$ST_RESULTS/both.replaced.json"

# What a program sees of itself is what it sees natively, through each mechanism.
ST_PART=
cases '^cases\.report\.(posix_spawnp|spawn_actions|spawn_chdir|spawn_keep|spawn_signals)$' 10 both
finish
