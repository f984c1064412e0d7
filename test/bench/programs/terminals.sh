# shellcheck shell=sh disable=SC2016,SC2034,SC2154
program tmux tmux /usr/bin/tmux -V
program vim vim\|vim-nox\|vim-tiny /usr/bin/vim --version
program gdb gdb /usr/bin/gdb --version
program less less /usr/bin/less --version
program script bsdutils /usr/bin/script --version

uses_tmux()
{
    export TMUX_TMPDIR="$TMPDIR" TERM=screen SHELL=/bin/sh
    tm='tmux -L test -f /dev/null'
    use '$tm new-session -d -s one -n first -x 60 -y 10 "cat $inputs/words; exec sleep 100"; $tm list-sessions -F "#{session_name} #{window_width}"; $tm set -g status-left x; $tm show -g status-left'
    use 'i=0; until $tm capture-pane -p -t one | grep -q . || [ $i -ge 100 ]; do i=$((i + 1)); sleep 0.05; done; $tm capture-pane -p -t one; $tm display -p "#{pane_width} #{session_windows}"'
    use '$tm new-window -d -n two "read x; echo got \$x; sleep 100"; $tm send-keys -t two hello Enter; i=0; until $tm capture-pane -p -t two | grep -q "^got" || [ $i -ge 100 ]; do i=$((i + 1)); sleep 0.05; done; $tm capture-pane -p -t two | grep got; $tm list-windows -F "#W"'
    use '$tm run-shell "echo ran"; $tm if-shell false "display a" "display -p b"; $tm nonsense; $tm attach -t none; $tm kill-session -t none; $tm kill-server; echo $?; $tm ls'
    rm -rf "$TMPDIR"/tmux-*
}

uses_vim()
{
    export TERM=dumb
    use 'cp "$inputs/text" t; vim -u NONE -es -c "%s/line/LINE/g" -c "g/begin/d" -c "wq" t; cksum t; head -n 2 t'
    use 'vim -u NONE -i NONE -es -c "set nocp" -c "call writefile(map(range(5), {i -> string(i * i)}), \"out\")" -c "call writefile([v:progpath, v:progname, system(\"echo sub\"), string(v:shell_error), strftime(\"%Y\", 0)], \"vars\")" -c "qa!"; cat out vars'
    use 'vim -u NONE -es -c "nonsense" -c "cq 3"; echo $?; vim -u NONE -es -c "verbose echo 1" -c q 2>&1; vim --nonsense; vim --version | head -n 2'
    use 'printf "sort\nwq\n" | vim -u NONE -es t; cksum t; vim -u NONE -es -d t "$inputs/text" -c "qa!"; echo $?; vim -u NONE -N -es -c "r !sort -r $inputs/words" -c "w! read" -c "q!"; cat read'
    rm -f "$HOME/.viminfo"
}

prepare_gdb()
{
    gcc -g -O0 "$inputs/main.c" -o main
}

uses_gdb()
{
    use 'gdb -nx -batch -ex "info functions main" -ex "list main,+3" -ex "print sizeof(long) + 1" -ex "ptype main" "$made/main"'
    use 'gdb -nx -batch -ex "break main" -ex "run one" -ex "info args" -ex bt -ex "print argv[1]" -ex "continue" "$made/main" 2>&1 | grep -v -i "libthread\|thread debugging" | sed "s/(process [0-9]*)/(process)/; s/0x7ff[0-9a-f]*/STACK/"'
    use 'gdb -nx -batch -ex "python import sys; print(sys.version_info[0], gdb.VERSION)" -ex "disassemble main" "$made/main" | head -n 8; gdb -nx -batch -ex "shell echo sub"'
    use 'gdb -nx -batch missing; gdb -nx -batch -ex nonsense; gdb --nonsense; gdb -nx -batch -ex "run" -ex "info registers rip" -ex "core-file missing" "$made/main" | tail -n 1 | sed "s/(process [0-9]*)/(process)/"; gdb -nx -q </dev/null'
}

uses_less()
{
    use 'less "$inputs/words"; less <"$inputs/text" | cksum; less missing; less -V | head -n 1; LESSOPEN="|cat %s" less "$inputs/words" | head -n 2; less --nonsense "$inputs/words"'
}

uses_script()
{
    use 'script -q -c "tty >/dev/null && echo terminal; exit 3" -e log; echo $?; sed 1d log | head -n 1; script -qc "sh -c \"kill -9 \\\$\\\$\"" -e /dev/null; echo $?; script --nonsense; rm -f log'
}
