# compare.sh NAME [VARIABLE=VALUE]... COMMAND...: a whole test: COMMAND has to do the same in every
# mode of modes.sh, whose variables (expect_starts, expect_kernel, ...) may be set first.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin "$1"
shift
while :; do
    case ${1-} in
    expect_*=* | modes_*=*)
        eval "${1%%=*}=\${1#*=}"
        shift
        ;;
    *) break ;;
    esac
done
compare_modes "$@"
modes_end
