# many.sh: one image, started very often, under every layout of the address space that there is.
# ST_CASES_STARTS in the environment is the number of starts for each; test/faults/run.sh layouts
# runs this for longer.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin image.many
# shellcheck source=image.sh
. "$ST_CASES_SRC/image/image.sh"
[ "$all_modes" != again ] || skip 'only with the preload'
starts=${ST_CASES_STARTS:-1500}
program=$work/target
image_compile "$program" many_target.c

# many WHAT LARGE COMMAND...: COMMAND runs what is behind it.
many() {
    many_what=$1
    many_large=$2
    shift 2
    image_start "$program" 0
    "$ST_CASES_BIN/session" bake "$work/cache" || exit 1
    many_before=$(image_counted image)
    image_run image "$@" "$ST_CASES_BIN/many" "$starts" "$many_large" "$program"
    [ "$(cat "$work/image.out")" = "$starts starts" ] || wrong "$many_what: $(cat "$work/image.err")"
    [ "$(($(image_counted image) - many_before))" -ge "$starts" ] ||
        wrong "$many_what: not all starts were from the image"
    grep -q native "$work/image.tell" && wrong "$many_what: not all starts were resumed"
    [ "$(grep -c image "$work/image.tell")" -ge "$((starts / 1000))" ] ||
        wrong "$many_what: too few starts were resumed"
    note "$many_what: $(cat "$work/image.out")"
}

image_session
many 'default limits' 0 env
many 'without randomization' 0 setarch -R
many '2 MB of arguments and environment' 1900000 env
# The limit of the stack is one of a session's conditions.
# shellcheck disable=SC3045
ulimit -s unlimited || skip 'the stack is limited here'
image_session
many 'ulimit -s unlimited' 0 env
many 'ulimit -s unlimited, without randomization, 2 MB of arguments and environment' 1900000 setarch -R
image_session_end
modes_end
