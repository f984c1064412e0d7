#!/bin/sh
# shellcheck disable=SC2005,SC2116
# Pipelines, substitutions and redirections: who gets which descriptor, and whose status counts.

printf 'c\nb\na\n' | sort | sed 's/$/!/' | tr '\n' ' '
echo

false | true
echo "last of a pipeline: $?"
true | sh -c 'exit 9'
echo "last of a pipeline: $?"
! true
echo "negated: $?"

echo "nested: $(echo "$(echo "$(echo deep)")")"
echo "status of a substitution: $(sh -c 'exit 3')$?"
x=$(sh -c 'echo out; exit 4')
echo "of an assignment: $x $?"

# A reader that leaves early: the writer dies of SIGPIPE and nobody waits.
yes | head -n 2
seq 100000 | sed -n '5p;5q'

{ echo out; echo err >&2; } 2>&1 >/dev/null | sed 's/^/only: /'
sh -c 'echo to 3 >&3; echo to 1' 3>&1 >/dev/null
sh -c 'echo closed' >&- 2>/dev/null || echo "closed descriptor: failed"
cat <<EOF | sort -r
one
two $(echo three)
EOF
sh -c 'read -r line; echo "first: $line"; cat' <<'EOF'
a
b
EOF

# Much through a long pipeline.
seq 200000 | cat | cat | cat | sha256sum
i=0
while [ $i -lt 100 ]; do
    /bin/echo $i
    i=$((i + 1))
done | wc -l
seq 40 | xargs -n 1 -P 4 /bin/echo | sort -n | sha256sum
find /dev/null /dev/zero -exec /bin/echo found {} \; | sort
env -i A=1 /usr/bin/env
(exec env -i /bin/echo "no environment")
nice -n 3 sh -c 'nice'
timeout 5 sh -c 'exit 12'
echo "through timeout: $?"
