# shellcheck shell=sh disable=SC2016,SC2154
program gcc gcc /usr/bin/gcc --version
program g++ g++ /usr/bin/g++ --version
program cc1 gcc /nonexistent -version -quiet -o /dev/null /dev/null
program cc1plus g++ /nonexistent -version -quiet -o /dev/null /dev/null
program collect2 gcc /nonexistent --version
small as binutils /usr/bin/as --version
small ld binutils /usr/bin/ld.bfd --version
small ld.gold binutils /usr/bin/ld.gold --version
small ar binutils /usr/bin/ar --version
small ranlib binutils /usr/bin/ranlib --version
small nm binutils /usr/bin/nm --version
small objdump binutils /usr/bin/objdump --version
small objcopy binutils /usr/bin/objcopy --version
small strip binutils /usr/bin/strip --version
small readelf binutils /usr/bin/readelf --version

# What the driver starts is no command of its own.
path_cc1() { gcc -print-prog-name=cc1; }
path_cc1plus() { g++ -print-prog-name=cc1plus; }
path_collect2() { gcc -print-prog-name=collect2; }

uses_gcc()
{
    use 'gcc -O2 -g -c "$inputs/main.c" -o main.o; gcc main.o -o main; ./main one two'
    use 'gcc -Wall -Wextra -fsyntax-only "$inputs/main.c"; gcc -c "$inputs/text" -x c -o x.o'
    use 'gcc -MMD -MF dep -fPIC -shared "$inputs/main.c" -o lib.so -pipe; cat dep'
    use 'gcc -E -dM -x c /dev/null | sort | cksum; gcc -print-search-dirs; gcc -dumpmachine'
    use 'gcc -flto -O2 "$inputs/main.c" -o lto -save-temps -fno-lto; ls; ./lto'
    use 'echo "int main(void) { return undefined_thing(); }" >u.c; gcc -c u.c; gcc u.o -o u 2>&1 | sed "s/.*: undef/undef/"; gcc missing.c; gcc'
    use 'gcc -static -O1 "$inputs/main.c" -o static && ./static | head -n 1; gcc -S -masm=intel -o - "$inputs/main.c" | cksum'
}

uses_g__()
{
    use 'g++ -O1 -std=c++17 -c "$inputs/main.cc" -o main.o; g++ main.o -o main -pthread; ./main one two'
    use 'echo "int x = \"string\"; template <class T> struct S { T::y z; };" >bad.cc; g++ -c bad.cc'
    use 'g++ -E -x c++ - -dM </dev/null | sort | cksum; g++ -print-file-name=libstdc++.so'
    use 'echo "#include <iostream>" >h.hh; g++ -x c++-header h.hh -o h.hh.gch; ls; rm h.hh.gch'
    use 'g++ -g3 -fno-exceptions -fno-rtti -shared -fPIC -o lib.so "$inputs/main.c"; nm -D lib.so | sort'
}

uses_cc1()
{
    use '"$program" -quiet "$inputs/main.c" -o main.s -O2 -imultiarch x86_64-linux-gnu; cksum main.s'
    use 'gcc -O3 -g -S "$inputs/main.c" -o o3.s; gcc -O0 -S "$inputs/main.c" -o o0.s'
    use 'gcc -fdump-tree-optimized -O2 -S "$inputs/main.c" -o d.s; ls'
    use '"$program" -quiet missing.c; "$program" -quiet --nonsense </dev/null; "$program" -quiet "$inputs/text" -o /dev/null'
    use 'echo "#include <stdio.h>" | "$program" -E -quiet -imultiarch x86_64-linux-gnu - | cksum; gcc -Q --help=optimizers | cksum'
}

uses_cc1plus()
{
    use 'g++ -O2 -g -S "$inputs/main.cc" -o o2.s; g++ -O0 -S "$inputs/main.cc" -o o0.s'
    use 'g++ -fsyntax-only -Wall -Wextra "$inputs/main.cc" "$inputs/main.c"'
    use '"$program" -quiet missing.cc; "$program" -quiet "$inputs/text" -o /dev/null'
    use 'echo "template <int n> struct F { static const int v = F<n - 1>::v; }; int x = F<1>::v;" >r.cc; g++ -ftemplate-depth=30 -c r.cc'
}

