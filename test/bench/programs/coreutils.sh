# shellcheck shell=sh disable=SC2016,SC2154
# Every program of coreutils that can be shown to do the same twice.
for coreutil in '[' arch b2sum base32 base64 basename basenc cat chgrp chmod chown cksum comm \
    cp csplit cut date dd df dir dircolors dirname du echo env expand expr factor false fmt fold \
    groups head hostid id install join link ln logname ls md5sum mkdir mkfifo mknod mktemp mv nice \
    nl nohup nproc numfmt od paste pathchk pr printenv printf ptx pwd readlink realpath rm rmdir seq \
    sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum \
    sync tac tail tee test timeout touch tr true truncate tsort tty uname unexpand uniq unlink users \
    vdir wc whoami yes; do
    small "$coreutil" coreutils "/usr/bin/$coreutil" --version
done

small chroot coreutils /usr/sbin/chroot --version

# Read, convert and sum one file in all ways that coreutils has: by the path, since some of these
# are built into shells.
uses_digest()
{
    use '"$program" "$inputs/text" "$inputs/binary"'
    use '"$program" <"$inputs/text" | tee sums; "$program" "$inputs/text" >list; "$program" -c list'
    use '"$program" missing; "$program" --nonsense'
}
uses_b2sum() { uses_digest; }
uses_md5sum() { uses_digest; }
uses_sha1sum() { uses_digest; }
uses_sha224sum() { uses_digest; }
uses_sha256sum() { uses_digest; }
uses_sha384sum() { uses_digest; }
uses_sha512sum() { uses_digest; }
uses_cksum() { uses_digest; }
uses_sum()
{
    use 'sum "$inputs/text" "$inputs/binary"; sum -s "$inputs/text"'
    use 'sum missing'
}

uses_code()
{
    use '"$program" "$inputs/binary" >coded; cat coded'
    use '"$program" -d coded | cmp - "$inputs/binary"; "$program" -w 0 "$inputs/text" | tail -c 9'
    use 'echo "!!!" | "$program" -d; "$program" missing'
}
uses_base32() { uses_code; }
uses_base64() { uses_code; }
uses_basenc()
{
    use 'basenc --base16 "$inputs/text" | head -n 2; echo 6869 | basenc -d --base16; basenc x'
}

uses__()
{
    use '"$program" -f "$inputs/text" ]; echo $?; "$program" 1 -gt 2 ]; echo $?; "$program" 1'
}
uses_test()
{
    use '"$program" -d "$inputs"; echo $?; "$program" a = b; echo $?; "$program" 1 -gt x; echo $?'
    use '"$program" "$inputs/text" -nt missing; echo $?; "$program" -x "$inputs/text"; echo $?; "$program" -t 0'
}
uses_echo() { use '"$program" -n one "two  three"; "$program" -e "a\tb\n"; "$program" >/dev/full'; }
uses_printf()
{
    use '"$program" "%s:%5d:%-6.2f:%x\n" a 42 3.14159 255 b 1 2 3; "$program" "%b" "a\nb"'
    use '"$program" "%d\n" notnumber; "$program"; LC_ALL=C.UTF-8 "$program" "%q \u00e9\n" "a b"'
}
uses_true() { use '"$program" --version | head -n 1; "$program" x; echo $?'; }
uses_false() { use '"$program"; echo $?; "$program" --help | head -n 1'; }
uses_pwd() { use 'cd /usr/lib/..; "$program"; "$program" -L; "$program" --nonsense'; }
uses_yes() { use 'yes | head -n 3; yes a b | head -c 10 | wc -c'; }

