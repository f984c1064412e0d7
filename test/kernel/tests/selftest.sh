#!/bin/sh
# The two system calls, from user space: every rule of their documentation
set -u
status=0
for program in create spawn stale interp actions program pidfd stress; do
    "$ST_SELFTEST/$program" >"$ST_RESULTS/$program.tap" 2>&1
    result=$?
    grep -E '^(not ok|#|Bail out)' "$ST_RESULTS/$program.tap"
    printf '%s: status %d, %d ok, %d not ok\n' "$program" $result \
        "$(grep -c '^ok' "$ST_RESULTS/$program.tap")" \
        "$(grep -c '^not ok' "$ST_RESULTS/$program.tap")"
    # The plan is the last thing: a selftest that died has none.
    [ $result -eq 0 ] && grep -q '^1\.\.[1-9]' "$ST_RESULTS/$program.tap" || status=1
done
exit $status
