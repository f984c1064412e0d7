# No symbol is bound for the preload after the program has begun: in a vfork() child, that would run
# the dynamic linker on its parent's stack and heap.  The dynamic linker itself says what it binds.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin caller.binding
[ "$all_modes" != again ] || skip 'only with the preload'

for mechanism in posix_spawn posix_spawnp vfork execve execvp system popen; do
    # A file for each process: in one, their lines may be mixed.
    rm -f "$work"/bindings.*
    modes_environment="LD_DEBUG=bindings,libs
LD_DEBUG_OUTPUT=$work/bindings"
    in_mode session "$ST_CASES_BIN/launch" "$mechanism" "$ST_CASES_BIN/show" exit 0
    # A process may execute one program after the other: each time, what follows its
    # "transferring control".
    awk -v preload="binding file $ST_PRELOAD" '
        /find library=libc.so.6/ || FNR == 1 { started = 0 }
        /transferring control: / { started = 1 }
        index($0, preload) { seen = 1; if (started) { print; late = 1 } }
        END { exit late ? 1 : !seen }' "$work"/bindings.* >"$work/late" ||
        wrong "$mechanism: $(cat "$work/late")"
    cat "$work"/bindings.* | grep -q 'transferring control: .*/launch' ||
        wrong "$mechanism: no log"
done
modes_end