uses_cat()
{
    use 'cat "$inputs/text" - <"$inputs/words"; cat -A "$inputs/text" | tail -n 3'
    use 'cat missing; cat /; cat >out <"$inputs/binary"; cat out >>out; echo $?'
    use 'cat -n "$inputs/words" | cat -s; cat "$inputs/text" >/dev/full'
}
uses_tac() { use 'tac "$inputs/words"; tac -s e -b "$inputs/words"; cat "$inputs/text" | tac | head -n 3; tac missing'; }
uses_head() { use 'head -n 3 "$inputs/text" "$inputs/words"; head -c -9 "$inputs/words"; head missing; head -n x'; }
uses_tail()
{
    use 'tail -n 3 "$inputs/text" "$inputs/words"; tail -c +9 "$inputs/words"; tail missing'
    use 'sleep 0.1 & tail -f --pid=$! -n 1 "$inputs/text"; tail -n +198 <"$inputs/text"'
}
uses_cut() { use 'cut -c 1-4,7 "$inputs/text" | head; cut -d " " -f 2- --output-delimiter=: "$inputs/text" | tail -n 3; cut "$inputs/text"'; }
uses_paste() { use 'paste -d, "$inputs/words" "$inputs/words"; paste -s "$inputs/words"; paste missing'; }
uses_join() { use 'sort "$inputs/words" >a; nl -s " " a >b; join -1 1 -2 2 a b; join -v 1 a b; join a missing'; }
uses_comm() { use 'sort "$inputs/words" >a; head -n 4 a >b; comm a b; comm -12 a b; comm "$inputs/words" a'; }
uses_sort()
{
    use 'sort "$inputs/words"; sort -rn "$inputs/numbers" | head -n 5; sort -c "$inputs/words"'
    use 'sort -t " " -k 2,2n -k 1,1r -s -u "$inputs/text" -o out; sort -R --random-source="$inputs/binary" "$inputs/words"'
    use 'sort --parallel=4 -S 32K -T . "$inputs/numbers" "$inputs/numbers" "$inputs/numbers" | cksum; sort missing'
    use 'LC_ALL=C.UTF-8 sort -f "$inputs/text" | tail -n 3; printf "%s\n" 1K 2M 3 | sort -h; printf "%s\n" v1.10 v1.9 | sort -V'
}
uses_uniq() { use 'sort "$inputs/words" "$inputs/words" | uniq -c; uniq -d "$inputs/words" out; uniq missing'; }
uses_wc() { use 'wc "$inputs/text" "$inputs/binary"; wc -l <"$inputs/words"; LC_ALL=C.UTF-8 wc -m "$inputs/text"; wc missing'; }
uses_tr() { use 'tr a-z A-Z <"$inputs/words"; tr -d "[:digit:]" <"$inputs/text" | tr -s " \n" | tail -n 2; tr; tr a'; }
uses_fmt() { use 'fmt -w 40 "$inputs/text" | head -n 5; fmt -s "$inputs/words"; fmt missing'; }
uses_fold() { use 'fold -w 5 "$inputs/words"; fold -s -w 12 "$inputs/text" | tail -n 3; fold missing'; }
uses_pr() { use 'pr -3 -l 20 -h title "$inputs/words" | sed 3d; pr -t -n "$inputs/words"; pr missing'; }
uses_nl() { use 'nl "$inputs/words"; nl -ba -s: -w3 "$inputs/text" | tail -n 2; nl missing'; }
uses_od() { use 'od -A d -t x1z "$inputs/text" | head -n 4; od -c -j 4 -N 8 "$inputs/binary"; od -t fD "$inputs/binary" | tail -n 1; od missing'; }
uses_expand() { use 'printf "a\tb\n" | expand -t 4; expand missing'; }
uses_unexpand() { use 'printf "        a   b\n" | unexpand -a | od -c; unexpand missing'; }
uses_ptx() { use 'ptx -w 50 "$inputs/words"; ptx -G missing'; }
uses_tsort() { use 'echo a b b c a c | tsort; echo a b b a | tsort'; }
uses_shuf() { use 'shuf --random-source="$inputs/binary" "$inputs/words"; shuf -i 1-5 | sort; shuf -n 0 missing'; }
uses_numfmt() { use 'numfmt --to=iec 123456789 1024; echo 1K | numfmt --from=si; numfmt x'; }
uses_factor() { use 'factor 123456789 1000000007 170141183460469231731687303715884105727; echo 12 | factor; factor x'; }
uses_seq() { use 'seq 3; seq -w 8 11; seq -s, 0 0.25 1; seq x; seq 100000 | cksum'; }
uses_expr() { use '"$program" 6 \* 7 + 1; "$program" hello : "h\(.*\)o"; "$program" length abc; "$program" 0; echo $?; "$program" 1 +; "$program" 9999999999999999999999 \* 3'; }
uses_csplit() { use 'csplit -s -f part "$inputs/text" /begin/ "{1}"; wc -l part*; csplit "$inputs/words" 99'; }
uses_split() { use 'split -n l/3 "$inputs/text" x; split -b 1000 -d --filter="cat >f.\$FILE" "$inputs/binary" y; ls; split -l 0 missing'; }
uses_tee() { use 'tee a b <"$inputs/words" | wc -l; echo more | tee -a a /dev/full; cat a | tail -n 1'; }

