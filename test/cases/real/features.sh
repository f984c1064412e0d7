# What POSIX shells do with processes.  Run by several shells, each compared with itself.
# It is odd on purpose: what is written here is what scripts contain.
# shellcheck disable=SC1010,SC2003,SC2005,SC2006,SC2012,SC2018,SC2019,SC2034,SC2086,SC2123,SC2162,SC2242,SC2287,SC2320

echo "1: pipelines and their status"
printf 'c\nb\na\n' | sort | tr a-z A-Z | cat -n
false | true; echo $?
true | false; echo $?
! true | false; echo $?
yes | head -n 3

echo "2: substitutions"
echo "$(echo a; exit 3)" $?
x=$(exit 4); echo $?
echo "`echo backticks | sed 's/k/K/g'`"
echo "$(cat <<END
here $(expr 1 + 1)
END
)"

echo "3: redirections"
cat <<'END' >file
one
two
END
exec 3<file 4>>out
read first <&3; echo "$first"; cat <&3
echo to four >&4; exec 3<&- 4>&-
cat out; cat file - </dev/null | wc -l
{ echo both; echo error >&2; } >both.txt 2>&1; sort both.txt
ls no-such-file 2>/dev/null || echo "status $?"

echo "4: exit statuses"
sh -c 'exit 77'; echo $?
sh -c 'kill -TERM $$'; echo $?
no-such-command 2>/dev/null; echo $?
./file 2>/dev/null; echo $?
/ 2>/dev/null; echo $?
(exit 300 2>/dev/null); test $? -ne 0 && echo nonzero

echo "5: scripts without a first line, with one, and with a missing interpreter"
printf 'echo no first line $1; exit 5\n' >script1
printf '#!/bin/sh -e\necho first line $1; false; echo not reached\n' >script2
printf '#!/no/such/interpreter\n' >script3
chmod +x script1 script2 script3
./script1 x; echo $?
./script2 x; echo $?
./script3 2>/dev/null; echo $?

echo "6: background jobs"
sleep 0.1 & first=$!
(exit 6) & second=$!
wait $second; echo $?
wait $first; echo $?
sleep 60 & kill $!; wait $! 2>/dev/null; echo $?
(sleep 0.05; echo later) & echo sooner; wait
wait; echo $?

echo "7: traps"
sh -c 'trap "echo leaving" EXIT; exit 8'; echo $?
sh -c 'trap "echo INT" INT; kill -INT $$; echo after'; echo $?
sh -c 'trap "" PIPE; yes 2>/dev/null; echo $?' | head -n 1

echo "8: exec and environment"
(exec echo replaced; echo not reached)
VAR=value sh -c 'echo $VAR'; echo "${VAR-unset}"
env -i VAR=only /usr/bin/env
(PATH=$PWD:$PATH; script1 by-path)
(PATH=; cat file 2>/dev/null; echo $?)
command -v sh

echo "9: many small programs"
i=0
while [ $i -lt 30 ]; do
    i=$(expr $i + 1)
done
echo $i
find . -type f -name 'script*' -exec basename {} \; | sort | xargs -n 2 echo
ls | awk '{ print length($0) }' | sort -n | uniq -c | sed 's/^ *//' | tail -n 3
printf '%s\n' a b c | while read -r line; do echo "line $line" | cut -c6-; done
echo done
