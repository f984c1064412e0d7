# shellcheck shell=sh disable=SC2016,SC2154
program cmake cmake /usr/bin/cmake --version
program ctest cmake /usr/bin/ctest --version
small ninja ninja-build /usr/bin/ninja --version
small make make /usr/bin/make --version
program moc qtbase5-dev-tools /usr/lib/qt5/bin/moc -v
program uic qtbase5-dev-tools /usr/lib/qt5/bin/uic -v
program rcc qtbase5-dev-tools /usr/lib/qt5/bin/rcc -v

cmake_project()
{
    mkdir project
    cp "$inputs/main.c" "$inputs/main.cc" project
    cat >project/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.10)
project(example C CXX)
include(CheckIncludeFile)
include(CheckFunctionExists)
check_include_file(stdio.h HAVE_STDIO)
check_function_exists(no_such_function HAVE_NOTHING)
find_package(Threads REQUIRED)
configure_file(in.h out.h)
add_executable(c_program main.c)
add_executable(cxx_program main.cc)
target_link_libraries(cxx_program Threads::Threads)
enable_testing()
add_test(NAME runs COMMAND c_program one)
add_test(NAME fails COMMAND false)
set_tests_properties(fails PROPERTIES WILL_FAIL ON)
add_test(NAME matches COMMAND c_program two)
set_tests_properties(matches PROPERTIES PASS_REGULAR_EXPRESSION two)
END
    printf '#define ROOT "${CMAKE_ROOT}"\n#cmakedefine HAVE_STDIO\n' >project/in.h
}

# Build trees have times in them: what counts is taken out, and they go.
uses_cmake()
{
    cmake_project
    use 'cmake -S project -B build -G Ninja | grep -v "done ("; cat build/out.h; cmake --build build | grep -c Building; build/c_program; cksum build/c_program; rm -rf build'
    use 'cmake -S project -B build -G "Unix Makefiles" -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ | grep -v "done ("; cmake --build build -j 2 | wc -l; cksum build/c_program; grep "^CMAKE_[CA].*=" build/CMakeCache.txt; rm -rf build'
    use 'cmake -E echo hello; cmake -E sha256sum "$inputs/text"; cmake -E capabilities; cmake -E tar cf x.tar --format=gnutar "--mtime=1970-01-02 UTC" project; cmake -E cat missing'
    use 'printf "message(STATUS \"\${CMAKE_ROOT} \${CMAKE_COMMAND}\")\nexecute_process(COMMAND sh -c \"echo sub; exit 3\" RESULT_VARIABLE r)\nmessage(\"r=\${r}\")\nstring(REGEX REPLACE \"a+\" \"b\" x aaac)\nmessage(FATAL_ERROR \${x})\n" >s.cmake; cmake -P s.cmake'
    use 'cmake -S missing; cmake --nonsense; cmake --help-command-list | cksum; cmake --system-information 2>/dev/null | grep "^CMAKE_ROOT"; rm -rf __cmake_systeminformation'
}

uses_ctest()
{
    cmake_project
    cmake -S project -B build -G Ninja >log
    cmake --build build >>log
    use 'cd build && ctest 2>&1 | sed "s/[0-9.]* sec.*//"'
    use 'cd build && ctest -N; ctest -V -R matches | sed "s/[0-9.]* sec.*//"; ctest -R nothing'
    use 'ctest --test-dir build -j 2 -E fails 2>&1 | grep tests; ctest --show-only=json-v1 --test-dir build | cksum; ctest --nonsense'
    rm -rf build log
}

uses_ninja()
{
    cat >build.ninja <<'END'
rule cc
  command = gcc -c $in -o $out -MMD -MF $out.d
  depfile = $out.d
  deps = gcc
rule link
  command = gcc $in -o $out
rule fail
  command = echo failing; exit 3
build main.o: cc $in_file
build main: link main.o
build bad: fail
default main
END
    sed "s|\$in_file|$inputs/main.c|" build.ninja >b && mv b build.ninja
    use 'ninja; ./main; ninja; touch main.o; ninja -n -d explain 2>&1 | wc -l'
    use 'ninja bad; ninja -k 0 bad main; ninja missing; ninja -t targets all; ninja -t query main'
    use 'ninja -t compdb cc link | sed "s|$PWD||"; ninja -t commands main; ninja -t clean; ninja -j 8 -v | wc -l'
    use 'echo "build x: nonsense y" >bad.ninja; ninja -f bad.ninja; ninja -C missing; ninja --nonsense 2>&1 | head -n 1'
    rm -f .ninja_log .ninja_deps
}