uses_cp()
{
    use 'cp -r "$inputs/dir" copy; cp -a copy again; cp -s "$PWD/copy/a.txt" soft; cp -l copy/a.txt hard'
    use 'cp -v --sparse=always "$inputs/binary" out; cp --reflink=auto out out2; cp out out; cp missing x; cp "$inputs/dir" x'
    use 'cp -p "$inputs/text" kept; stat -c "%Y %a" kept; cp -t . "$inputs/words" --backup=numbered; cp -t . "$inputs/words" --backup=numbered; ls'
}
uses_mv() { use 'cp "$inputs/text" a; mv -v a b; mkdir d; mv b d; mv d/b "d/new name"; mv missing x; mv -n d e; ls -R'; }
uses_rm() { use 'cp -R "$inputs/dir" d; rm -rv d | sort; rm missing; rm -f missing; rm -r /; mkdir e; rm e; rm -d e'; }
uses_mkdir() { use 'mkdir -p a/b/c; mkdir -m 700 -v d; mkdir a; mkdir missing/x'; }
uses_rmdir() { use 'mkdir -p a/b x; : >x/file; rmdir -pv a/b; rmdir x; rmdir missing'; }
uses_ln() { use 'cp "$inputs/text" a; ln a hard; ln -sv a soft; ln -srf a soft; ln a soft; ln missing b; ls'; }
uses_link() { use 'cp "$inputs/text" a; link a b; link a b; stat -c %h a'; }
uses_unlink() { use 'cp "$inputs/text" a; unlink a; unlink a; ls'; }
uses_touch() { use 'touch -d "2001-02-03 04:05:06.789" a; stat -c %y a; touch -c missing; touch -r a b; touch missing/x; stat -c %Y b'; }
uses_truncate() { use 'truncate -s 1M a; truncate -s -1K a; truncate -r a b; stat -c "%s" a b; truncate a'; }
uses_chmod() { use 'cp "$inputs/text" a; chmod -v u=rwx,go-r a; chmod 0640 a; stat -c %A a; chmod x a; chmod 0 missing'; }
uses_chown() { use 'cp "$inputs/text" a; chown -v "$(id -u)" a; chown nosuchuser a; chown 0 missing'; }
uses_chgrp() { use 'cp "$inputs/text" a; chgrp -v "$(id -g)" a; chgrp nosuchgroup a'; }
uses_install() { use 'install -D -m 755 "$inputs/text" a/b/c; install -d x y; install -v -t x "$inputs/words"; install missing x; stat -c "%a %n" a/b/c x/words'; }
uses_mkfifo() { use 'mkfifo -m 600 f; (echo through >f &); cat f; mkfifo f; stat -c %F f; rm f'; }
uses_mknod() { use 'mknod f p; stat -c %F f; mknod f p; mknod x y; rm f'; }
uses_mktemp() { use 'a=$(mktemp); test -f "$a"; echo $?; rm "$a"; mktemp -d -p missing XXXX; mktemp XX; mktemp -u | wc -c'; }
uses_dd() { use 'dd if="$inputs/binary" of=out bs=100 count=7 skip=2 status=none; dd if=out bs=64 conv=ucase,swab 2>/dev/null | od -c | tail -n 2; dd if=missing; dd status=nonsense'; }
uses_shred() { use 'cp "$inputs/text" a; shred -n 1 -z a; od a | head -n 2; shred -u a; ls; shred missing'; }
uses_sync() { use ': >a; sync a; sync missing'; }
uses_df() { use 'df --output=target / | tail -n 1; df -P missing; df -h / | wc -l'; }
uses_du() { use 'cp -R "$inputs/dir" d; du -b --apparent-size d/a.txt; du -s missing; du -a d | cut -f 2 | sort'; }
uses_readlink() { use 'ln -s a/b l; readlink l; readlink -f /usr/bin/..; readlink -m l/c | tail -c 7; readlink missing; readlink -v .'; }
uses_realpath() { use 'realpath /usr/lib/../bin/./env; realpath --relative-to=/usr/bin /usr/lib; realpath missing/x; realpath -e missing'; }
uses_basename() { use 'basename /a/b.c .c; basename -a x/y z/; basename'; }
uses_dirname() { use 'dirname /a/b.c x .; dirname'; }
uses_pathchk() { use 'pathchk -p "a b" ok; pathchk -P -- -x; pathchk ""'; }
uses_stat() { use 'stat -c "%n %s %a %F %h %Y" "$inputs/text" "$inputs/dir"; stat -L --printf "%U %G\n" /; stat missing'; }

