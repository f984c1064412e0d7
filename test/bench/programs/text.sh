# shellcheck shell=sh disable=SC2016,SC2154
small sed sed /usr/bin/sed --version
small grep grep /usr/bin/grep --version
small gawk gawk /usr/bin/gawk --version
small mawk mawk /usr/bin/mawk -W version
small find findutils /usr/bin/find --version
small xargs findutils /usr/bin/xargs --version
small diff diffutils /usr/bin/diff --version
small cmp diffutils /usr/bin/cmp --version
small jq jq /usr/bin/jq --version
program rg ripgrep /usr/bin/rg --version
program fd fd-find /usr/bin/fdfind --version

uses_sed()
{
    use 'sed -e "s/a/A/g;3d;\$a end" -e "/line 1.$/!s/^/> /" "$inputs/text"'
    use 'sed -n "/begin/,/end/p;\$=" "$inputs/text"'
    use 'cp "$inputs/text" edited; sed -i.orig "s/line/LINE/w written" edited; cat written'
    use 'sed -E -z "s/\n([a-z]+)/ \1/g" "$inputs/words"'
    use 'printf "%s\n" 1 2 3 | sed "x;G;1!h;\$!d"'
    use 'sed "s/unterminated" "$inputs/text"'
    use 'sed p missing; sed --posix "s/\(x\)/\2/" "$inputs/text"'
    use 'sed "1~3e echo executed" "$inputs/words"'
}

uses_grep()
{
    use 'grep -n "line 1" "$inputs/text"'
    use 'grep -rlE "in[tc]" "$inputs" | sort'
    use 'grep -c -i "LINE" "$inputs/text"; grep -q nothing "$inputs/text"'
    use 'grep -P "(?<=lin)e \d+$" "$inputs/text" | head -n 4'
    use 'grep -obUaP "\x00\x01" "$inputs/binary"; grep a "$inputs/binary"'
    use 'grep "\(" "$inputs/text"; grep x missing'
    use 'LC_ALL=C.UTF-8 grep -o "[[:alpha:]]*ß" "$inputs/text" -A1 --color=always'
    use 'grep -F -w -f "$inputs/words" "$inputs/text" | tail -n 3'
}

uses_of_awk()
{
    use '"$program" "{ n += \$1; a[\$1 % 7]++ } END { print n, NR; for (i = 0; i < 7; i++) print i, a[i] }" "$inputs/numbers"'
    use '"$program" -F: -v OFS=- "NR > 1 { \$2 = toupper(\$1); print | \"sort -r\" }" "$inputs/text"'
    use '"$program" "BEGIN { while ((\"echo a b\" | getline x) > 0) print x; printf \"%5.2f|%-4d|%s\n\", 3.14159, 7, substr(\"hello\", 2, 3) }"'
    use '"$program" "/line 1/ { gsub(/[aeiou]/, \"*\"); print > \"out\" } END { print system(\"exit 3\"); exit 4 }" "$inputs/text"'
    use '"$program" "BEGIN { print length(ENVIRON[\"HOME\"]) > 0, ARGV[1], ARGC }" x=1'
    use '"$program" "BEGIN { print 1 +* 2 }"'
    use '"$program" "{ print }" missing'
}

uses_gawk()
{
    uses_of_awk
    use 'gawk "BEGIN { print strftime(\"%F %T\", 0, 1); n = asort(x); print gensub(/(a)(b)/, \"\\\\2\\\\1\", 1, \"ab\"); PROCINFO[\"sorted_in\"] = \"@ind_str_asc\" }"'
    use 'gawk -M "BEGIN { print 2 ^ 100 }"; gawk -l filefuncs "BEGIN { print stat(\"/\", s), s[\"type\"] }"'
}

uses_mawk()
{
    uses_of_awk
    use 'mawk -W interactive "{ print NF }" "$inputs/words" | tail -n 2'
}

