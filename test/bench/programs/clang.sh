# shellcheck shell=sh disable=SC2016,SC2154
program clang clang /usr/bin/clang --version
program clang++ clang /usr/bin/clang++ --version
program ld.lld lld /usr/bin/ld.lld --version
for llvm_tool in ar as bcanalyzer config cxxfilt dis dwarfdump link nm objcopy objdump opt-report \
    profdata ranlib readelf size strings strip symbolizer; do
    program "llvm-$llvm_tool" llvm "/usr/bin/llvm-$llvm_tool" --version
done
program opt llvm /usr/bin/opt --version
program llc llvm /usr/bin/llc --version

uses_clang()
{
    use 'clang -O2 -g -c "$inputs/main.c" -o main.o; clang main.o -o main; ./main one two'
    use 'clang -print-resource-dir; clang -print-search-dirs; clang -### -c x.c 2>&1 | head -n 4'
    use 'clang -Wall -Weverything -fsyntax-only "$inputs/main.c"; clang -c -x c "$inputs/text"'
    use 'clang -E -dM -x c /dev/null | sort | cksum; clang -MM "$inputs/main.c"; clang -S -emit-llvm "$inputs/main.c" -o main.ll'
    use 'clang -fcolor-diagnostics missing.c; clang; echo "int main(void){return f();}" | clang -x c - -c -o x.o'
    use 'clang -fuse-ld=lld -flto -O2 "$inputs/main.c" -o lto; ./lto; clang -shared -fPIC -fuse-ld=gold "$inputs/main.c" -o lib.so'
    use 'echo "#error stop" >e.c; clang -fno-integrated-cc1 -c e.c; clang -no-integrated-as -c "$inputs/main.c" -o as.o'
}

uses_clang__()
{
    use 'clang++ -O1 -std=c++17 -c "$inputs/main.cc" -o main.o; clang++ main.o -o main -pthread; ./main one two'
    use 'echo "int x = \"string\"; auto y = [](auto z) { return z.w; }(1);" >bad.cc; clang++ -std=c++20 -c bad.cc'
    use 'echo "#include <vector>" >h.hh; clang++ -x c++-header h.hh -o h.pch; echo "std::vector<int> v;" >v.cc; clang++ -include-pch h.pch -c v.cc; ls; rm h.pch'
    use 'clang++ -Xclang -ast-dump -fno-color-diagnostics -fsyntax-only "$inputs/main.c" 2>&1 | wc -l'
}

uses_ld_lld()
{
    natively gcc -c "$inputs/main.c" -o main.o
    use 'clang -fuse-ld=lld main.o -o main; ./main; cksum main'
    use 'ld.lld -r main.o -o rel.o; ld.lld -shared --build-id main.o -o lib.so --threads=2; cksum rel.o lib.so'
    use 'ld.lld main.o -o bad; ld.lld missing.o; ld.lld --nonsense; ld.lld'
    use 'gcc -fuse-ld=lld -Wl,--icf=all,-O2,-Map=map main.o -o icf; ./icf; wc -l <map'
}

