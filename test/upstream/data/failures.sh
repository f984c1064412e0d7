#!/bin/sh
# shellcheck disable=SC2287
# What cannot be started: the status, and the words on standard error.

directory=$(mktemp -d) || exit 1
trap 'rm -rf "$directory"' EXIT
cd "$directory" || exit 1

no-such-command-at-all
echo "missing: $?"
./missing
echo "missing, with a path: $?"
/
echo "a directory: $?"
: >empty
./empty
echo "not executable: $?"
chmod +x empty
./empty
echo "empty: $?"
echo 'echo "no interpreter line, arguments $*"' >plain
chmod +x plain
./plain 1 2
echo "plain text: $?"
printf '#!/nonexistent/interpreter\n' >lost
chmod +x lost
./lost
echo "no such interpreter: $?"
printf '#!/bin/sh -e\necho "script $0: $*"\nfalse\necho not reached\n' >script
chmod +x script
./script a 'b c'
echo "script: $?"
printf '#!./script\n' >nested
chmod +x nested
./nested x
echo "a script for a script: $?"
printf '\177ELF but not really' >broken
chmod +x broken
./broken 2>/dev/null
echo "a broken program: $?"
ln -s loop loop
./loop
echo "a loop of links: $?"
mkdir bin
printf '#!/bin/sh\necho "found in PATH as $0"\n' >bin/tool
chmod +x bin/tool
PATH=$directory/bin:$PATH
tool | sed "s,$directory,DIR,"
PATH=nowhere:$PATH
cd bin || exit 1
PATH=:/nonexistent:$PATH
tool | sed "s,$directory,DIR,"
cp /bin/echo changing
./changing first
printf '#!/bin/sh\necho "replaced, $*"\n' >next
chmod +x next
mv next changing
./changing second
rm changing
./changing third
echo "removed: $?"
sh -c "$(printf '%05000d' 0 | sed 's/0/: x;/g') echo a long command"
/bin/echo "$(printf '%0200000d' 0)" | wc -c
/usr/bin/env A= /bin/sh -c 'echo "A=$A${A+ is set}"'
