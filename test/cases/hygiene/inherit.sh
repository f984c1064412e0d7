# Who inherits the preload: every child, also through programs that it does not reach itself; and
# nobody from whom LD_PRELOAD was taken away.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin hygiene.inherit
[ "$all_modes" != again ] || skip 'only with the preload'
show=$ST_CASES_BIN/show

# loaded yes|no COMMAND...
loaded() {
    case $1 in
    yes) answer='preload: loaded' ;;
    no) answer='preload: not loaded' ;;
    esac
    shift
    for mode in session bare off kernel; do
        in_mode "$mode" "$@"
        [ "$(cat "$work/$mode.out")" = "$answer" ] ||
            wrong "$mode, $*: $(cat "$work/$mode.out" "$work/$mode.err")"
    done
}

loaded yes "$show" loaded
loaded yes sh -c "'$show' loaded"
loaded yes sh -c "sh -c 'exec \"$show\" loaded'; exit 0"
loaded yes env A=1 "$show" loaded
"$CC" -static -o "$work/chain" "$ST_CASES_SRC/hygiene/chain.c" || exit 1
loaded yes "$work/chain" "$show" loaded
loaded yes "$work/chain" /bin/sh -c "'$work/chain' '$show' loaded; exit 0"
loaded yes "$work/chain" "$work/chain" "$show" loaded

loaded no env -i "$show" loaded
loaded no env -u LD_PRELOAD "$show" loaded
loaded no sh -c "unset LD_PRELOAD; '$show' loaded; exit 0"
loaded no sh -c "unset LD_PRELOAD; exec '$show' loaded"
loaded no sh -c "LD_PRELOAD= '$show' loaded; exit 0"
loaded no sh -c "env -i sh -c '\"$show\" loaded; exit 0'"
modes_end
