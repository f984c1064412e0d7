# build.sh make|ninja COMPILER: a small project, built, tested, changed and built again; every file
# that comes out has to be the same, bit for bit.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"

tool=$1
compiler=$2
modes_begin "real.${tool}_$compiler"
need "$tool" "$compiler" sha256sum

cat >"$work/script" <<END
set -e
cp -r "$ST_CASES_SRC/real/project/." .
build() {
    case $tool in
    make) make -j4 CC=$compiler ;;
    ninja)
        echo 'cc = $compiler' >compiler.ninja
        ninja -j4
        ;;
    esac >build.log 2>&1 || { cat build.log; exit 1; }
    # Jobs run at once: the order of what they say is not fixed, what they say is.
    sed 's/^\[[0-9/]*\] //' build.log | sort
    rm build.log
}
files() {
    find . -type f ! -name '.ninja*' | sort | xargs sha256sum
}
build
files
./calc <input.calc
# A tool is linked anew where it stands, right after it ran.
echo 1.2.4 >VERSION
touch machine.c
build
./calc --version
build
files
[ $tool != make ] || make clean CC=$compiler
[ $tool != ninja ] || ninja -t clean
files
# A build that fails fails in the same way.
echo 'broken' >>lexer.c
if (build >failed.log); then echo 'it did not fail'; fi
grep -c 'lexer.c:.*error' failed.log
END
expect_starts=20
compare_modes sh "$work/script"
modes_end