uses_ls()
{
    use 'ls -l --time-style=+%s "$inputs/text" "$inputs/words"; ls -1 "$inputs"; ls -aF "$inputs/dir"'
    use 'ls -R "$inputs/dir"; ls --color=always -d / "$inputs/text"; ls missing; ls -S --format=commas "$inputs"'
    use 'LC_ALL=C.UTF-8 ls -lnh --time-style=long-iso "$inputs/main.c"; ls -C -w 40 /usr/lib/os-release "$inputs"; ls -Q "$inputs/dir"'
}
uses_dir() { use 'dir "$inputs"; dir -1 missing'; }
uses_vdir() { use 'vdir --time-style=+%s "$inputs/words"; vdir missing'; }
uses_dircolors() { use 'TERM=xterm dircolors -b | head -n 1 | cksum; dircolors -p | wc -l; dircolors missing'; }

uses_date()
{
    use 'date -u -d @1234567890; date -d "2024-02-29 +1 year" +%F; TZ=America/New_York date -d @0 "+%c %Z %z"'
    use 'date -R -r "$inputs/text"; date -d nonsense; date +%s%N | wc -c; date -Ins -d "1970-01-01 UTC"'
}
uses_env() { use 'env -i A=1 B=2 env; env -u HOME sh -c "echo \$HOME"; env missing-command; echo $?; env -S "A=1 printenv A"; env -C / pwd; env | cut -d= -f1 | grep -v -e SPAWN_TEMPLATE -e LD_PRELOAD | sort'; }
uses_printenv() { use 'printenv LC_ALL; printenv NOTHING; A=1 printenv -0 A'; }
uses_nice() { use 'nice -n 5 nice; nice; nice missing-command; echo $?; nice -n x'; }
uses_nohup() { use 'nohup sh -c "echo out; exit 3"; echo $?; nohup missing-command'; }
uses_timeout() { use 'timeout 0.1 sleep 10; echo $?; timeout 5 sh -c "exit 7"; echo $?; timeout -s KILL 0.1 sleep 9; echo $?; timeout 1 missing-command; timeout x y'; }
uses_stdbuf() { use 'stdbuf -oL sh -c "echo line; echo other" | cat; stdbuf -o0 printf abc; stdbuf -i0 cat "$inputs/words"; stdbuf x; stdbuf -o0 missing-command'; }
uses_chroot() { use '[ "$(id -u)" != 0 ] || chroot / /bin/echo inside; chroot missing true; chroot'; }
uses_sleep() { use 'sleep 0.01; echo $?; sleep x; sleep'; }
uses_tty() { use 'tty; echo $?; tty -s; echo $?'; }
uses_stty() { use 'stty -a; stty nonsense'; }
uses_id() { use 'id; id -un; id -G; id nosuchuser; id -u nobody'; }
uses_groups() { use 'groups; groups nobody; groups nosuchuser'; }
uses_whoami() { use 'whoami; whoami x'; }
uses_logname() { use 'logname; logname x'; }
uses_users() { use 'users; users missing'; }
uses_hostid() { use 'hostid; hostid x'; }
uses_uname() { use 'uname -srm; uname -a; uname x'; }
uses_arch() { use 'arch; arch x'; }
uses_nproc() { use 'nproc; nproc --ignore=100; OMP_NUM_THREADS=3 nproc; nproc x'; }
