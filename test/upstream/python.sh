# shellcheck shell=sh disable=SC2034,SC2154
about='Python: the standard library'"'"'s own tests of processes, and subprocess in each of its modes'
packages="python3 lib$(/usr/bin/python3 -c \
    'import sys; print("python%d.%d" % sys.version_info[:2])' 2>/dev/null)-testsuite"
variants='modes subprocess posix others signals multiprocessing'
limit=900

run_variant()
{
    case $1 in
        modes)
            start /usr/bin/python3 "$here/data/modes.py" >"$results/modes" 2>&1
            return
            ;;
        subprocess | posix) set -- "test_$1" ;;
        others) set -- test_popen test_wait3 test_wait4 test_fork1 test_pty test_os ;;
        # These two wait more than they compute.
        signals)
            set -- -j4 test_signal test_threadsignals test_faulthandler test_cmd_line test_support \
                test_asyncio
            ;;
        multiprocessing)
            set -- -j4 test_multiprocessing_fork test_multiprocessing_forkserver \
                test_multiprocessing_spawn test_multiprocessing_main_handling
            ;;
    esac
    start /usr/bin/python3 -m test -v --junit-xml "$PWD/junit.xml" "$@" >out.log 2>&1
    printf 'exit status %s\n' $? >"$results/status"
    /usr/bin/python3 - junit.xml >"$results/tests" <<'PYTHON' || {
import sys
import xml.etree.ElementTree

# A test that only succeeds when tried again is no other result.
results = {}
for case in xml.etree.ElementTree.parse(sys.argv[1]).iter("testcase"):
    outcome = case.get("status", "") + " " + case.get("result", "")
    for child in case:
        if child.tag in ("failure", "error", "skipped"):
            outcome += " " + child.tag
    results[case.get("name")] = outcome
for name, outcome in sorted(results.items()):
    print(name, outcome)
PYTHON
        tail -n 40 out.log
        return 1
    }
}

count()
{
    case $1 in
        modes) grep -c ' -> ' modes ;;
        *) grep -c 'run completed$' tests ;;
    esac
}
