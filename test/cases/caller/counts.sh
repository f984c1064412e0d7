# Every start is counted once, and a start that fails is not.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin caller.counts
[ "$all_modes" != again ] || skip 'only with the preload'
show=$ST_CASES_BIN/show
launch=$ST_CASES_BIN/launch

# expect MODE WHAT NUMBER
expect() {
    [ "$(counted "$1" "$2")" = "$3" ] ||
        wrong "$label in mode $1: $2 is '$(counted "$1" "$2")' and not $3"
}

# one LABEL TOTAL COMMAND...: COMMAND makes TOTAL starts by libc.
one() {
    label=$1
    total=$2
    shift 2
    in_mode session "$@"
    expect session total "$total"
    expect session libc "$total"
    in_mode off "$@"
    expect off total "$total"
    expect off 'fallback off' "$([ "$total" = 0 ] || echo "$total")"
}

for mechanism in $(in_libc posix_spawn posix_spawnp vfork execve execv execvp execvpe execl execlp \
    execle execveat fexecve); do
    one "$mechanism" 1 "$launch" "$mechanism" "$show" exit 0
    one "missing $mechanism" 0 "$launch" "$mechanism" /no/such/file
    one "not executable $mechanism" 0 "$launch" "$mechanism" /etc/passwd
done
# The shell's command is one more.
one system 2 "$launch" system "$show" exit 0
one popen 2 "$launch" popen "$show" exit 0
one 'two pipelines' 4 sh -c "'$show' exit 0 | '$show' exit 1; '$show' exit 0 | '$show' exit 1; exit 0"
# The recipes, but not make itself, which env started.
printf 'all: a b c d\na b c d:\n\t@%s exit 0\n' "$show" >"$work/Makefile"
one make 4 make -s -j4 -f "$work/Makefile"
one xargs 53 sh -c "seq 50 | sed 's/.*/0/' | xargs -P 4 -n 1 '$show' exit; exit 0"
modes_end
