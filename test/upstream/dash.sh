# shellcheck shell=sh disable=SC2034,SC2154
about='Scripts of pipelines, job control, traps and failures, in three shells'
packages='dash bash zsh bsdutils coreutils sed procps findutils'
variants='dash bash zsh'
limit=120

run_variant()
{
    case $1 in
        zsh) shell='zsh --emulate sh -f' ;;
        *) shell=$1 ;;
    esac
    for script in pipelines jobs traps failures; do
        # A terminal, without which dash has no job control.
        start script -q -e -c "$shell '$here/data/$script.sh'" /dev/null >out.log 2>&1
        printf 'exit status %s\n' $? >>out.log
        # Shells tell of the end of a job when they come to it, and name it by its process.
        tr -d '\r' <out.log | grep -v -E '^\[[0-9]+\] ' |
            sed -E 's/: [0-9]+ (Terminated|Killed)/: PID \1/' >"$results/$script"
    done
}

count()
{
    cat pipelines jobs traps failures | wc -l
}