# Objects and bitcode to look at.
llvm_objects()
{
    natively clang -O1 -g -c "$inputs/main.c" -o main.o
    natively clang -O1 -emit-llvm -c "$inputs/main.c" -o main.bc
}
uses_llvm_ar() { llvm_objects; use 'llvm-ar rcs l.a main.o "$inputs/text"; llvm-ar t l.a; cksum l.a; llvm-ar p l.a text | cksum; llvm-ar x missing; llvm-ar'; }
uses_llvm_as() { llvm_objects; use 'llvm-dis main.bc -o m.ll; llvm-as m.ll -o m.bc; cksum m.bc; llvm-as "$inputs/text"; llvm-as missing'; }
uses_llvm_bcanalyzer() { llvm_objects; use 'llvm-bcanalyzer -dump main.bc | cksum; llvm-bcanalyzer "$inputs/text"; llvm-bcanalyzer missing'; }
uses_llvm_config() { use 'llvm-config --bindir --libdir --cxxflags; llvm-config --libs core; llvm-config --nonsense; llvm-config --components | tr " " "\n" | wc -l'; }
uses_llvm_cxxfilt() { use 'llvm-cxxfilt _ZN3foo3barEiPKc main _Z; echo _Z1fv | llvm-cxxfilt; llvm-cxxfilt --nonsense'; }
uses_llvm_dis() { llvm_objects; use 'llvm-dis main.bc -o - | cksum; llvm-dis missing; llvm-dis "$inputs/text"'; }
uses_llvm_dwarfdump() { llvm_objects; use 'llvm-dwarfdump main.o | cksum; llvm-dwarfdump --verify main.o; llvm-dwarfdump missing; llvm-dwarfdump --debug-line main.o | wc -l'; }
uses_llvm_link() { llvm_objects; use 'llvm-link main.bc -S -o - | cksum; llvm-link main.bc main.bc; llvm-link missing'; }
uses_llvm_nm() { llvm_objects; use 'llvm-nm main.o; llvm-nm main.bc; llvm-nm -D /usr/bin/env | wc -l; llvm-nm missing; llvm-nm "$inputs/text"'; }
uses_llvm_objcopy() { llvm_objects; use 'llvm-objcopy -O binary main.o bin; llvm-objcopy --only-keep-debug main.o dbg; llvm-objcopy -R .comment main.o o2; cksum bin dbg o2; llvm-objcopy missing'; }
uses_llvm_objdump() { llvm_objects; use 'llvm-objdump -d -r main.o; llvm-objdump -x -S main.o | cksum; llvm-objdump missing; llvm-objdump -d "$inputs/text"'; }
uses_llvm_opt_report() { llvm_objects; use 'clang -O2 -fsave-optimization-record -c "$inputs/main.c" -o r.o; llvm-opt-report r.opt.yaml; llvm-opt-report missing'; }
uses_llvm_profdata()
{
    printf 'main\n1\n2\n10\n20\n\n' >a.proftext
    use 'llvm-profdata merge a.proftext -o a.prof; llvm-profdata show --all-functions --counts a.prof; llvm-profdata merge missing -o x; llvm-profdata show "$inputs/text"; llvm-profdata'
}
uses_llvm_ranlib() { llvm_objects; use 'llvm-ar rcS l.a main.o; llvm-ranlib l.a; cksum l.a; llvm-ranlib missing; llvm-ranlib'; }
uses_llvm_readelf() { llvm_objects; use 'llvm-readelf -a main.o | cksum; llvm-readelf -d /usr/bin/env | wc -l; llvm-readelf missing; llvm-readelf "$inputs/text"'; }
uses_llvm_size() { llvm_objects; use 'llvm-size main.o; llvm-size -A main.o; llvm-size missing; llvm-size "$inputs/text"'; }
uses_llvm_strings() { llvm_objects; use 'llvm-strings -n 6 main.o; llvm-strings -t x "$inputs/binary" | tail -n 3; llvm-strings missing'; }
uses_llvm_strip() { llvm_objects; use 'llvm-strip -g main.o -o a; llvm-strip --strip-unneeded main.o; cksum a main.o; llvm-strip missing'; }
uses_llvm_symbolizer() { llvm_objects; use 'llvm-symbolizer --obj=main.o 0 4 0x999999; echo "missing 0" | llvm-symbolizer; llvm-symbolizer --nonsense'; }
uses_opt()
{
    llvm_objects
    use 'opt -S -passes="default<O2>" main.bc -o - | cksum; opt -passes=nonsense main.bc -o x; opt missing; opt --print-passes | wc -l'
}
uses_llc()
{
    llvm_objects
    use 'llc -O2 main.bc -o m.s; cksum m.s; llc -filetype=obj -relocation-model=pic main.bc -o m.o; cksum m.o; llc -march=nonsense main.bc; llc missing; llc "$inputs/text"'
}
