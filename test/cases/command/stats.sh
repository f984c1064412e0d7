#!/bin/sh
# The statistics: exact, complete, and safely written.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

total='j["starts"]["total"]'
of() # PATH: the starts of a target
{
    printf '([t["starts"] for t in j["targets"] if t["path"] == "%s"] or [0])[0]' "$1"
}

# The form, to the letter.
status "five starts" 3 "$command" --engine=kernel --stats=s.json sh -c \
    '/bin/true; /bin/true; /bin/true; /bin/false; (exec /bin/true); exit 3'
silent "five starts"
same "keys" \
    "['version', 'wall_s', 'starts', 'fallback', 'baked', 'stale', 'targets']" \
    "$(json s.json 'list(j)')"
same "keys of starts" "['total', 'image', 'kernel', 'libc']" "$(json s.json 'list(j["starts"])')"
same "keys of a target" "['path', 'starts', 'image', 'kernel', 'libc', 'verdict']" \
    "$(json s.json 'list(j["targets"][0])')"
same "version" 1 "$(json s.json 'j["version"]')"
same "time" True "$(json s.json '0 < j["wall_s"] < 60 and type(j["wall_s"]) is float')"
same "total" 5 "$(json s.json "$total")"
same "all by libc" 5 "$(json s.json 'j["starts"]["libc"]')"
same "true" 4 "$(json s.json "$(of /bin/true)")"
same "false" 1 "$(json s.json "$(of /bin/false)")"
same "most starts first" "['/bin/true', '/bin/false']" \
    "$(json s.json '[t["path"] for t in j["targets"]]')"
same "verdicts" "{'no-engine'}" "$(json s.json '{t["verdict"] for t in j["targets"]}')"
same "why" "{'no-engine': 5}" "$(json s.json 'j["fallback"]')"
same "baked, stale" "0 0" "$(json s.json 'str(j["baked"]) + " " + str(j["stale"])')"

# With images, which a session makes when it comes to it: the sums are exact all the same.
status "with images" 0 "$command" --stats=s.json sh -c \
    'for i in 1 2 3 4 5 6 7 8 9 10; do /bin/true; sleep 0.05; done'
same "with images: all" "20 0" \
    "$(json s.json "str($total) + ' ' + str(j['starts']['kernel'])")"
same "with images: by whom" 20 "$(json s.json 'j["starts"]["image"] + j["starts"]["libc"]')"
same "with images: reasons" True \
    "$(json s.json 'sum(j["fallback"].values()) == j["starts"]["libc"]')"
same "with images: targets" True \
    "$(json s.json 'all(sum(t[k] for t in j["targets"]) == j["starts"][k]
        for k in ("image", "libc"))')"

status "nothing started" 0 "$command" --stats=s.json true
same "nothing started" "0 {} []" \
    "$(json s.json "str($total) + ' ' + str(j['fallback']) + ' ' + str(j['targets'])")"
status "engine off" 0 "$command" --engine=off --stats=s.json sh -c '/bin/true; /bin/true; :'
same "engine off" "2 {'off': 2}" "$(json s.json "str($total) + ' ' + str(j['fallback'])")"

# Exact under many processes, also those that are killed.
status "parallel" 0 "$command" --stats=s.json sh -c 'seq 400 | xargs -P 8 -n 1 /bin/true'
same "parallel" "402 400" "$(json s.json "str($total) + ' ' + str($(of /bin/true))")"
status "killed" 0 "$command" --stats=s.json sh -c '
    for i in 1 2 3 4 5 6 7 8 9 10; do /bin/sleep 60 & kill -KILL $!; wait $!; done; :'
# A child may be killed before its exec.
same "killed: at most" True "$(json s.json "$total <= 10")"
# shellcheck disable=SC2016
status "callers are killed" 0 "$command" --stats=s.json sh -c '
    for i in 1 2 3 4 5 6 7 8 9 10; do
        sh -c "/bin/true; /bin/true; kill -KILL \$\$"
    done 2>/dev/null; :'
same "callers are killed" "30 20" "$(json s.json "str($total) + ' ' + str($(of /bin/true))")"
status "COMMAND is killed" 137 "$command" --stats=s.json sh -c '/bin/true; kill -KILL $$'
same "COMMAND is killed" 1 "$(json s.json "$total")"
status "COMMAND is not found" 127 "$command" --stats=s.json no-such-command
same "COMMAND is not found" 0 "$(json s.json "$total")"

# More programs than there is room for: no start is lost, and what is not listed is said.
mkdir many
i=0
while [ $i -lt 3000 ]; do
    i=$((i + 1))
    echo '#!/bin/true' >many/$i