uses_make()
{
    cat >Makefile <<'END'
objects := $(patsubst %,%.o,a b c d)
all: program
program: $(objects); cat $^ >$@
%.o: ; @echo make $@; sed 's/$$/ $*/' "$$inputs/words" >$@
export VALUE = of make
sub: ; +$(MAKE) -f sub.mk --no-print-directory; @echo done $$VALUE
fail: ; @echo about to fail; false
ignored: ; -exit 4
define lines
one
two
endef
print: ; $(info $(lines) $(shell echo from shell) $(words $(objects)) $(CURDIR:%/=%)) @:
END
    printf 'all: x y\nx: ; @echo x in $(MAKELEVEL)\ny: x; @sh -c "echo y"\n' >sub.mk
    use 'make; make; make -n -B | head -n 3; make -j 4 -B -O | sort'
    use 'make sub; make -j 2 sub; make fail; make -k fail ignored; make missing'
    use 'make print | sed "s|$PWD|here|"; make -p -q program | grep -c :; make -q missing.o; make --trace -B a.o'
    use 'printf "all:\n  spaces\n" >k; make -f k; make -f missing.mk; make --nonsense 2>&1 | head -n 1; make SHELL=/bin/bash -B b.o; make -s -B -j2 --shuffle=1 2>&1 | tail -n 1'
    use 'printf "x: ; @kill -9 \$\$\$\$\n" >k; make -f k; printf "x:\n\t./not-there\n\n" >k; make -f k; printf "x:\n\t/nonexistent/a b\n" >k; make -f k; printf "all: ; @echo \$(MAKE)\n" >k; make -f k'
}

qt_header()
{
    printf '%s\n' '#include <QObject>' 'class Thing : public QObject {' '    Q_OBJECT' \
        '    Q_PROPERTY(int value READ value NOTIFY changed)' 'public:' \
        '    int value() const { return 1; }' 'signals:' '    void changed(int);' 'public slots:' \
        '    void set(const QString &text) {}' '};' >thing.h
}
uses_moc()
{
    qt_header
    use '"$program" thing.h; "$program" thing.h -o moc_thing.cpp; "$program" -DX=1 -I. --output-json thing.h -o j.cpp; ls'
    use '"$program" "$inputs/text"; "$program" missing.h; "$program" --nonsense thing.h; "$program" -p dir -f x.h thing.h | grep include'
    use 'sed "s/Q_OBJECT/Q_OBJECT Q_ENUM(/" thing.h >bad.h; "$program" bad.h; "$program" </dev/null'
}
uses_uic()
{
    printf '%s\n' '<ui version="4.0"><class>Form</class><widget class="QWidget" name="Form">' \
        '<property name="windowTitle"><string>T</string></property><layout class="QVBoxLayout" name="l">' \
        '<item><widget class="QPushButton" name="b"><property name="text"><string>Go</string></property>' \
        '</widget></item></layout></widget><resources/><connections/></ui>' >form.ui
    use '"$program" form.ui; "$program" -g python form.ui; "$program" -o ui_form.h form.ui; "$program" -d form.ui'
    use '"$program" missing.ui; "$program" "$inputs/text"; "$program" --nonsense; "$program" --tr trName form.ui | grep -c trName; "$program" <form.ui | wc -l'
}
uses_rcc()
{
    cp "$inputs/text" "$inputs/words" .
    touch -d @1000000000 text words
    printf '<RCC><qresource prefix="/p"><file>text</file><file alias="w">words</file></qresource></RCC>\n' >r.qrc
    use 'QT_HASH_SEED=0 "$program" -name r r.qrc; "$program" --binary --no-compress -o r.bin r.qrc; "$program" --list r.qrc | wc -l; cksum r.bin'
    use '"$program" missing.qrc; "$program" "$inputs/text"; "$program" --nonsense; "$program" --project | head -n 1; "$program" --threshold 99 --compress 9 r.qrc | wc -l'
}
