# layouts.sh: cases.image.many with ST_FAULTS_COUNT starts under each layout of the address space.
set -u
ST_CASES_STARTS=${ST_FAULTS_COUNT:?}
export ST_CASES_STARTS
# shellcheck source=../cases/image/many.sh
. "${ST_CASES_SRC:?}/image/many.sh"