uses_collect2()
{
    use 'gcc -c "$inputs/main.c" -o main.o; gcc main.o -o main; ./main'
    use 'gcc -shared -Wl,-soname,libx.so.1 -Wl,--build-id=sha1 -o libx.so main.o; gcc -nostdlib main.o -o bad 2>&1 | cut -d: -f3-'
    use 'gcc -r main.o -o partial.o; gcc -static-pie main.o -o static; gcc -fuse-ld=gold main.o -o gold; ./gold'
    use 'gcc missing.o; gcc -Wl,--nonsense main.o; gcc -Wl,--version main.o 2>&1 | grep "^GNU ld"'
}

uses_as()
{
    natively gcc -O2 -g -S "$inputs/main.c" -o main.s
    use 'as --64 main.s -o main.o; cksum main.o; gcc main.o -o main; ./main'
    use 'printf "\t.text\nf:\tret\n\tnop\n" | as -al -o x.o -'
    use 'as -o bad.o "$inputs/words"; as missing.s; as --nonsense'
    use 'echo ".byte 1,2,3" | as --gdwarf-5 -o y.o -- ; cksum y.o'
}

uses_of_ld()
{
    printf '\t.globl _start\n_start:\tmov $60,%%eax\n\txor %%edi,%%edi\n\tcall g\n\tsyscall\n' >a.s
    printf '\t.globl g\ng:\tmov $7,%%edi\n\tret\n' >b.s
    as a.s -o a.o
    as b.s -o b.o
    use '"$program" a.o b.o -o out; ./out; echo $?; cksum out'
    use '"$program" -shared --build-id -o lib.so b.o; "$program" -r a.o b.o -o rel.o; "$program" --gc-sections -s a.o b.o -o small; cksum lib.so rel.o small'
    use '"$program" -Map=map a.o b.o -o m; wc -l map; "$program" a.o -o bad; "$program" missing.o; "$program" --nonsense'
    use 'gcc -c "$inputs/main.c" -o main.o; gcc main.o -o main "-fuse-ld=${program##*.}"; ./main; cksum main'
}
uses_ld() { uses_of_ld; }
uses_ld_gold() { uses_of_ld; }

# An object file to look at.
object()
{
    natively gcc -O1 -g -c "$inputs/main.c" -o main.o
}
uses_ar()
{
    object
    use 'ar rcs lib.a main.o "$inputs/text"; ar t lib.a; ar tvO lib.a | cut -d" " -f1,3-; cksum lib.a'
    use 'ar p lib.a text | cksum; ar d lib.a text; ar x lib.a; ar q lib.a "$inputs/words"; ar t lib.a'
    use 'ar x missing.a; ar; ar t "$inputs/text"; ar -M <<END
CREATE m.a
ADDMOD main.o
SAVE
END
cksum m.a'
}
uses_ranlib() { object; use 'ar rcS l.a main.o; ranlib -D l.a; ar t l.a; cksum l.a; ranlib missing; ranlib main.o; ranlib'; }
uses_nm() { object; use 'nm main.o; nm -C --size-sort main.o; nm -D /usr/bin/env | wc -l; nm missing; nm "$inputs/text"'; }
uses_objdump() { object; use 'objdump -d -r main.o; objdump -hS main.o | cksum; objdump -x "$inputs/text"; objdump missing'; }
uses_objcopy() { object; use 'objcopy -O binary main.o bin; objcopy --only-keep-debug main.o dbg; objcopy -R .comment --redefine-sym main=other main.o o2; cksum bin dbg o2; objcopy missing'; }
uses_strip() { object; use 'cp main.o a; strip a; cp main.o b; strip -g -K main b; cksum a b; strip missing; strip "$inputs/text"'; }
uses_readelf() { object; use 'readelf -a -W main.o | cksum; readelf --debug-dump=info main.o | wc -l; readelf -d /usr/bin/env | wc -l; readelf missing; readelf "$inputs/text"'; }