uses_find()
{
    cp -R "$inputs/dir" here
    use 'find here | sort'
    use 'find here -type f -name "*.txt" -printf "%f %s %m\n" | sort'
    use 'find here -type f -exec cat {} + | cksum; find here -type f -exec sh -c "echo run" \;'
    use 'find here -newermt 2000-01-01 -size -100k -not -empty -perm -u+r -print0 | sort -z | xargs -0 -n 1 basename'
    use 'find here -name "*.tmp" -delete -print; find here -maxdepth 1 -execdir pwd \; | sort -u | wc -l'
    use 'find missing; find here -nonsense'
    use 'find here -type l -ls | wc -l; find -L here -samefile here/a.txt; find here -okdir true \; 2>&1 | wc -l'
}

uses_xargs()
{
    use 'xargs -n 3 echo <"$inputs/words"'
    use 'xargs -I{} -P 2 sh -c "echo {} >made.{}" <"$inputs/words"; ls | sort'
    use 'printf "%s\0" "a b" "c\"d" | xargs -0 -n 1 printf "[%s]"'
    use 'echo 1 2 3 | xargs -n 1 sh -c "exit \$0"; echo $?; echo 255 | xargs -n 1 sh -c "exit \$0"'
    use 'echo x | xargs missing-command; echo x | xargs -r false; </dev/null xargs -r echo not'
    use 'seq 20000 | xargs -s 4000 echo | wc -l; echo "it'\''s" | xargs'
    use 'echo a | xargs -t -p echo 2>&1 | wc -l; xargs --show-limits </dev/null 2>&1 | wc -l'
}

uses_diff()
{
    sed 's/line 1/LINE 1/' "$inputs/text" >changed
    use 'diff -u --label a --label b "$inputs/text" changed'
    use 'diff -r "$inputs/dir" . | sort; diff -q "$inputs/text" changed'
    use 'diff -y -W 60 "$inputs/words" changed | head -n 5; diff -e "$inputs/text" changed'
    use 'diff --color=always "$inputs/text" "$inputs/text"; diff missing changed'
    use 'diff -a "$inputs/binary" changed | cksum; diff "$inputs/binary" changed'
}

uses_cmp()
{
    use 'cmp "$inputs/text" "$inputs/words"; cmp -l "$inputs/text" "$inputs/words" 2>&1 | tail -n 3'
    use 'cmp -s "$inputs/binary" "$inputs/binary"; cmp -n 10 -i 2:2 "$inputs/text" "$inputs/text"'
    use 'cmp "$inputs/text" missing'
}

uses_jq()
{
    printf '{"b": [1, 2.5, null, "x\\u00e9"], "a": {"k": true}}\n' >in.json
    use 'jq . in.json; jq -cS . in.json'
    use 'jq -r ".b[] | tostring" in.json; jq ".a.k, (.b | length)" in.json'
    use 'jq -n "[range(5)] | map(. * .) | add, (now | type), (0 | todate)"'
    use 'jq --arg v 1 -e ".missing == \$v" in.json; echo "{" | jq .; jq ". |" in.json'
    use 'jq -R -s "split(\"\n\") | group_by(length) | map(length)" "$inputs/words" | tee out'
    use 'jq "test(\"x.\"; \"i\"), ascii_downcase, @base64, @sh" <<END
"Axb"
END'
}

uses_rg()
{
    cp -R "$inputs/dir" here
    use 'rg --sort path line here'
    use 'rg -n -j 2 "in[tc]" "$inputs/main.c"'
    use 'rg -c --sort path . here; rg -l --files here --sort path'
    use 'rg "(" here; rg nothing here; rg x missing'
    use 'rg -N -r "<\$1>" "line (\d+)" "$inputs/text" | head -n 4; rg --json -c line 2>&1 | head -n 1'
    use 'rg -U -o "begin\n.*" "$inputs/text"; rg --passthru -i BEGIN "$inputs/words"'
}

uses_fd()
{
    cp -R "$inputs/dir" here
    use 'fdfind . here | sort'
    use 'fdfind -e txt -x echo found {/} | sort'
    use 'fdfind -t d --strip-cwd-prefix | sort; fdfind -HI tmp here | sort'
    use 'fdfind "(" ; fdfind nothing-like-this; fdfind x missing'
    use 'fdfind -e txt -X wc -c -- | tail -n 1; fdfind -j 4 -d 1 . here | wc -l'
}
