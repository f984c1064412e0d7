# script.sh SHELL: a shell's script with pipelines, jobs, traps and whatever that shell has.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin "real.script_$1"
need "$1"
expect_starts=20
case $1 in
bash) compare_modes bash "$ST_CASES_SRC/real/features.bash" ;;
zsh)
    compare_modes zsh -f "$ST_CASES_SRC/real/features.sh"
    ;;
*) compare_modes "$1" "$ST_CASES_SRC/real/features.sh" ;;
esac
modes_end
