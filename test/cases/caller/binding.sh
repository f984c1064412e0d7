# No symbol is bound for the preload after the program has begun: in a vfork() child, that would run
# the dynamic linker on its parent's stack and heap.  The dynamic linker itself says what it binds.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin caller.binding
[ "$all_modes" != again ] || skip 'only with the preload'

for mechanism in posix_spawn posix_spawnp vfork execve execvp system popen; do
    modes_environment='LD_DEBUG=bindings,libs'
    in_mode session "$ST_CASES_BIN/launch" "$mechanism" "$ST_CASES_BIN/show" exit 0
    # One file for all processes: for each, what follows its "transferring control".
    awk -v preload="binding file $ST_PRELOAD" '
        /find library=libc.so.6/ { started[$1] = 0 }
        /transferring control: / { started[$1] = 1 }
        index($0, preload) { seen = 1; if (started[$1]) { print; late = 1 } }
        END { if (late) exit 1; if (!NR) exit 2 }' "$work/session.err" >"$work/late" ||
        wrong "$mechanism: $(cat "$work/late")"
    grep -q 'transferring control: .*/launch' "$work/session.err" || wrong "$mechanism: no log"
done
modes_end
