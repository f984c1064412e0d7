#!/bin/sh
# `spawn-template inspect`: identity, kind, ELF facts and eligibility of a table of files.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

# Files that need no compiler: ELF headers alone.
"$PYTHON" - <<'PYTHON'
import struct

def ident(elf_class, data):
    return b"\x7fELF" + bytes([elf_class, data, 1]) + bytes(9)

def elf64(name, machine, elf_type=2, data=1):
    e = "<" if data == 1 else ">"
    with open(name, "wb") as f:
        f.write(ident(2, data) + struct.pack(e + "HHIQQQIHHHHHH", elf_type, machine, 1, 0x1000, 0,
                                             0, 0, 64, 56, 0, 0, 0, 0))

def elf32(name, machine):
    with open(name, "wb") as f:
        f.write(ident(1, 1) + struct.pack("<HHIIIIIHHHHHH", 2, machine, 1, 0x1000, 0, 0, 0, 52,
                                          32, 0, 0, 0, 0))

elf64("aarch64", 183)
elf64("ppc64", 21, data=2)
elf64("object", 62, elf_type=1)
elf32("i386", 3)
with open("cut", "wb") as f:
    f.write(ident(2, 1)[:10])
PYTHON
printf '#!/bin/sh\n' >script
printf '#!%s/script\n' "$work" >script-of-script
printf '#!/no/such/interpreter\n' >script-of-nothing
printf 'plain\n' >text
: >empty
chmod 755 script script-of-script script-of-nothing text empty aarch64 ppc64 object i386 cut
cp /bin/true setuid
chmod 4755 setuid
cp /bin/true group-writable
chmod 775 group-writable
cp /bin/true private
chmod 700 private
cp /bin/true not-executable
chmod 644 not-executable

# about FILE EXPRESSION: a fact of FILE, f being its part of the JSON.
about()
{
    "$command" inspect --json "$1" >i.json 2>err
    json i.json "(lambda f: $2)(j['files'][0])"
}

# file NAME KIND LOADED-KIND PRELOAD KERNEL-REASON
file()
{
    same "$1" "$2 $3 $4 $5" "$(about "$1" \
        'f["kind"] + " " + f["loaded_kind"] + " " + f["preload"] + " " + f["engines"]["kernel"]["reason"]')"
    [ "$(wc -l <err)" -eq 0 ] || fail "$1: $(cat err)"
}
file /bin/true glibc glibc loaded none
file script script glibc loaded script
file script-of-script script glibc loaded script
file script-of-nothing script unreadable not-loaded script
file text other other not-loaded not-elf
file empty other other not-loaded not-elf
file cut other other not-loaded not-elf
file aarch64 foreign-arch foreign-arch removed foreign-arch
file ppc64 foreign-arch foreign-arch removed foreign-arch
file i386 elf32 elf32 removed elf32
file setuid glibc glibc not-loaded setid
file group-writable glibc glibc loaded writable

# The engines: a verdict is the reason, a sentence, and eligible or not.
same "eligible" "True" "$(about /bin/true 'f["engines"]["kernel"]["eligible"]')"
same "not eligible" "False" "$(about script 'f["engines"]["kernel"]["eligible"]')"
same "sentence" "a #! script: its interpreter is started by the kernel" \
    "$(about script 'f["engines"]["kernel"]["sentence"]')"
same "script's interpreter" "/bin/sh" "$(about script 'f["script_interpreter"]')"
same "executable" "True False" "$(about private 'f["executable"]') $(about not-executable 'f["executable"]')"

