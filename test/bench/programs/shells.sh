# shellcheck shell=sh disable=SC2016,SC2154
small sh dash /usr/bin/sh -c :
small bash bash /usr/bin/bash -c :
small zsh zsh /usr/bin/zsh -fc :

shell_script()
{
    cat >script <<'END'
count=0
while read -r a b; do
    count=$((count + 1))
    case $a in *7*) printf '%s:%s\n' "$count" "${b%"${b#?}"}" ;; esac
done <"$1"
trap 'echo "at exit: $count"' EXIT
f() { (cd / && pwd); echo "$#:$*:$0"; return 3; }
f one 'two  three' || echo "status $?"
x=$(printf '%s\n' c b a | sort | tr '\n' ,)
echo "$x" >&2
cat <<HERE
here: $x $((0x10 * 3)) ${HOME##*/}
HERE
sh -c 'kill -TERM $$'; echo "signal $?"
wait; sleep 0.01 & wait $!; echo "waited $?"
exit 5
END
}

# The uses that all shells have, by the path in $program.
uses_of_shells()
{
    shell_script
    use '"$program" script "$inputs/numbers"'
    use 'cat script | "$program" -s "$inputs/numbers" | sed -n 1,3p'
    use '"$program" -c "echo \$0 \$1 \$#; exec 3>out; echo to three >&3; umask 027; : >made" name arg'
    use '"$program" -c "missing-command; echo \$?; ./script; echo \$?"'
    use '"$program" -c "echo \"unclosed"'
    use '"$program" -c "for i in 1 2 3; do echo \$i | cat | (read x; echo got \$x); done"'
    use '"$program" -c "ulimit -n 64; ulimit -n; cd /tmp/..; pwd; type cd; echo *" | sort'
    use '"$program" -c "kill -KILL \$\$"'
}

uses_sh()
{
    uses_of_shells
    use 'sh -uc "echo \$unset_variable"'
    use 'sh -exc "test -d /; false; echo not reached"'
}

uses_bash()
{
    uses_of_shells
    use 'bash -c "a=(one two [5]=six); declare -p a; declare -A m=([x]=1); echo \${m[x]} \${!a[@]}"'
    use 'bash -c "[[ abc =~ ^a(.)c$ ]] && echo \${BASH_REMATCH[1]}; printf \"%q %(%F)T\\n\" \"a b\" 0"'
    use 'bash -c "diff <(sort \"\$inputs/words\") \"\$inputs/words\" | head -n 5; echo \${PIPESTATUS[0]}"'
    use 'bash -o pipefail -c "false | true; echo \$?; coproc cat; echo x >&\${COPROC[1]}; read -u \${COPROC[0]} y; echo \$y"'
    use 'bash --norc -ic "echo interactive; alias l=ls; alias" 2>&1 | grep -v "job control\\|ioctl"'
    use 'bash -c "echo \$BASHPID \$\$ | { read a b; [ \$a = \$b ] && echo same; }; RANDOM=42; echo \$RANDOM"'
}

uses_zsh()
{
    uses_of_shells
    use 'zsh -fc "a=(three one two); print -l \${(o)a} \${(U)a[1]} \${#a}"'
    use 'zsh -fc "setopt extendedglob; print -l \$inputs/**/*(.:t)"'
    use 'zsh -fc "zmodload zsh/mathfunc zsh/datetime zsh/stat; print \$((int(sqrt(2)*1000))); strftime %F 0"'
    use 'zsh -fc "autoload -Uz is-at-least; is-at-least 5.0 && print yes; print \${(%):-%n}"'
}