done
chmod +x many/*
# shellcheck disable=SC2016
status "many programs" 0 "$command" --stats=s.json sh -c 'for f in many/*; do $f; done'
same "many programs" 3000 "$(json s.json "$total")"
same "some are not listed" True "$(json s.json 'j["evicted"]["targets"] > 0')"
same "all are accounted for" 3000 \
    "$(json s.json 'sum(t["starts"] for t in j["targets"]) + j["evicted"]["starts"]')"

# Paths of any bytes give valid JSON, and can be had back.
odd=$(printf 'od\377d\n"\\\303\244')
printf '#!/bin/true\n' >"$odd"
chmod +x "$odd"
# shellcheck disable=SC2016
status "odd name" 0 "$command" --stats=s.json sh -c '"./$1"; "./$1"' sh "$odd"
same "odd name" 'od?d\n"\\?' \
    "$(json s.json 'j["targets"][0]["path"].rpartition("/")[2].encode("ascii", "replace").decode() \
        .replace("\\", "\\\\").replace("\n", "\\n")')"
same "odd name, its bytes" "6f64ff640a225cc3a4" \
    "$(json s.json 'j["targets"][0]["path_hex"].rpartition("2f")[2]')"
"$PYTHON" -m json.tool s.json >/dev/null || fail "odd name: not JSON"

# The table.
status "table" 3 "$command" --engine=kernel --stats sh -c \
    '/bin/true; /bin/true; /bin/false; exit 3'
grep -q '^spawn-template: 3 starts in [0-9.]* s: 0 image, 0 kernel, 3 libc; images: 0 baked, 0 stale$' err ||
    fail "table: first line"
grep -q '^ *3  no-engine: no engine' err || fail "table: reason"
grep -q '^ *2 *0 *0 *2  /bin/true$' err || fail "table: target"
[ ! -s out ] || fail "table: something on stdout"
status "table and file" 0 "$command" --stats --stats=s.json sh -c '/bin/true; :'
grep -q '1 starts' err || fail "table and file: no table"
same "table and file" 1 "$(json s.json "$total")"

# From the environment.
SPAWN_TEMPLATE_STATS=e.json
export SPAWN_TEMPLATE_STATS
status "variable" 0 "$command" sh -c '/bin/true; :'
same "variable" 1 "$(json e.json "$total")"
rm e.json
status "option before variable" 0 "$command" --stats=s.json true
[ ! -e e.json ] || fail "option before variable"
unset SPAWN_TEMPLATE_STATS

# How the file is written: whole, under its name only, with a mode by the umask.
rm -f s.json
(umask 027 && status "mode" 0 "$command" --stats=s.json true)
same "mode" 640 "$(stat -c %a s.json)"
echo old >real.json
ln -s real.json link.json
status "symbolic link" 0 "$command" --stats=link.json true
same "symbolic link" "real.json 1" "$(readlink link.json) $(json real.json 'j["version"]')"
status "while it runs" 0 "$command" --stats=real.json grep -q version real.json
before=$(find . -path ./many -prune -o -print | LC_ALL=C sort)
status "with an absolute path" 0 "$command" --stats="$work/s.json" sh -c 'cd /; /bin/true; :'
same "nothing is left over" "$before" "$(find . -path ./many -prune -o -print | LC_ALL=C sort)"
status "in the directory where it began" 0 "$command" --stats=t.json sh -c 'cd /'
same "in the directory where it began" 1 "$(json t.json 'j["version"]')"

# What is no regular file is written to as it is.
status "device" 0 "$command" --stats=/dev/null true
[ -c /dev/null ] || fail "device: replaced"
same "stdout" 1 "$("$command" --stats=/dev/stdout true >s.json && json s.json 'j["version"]')"
mkfifo fifo
status "FIFO without reader" 2 "$command" --stats=fifo touch ran
one_line "FIFO without reader" "fifo: "
cat fifo >s.json &
wait_until 10 "$command" --stats=fifo true 2>/dev/null || fail "FIFO"
wait
same "FIFO" 1 "$(json s.json 'j["version"]')"

# What cannot be written is found out before COMMAND is run.
mkdir directory
for bad in directory directory/ no-such-directory/s.json s.json/x "$(printf '%0300d' 0)"; do
    status "bad file $bad" 2 "$command" --stats="$bad" touch ran
    one_line "bad file $bad" "the statistics could not be written"
done
[ ! -e ran ] || fail "bad file: COMMAND ran"
# And what goes wrong at the end does not change COMMAND's status.
mkdir gone
status "directory goes away" 6 "$command" --stats=gone/s.json sh -c 'rmdir gone; exit 6'
one_line "directory goes away" "cannot be written"

same "no session is left" 0 "$(sessions)"
finish