# The image engine's verdict is that of a real trial, in the environment that a session has.
image() # FILE: eligible, reason
{
    about "$1" 'str(f["engines"]["image"]["eligible"]) + " " + f["engines"]["image"]["reason"]'
}
same "image: text" "False not-elf" "$(image text)"
same "image: i386" "False elf32" "$(image i386)"
same "image: aarch64" "False foreign-arch" "$(image aarch64)"
same "image: setuid" "False setid" "$(image setuid)"
if images_work; then
    same "image: true" "True none" "$(image /bin/true)"
    same "image: true, keys" \
        "['eligible', 'reason', 'sentence', 'bytes', 'own_memory', 'files']" \
        "$(about /bin/true 'list(f["engines"]["image"])')"
    # At least the program, ld.so and libc; and not less than its data, nor more than all of them.
    same "image: true, files" True "$(about /bin/true 'f["engines"]["image"]["files"] >= 3')"
    same "image: true, size" True \
        "$(about /bin/true '16384 < f["engines"]["image"]["own_memory"] <= 4 << 20 and
            16384 < f["engines"]["image"]["bytes"] <= 4 << 20')"
    same "image: private" "True none" "$(image private)"
    # A script's image is one of its interpreter.
    same "image: script" "True none" "$(image script)"
    same "image: script of nothing" False "$(image script-of-nothing | cut -d' ' -f1)"
    ineligible_library "$work/libineligible.so" || fail "the ineligible library cannot be made"
    cp /bin/true eligible
    same "image: eligible" "True none" "$(image ./eligible)"
    LD_PRELOAD=$work/libineligible.so "$command" inspect --json eligible >i.json
    same "image: ineligible" "False ineligible" "$(json i.json \
        '"{eligible} {reason}".format(**j["files"][0]["engines"]["image"])')"
    json i.json 'j["files"][0]["engines"]["image"]["sentence"]' | grep -q "system call" ||
        fail "image: ineligible: $(cat i.json)"
    # In a session nothing of it is counted there, nor started from an image itself.
    # shellcheck disable=SC2016
    status "image: in a session" 0 "$command" --stats=s.json sh -c \
        '"$0" inspect --json /bin/true; "$0" inspect /bin/true >&2; :' "$command"
    same "image: in a session" True "$(json out 'j["files"][0]["engines"]["image"]["eligible"]')"
    same "image: in a session, counts" 2 "$(json s.json 'j["starts"]["total"]')"
    status "image: text" 0 "$command" inspect /bin/true
    grep -qE '^  engine image can start it: an image of .*, made of [0-9]+ files$' out ||
        fail "image: text: $(cat out)"
    [ -z "$(ls -A "$HOME")" ] || [ "$(find "$HOME" -name true | wc -l)" -eq 0 ] ||
        fail "image: something was left"
fi
# Without the library there can be none.
mkdir -p broken/bin broken/libexec
cp "$command" broken/bin/spawn-template
cp -R "${command%/bin/*}/libexec/spawn-template" broken/libexec/
broken/bin/spawn-template inspect --json /bin/true >i.json
same "image: no library" "False no-engine" \
    "$(json i.json '"{eligible} {reason}".format(**j["files"][0]["engines"]["image"])')"

# Identity and ELF facts against what other tools say.
same "size, inode" "$(stat -Lc '%s %i %u %g' /bin/true)" \
    "$(about /bin/true '"{size} {ino} {uid} {gid}".format(**f["identity"])')"
same "times" "$(stat -Lc '%.Y %.Z' /bin/true | sed 's/0*\( \|$\)/\1/g; s/\.\( \|$\)/\1/g')" \
    "$(about /bin/true 'f["identity"]["mtime"] + " " + f["identity"]["ctime"]' |
        sed 's/0*\( \|$\)/\1/g; s/\.\( \|$\)/\1/g')"
same "mode" "$(printf '%06o' 0x"$(stat -Lc %f /bin/true)")" "$(about /bin/true 'f["identity"]["mode"]')"
same "ELF" "64 little-endian x86-64 True" \
    "$(about /bin/true '"{class} {data} {machine} {imports_libc_start_main}".format(**f["elf"])')"
same "interpreter" /lib64/ld-linux-x86-64.so.2 "$(about /bin/true 'f["elf"]["interpreter"]')"
if command -v readelf >/dev/null; then
    same "needed" "$(readelf -d /bin/true | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | tr '\n' ' ')" \
        "$(about /bin/true '" ".join(f["elf"]["needed"]) + " "')"
    same "segments" "$(readelf -lW /bin/true | awk '/^Program Headers/ { on = 1; next }
            on && NF == 0 { exit } on && $1 ~ /^[A-Z]/ && $1 != "Type" { n++ } END { print n }')" \
        "$(about /bin/true 'len(f["elf"]["segments"])')"
    same "build id" "$(readelf -n /bin/true 2>/dev/null | sed -n 's/.*Build ID: //p')" \
        "$(about /bin/true 'f["elf"]["build_id"] or ""')"
fi
same "of another machine" "32 i386" "$(about i386 '"{class} {machine}".format(**f["elf"])' |
    sed 's/80386/i386/; s/Intel //; s/x86$/i386/')"
same "what is no ELF" None "$(about text 'f["elf"]')"
same "path" "$work/text" "$(about ./text 'f["path"]')"
ln -s text link
same "symbolic link" "link $work/text" "$(about link 'f["file"] + " " + f["path"]')"

