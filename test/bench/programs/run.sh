#!/bin/sh
# Carry out the uses of one program, one after the other, in the current directory.
#
#   run.sh FAMILY NAME RESULTS
#
# FAMILY is a file beside this one, which defines uses_NAME.  That calls `use TEXT` for each use:
# shell code whose standard output, standard error and exit status go to N.out, N.err and N.status
# in the directory RESULTS, and the code itself to N.use.  What uses_NAME does outside of `use` is
# preparation.  The environment has
#
#   inputs   a directory of files to work on: text, words, numbers, binary, main.c, main.cc, dir/
#   made     what prepare_NAME left, if there is such a function
#   program  the path of the program
#
# programs.sh runs this natively and in a session, and compares.
set -u

# The families are read for their uses only.
program() { :; }
small() { :; }

use()
{
    use_number=$((use_number + 1))
    use_at=$results/$(printf '%02d' "$use_number")
    printf '%s\n' "$1" >"$use_at.use"
    (eval "$1") >"$use_at.out" 2>"$use_at.err" </dev/null
    printf '%s\n' "$?" >"$use_at.status"
}

# natively COMMAND...: in preparation, so that a row is about its own program.
natively()
{
    env -u LD_PRELOAD SPAWN_TEMPLATE=off "$@"
}

use_number=0
results=$3
# shellcheck source=/dev/null
. "$1"
"uses_$(printf '%s' "$2" | tr -c 'a-zA-Z0-9\n' _)"
printf '%s\n' "$use_number" >"$results/count"