# Names are searched for in PATH, unless there is such a file.
PATH=$work/bin:$PATH
mkdir bin bin/directory
cp script bin/found
cp script bin/text
cp not-executable bin/not-found
same "in PATH" "$work/bin/found" "$(about found 'f["path"]')"
same "a file here comes first" "$work/text" "$(about text 'f["path"]')"
same "ls" "$(realpath "$(command -v ls)")" "$(about ls 'f["path"]')"
status "not executable in PATH" 1 "$command" inspect not-found
status "a directory in PATH" 1 "$command" inspect directory

# What cannot be inspected is said, and the others are shown.
mkfifo fifo
for bad in no-such-file ./no-such-file '' / . fifo text/x; do
    status "bad file '$bad'" 1 "$command" inspect "$bad"
    one_line "bad file '$bad'" "inspect $bad: "
done
status "some bad" 1 "$command" inspect no-such-file text /no/such script
same "some bad: lines" 2 "$(wc -l <err)"
grep -qx "$work/text" out || fail "some bad: text is not shown"
grep -qx "$work/script" out || fail "some bad: script is not shown"
status "some bad, JSON" 1 "$command" inspect --json no-such-file text
same "some bad, JSON" "[True, False]" \
    "$(json out '[f["error"] is not None for f in j["files"]]')"

# Text: each row says what it is.
status "text" 0 "$command" inspect /bin/true script i386 text
silent "text"
for row in "  kind         glibc" "  identity     device " "  interpreter  /lib64/ld-linux" \
    "  needed       libc.so.6" "  preload      loaded" "  engine kernel can start it" \
    "  engine kernel cannot start it: script: a #! script" "  run by       /bin/sh" \
    "  kind         elf32" "  preload      taken out of its environment" \
    "  engine image cannot start it: "; do
    grep -qF -- "$row" out || fail "text: no '$row'"
done

# A name of any bytes.
odd=$(printf 'odd\377\n\033[31m')
cp script "$odd"
status "odd name" 0 "$command" inspect "$odd"
grep -qF 'odd\xff\n\x1b[31m' out || fail "odd name: $(cat -v out)"
status "odd name, JSON" 0 "$command" inspect --json "$odd"
"$PYTHON" -m json.tool out >/dev/null || fail "odd name: not JSON"
same "odd name, bytes" 6f6464ff0a1b5b33316d "$(json out 'j["files"][0]["file_hex"]')"

# What its start-up names may be any bytes as well.
cat >named.c <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int named(void);
__attribute__((constructor)) static void act(void)
{
    int fd = open("/proc/self/../.." WORK "/\033[31mred\nline", O_RDONLY);
    if (fd >= 0)
        close(fd);
}
int named(void) { return 0; }
C
echo 'int named(void); int main(void) { return named(); }' >names.c
named_file=$work/$(printf '\033[31mred\nline')
# shellcheck disable=SC2086
if ${CC:-cc} -shared -fPIC "-DWORK=\"$work\"" -o libnamed.so named.c 2>/dev/null &&
    ${CC:-cc} -o names names.c -Wl,-rpath,"$work" -L. -lnamed 2>/dev/null; then
    : >"$named_file"
    status "what it names" 0 "$command" inspect ./names
    rm "$named_file"
    if images_work; then
        grep -qF "its start-up reads /proc/self/../..$work/\x1b[31mred\nline" out ||
            fail "what it names: $(cat -v out)"
    fi
    grep -q "$(printf '\033')" out && fail "what it names: not fit for a terminal"
fi

# Real programs of other kinds, where they can be made; our own, hence writable.
echo 'int main(void) { return 0; }' >main.c
made()
{
    made_name=$1
    shift
    "$@" main.c -o "$made_name" >/dev/null 2>&1 && chmod 755 "$made_name"
}
# shellcheck disable=SC2086
{
    made static ${CC:-cc} -static && file static static static not-loaded writable
    made static-pie ${CC:-cc} -static-pie && file static-pie static static not-loaded writable
    made program32 ${CC:-cc} -m32 && file program32 elf32 elf32 removed elf32
    {
        made asan ${CC:-cc} -fsanitize=address -shared-libasan ||
            made asan ${CC:-cc} -fsanitize=address
    } && file asan sanitizer sanitizer removed writable
}
made musl musl-gcc && file musl foreign-libc foreign-libc removed writable

if [ "$(id -u)" -eq 0 ]; then
    chmod 711 bin
    cp /bin/true bin/secret
    chmod 711 bin/secret "$work"
    # shellcheck disable=SC2016
    setpriv --reuid=65534 --regid=65534 --clear-groups sh -c 'test -x "$0" && "$0" inspect "$1"' \
        "$command" "$work/bin/secret" >out 2>err
    [ -s out ] && {
        grep -q '^  kind         unreadable' out || fail "unreadable: kind"
        one_line "unreadable" "Permission denied"
    }
fi
finish
