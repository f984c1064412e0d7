# shellcheck shell=sh disable=SC2034,SC2154
about='CMake: its own tests (RunCMake) of execute_process, custom commands, CTest and the command line'
source=cmake
packages='cmake gcc g++ libc6-dev make ninja-build python3'
variants='scripts ctest builds'
limit=900

# The programs that some of the tests start.
prepare()
{
    mkdir -p programs || return
    for program in exit_code print_stdin color_warning fake_build_command pseudo_llvm-rc; do
        gcc -O1 -w -o programs/$program Tests/RunCMake/$program.c || return
    done
}

tests_of_cmake()
{
    case $1 in
        scripts) echo execute_process ScriptMode WorkingDirectory cmake_host_system_information ;;
        ctest)
            echo CTest CTestCommandLine CTestTimeout CTestTimeoutAfterMatch CTestCommandExpandLists \
                ctest_build ctest_cmake_error ctest_configure ctest_start ctest_test ctest_disabled_test \
                ctest_skipped_test ctest_environment ctest_fixtures
            ;;
        builds) echo CommandLine add_custom_command add_custom_target add_test build_command try_run ;;
    esac
}

# Each with what Tests/RunCMake/CMakeLists.txt would have given it, for the CMake that is installed;
# one session for all, as CTest has.
run_variant()
{
    # shellcheck disable=SC2016,SC2046
    start sh -c 'for test; do
        cmake "-DCMAKE_MODULE_PATH=$PWD/Tests/RunCMake" -DRunCMake_GENERATOR_IS_MULTI_CONFIG=0 \
            -DRunCMake_GENERATOR=Ninja -DRunCMake_GENERATOR_INSTANCE= -DRunCMake_GENERATOR_PLATFORM= \
            -DRunCMake_GENERATOR_TOOLSET= -DRunCMake_MAKE_PROGRAM= \
            "-DRunCMake_SOURCE_DIR=$PWD/Tests/RunCMake/$test" "-DRunCMake_BINARY_DIR=$PWD/out/Tests/RunCMake/$test" \
            -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_C_COMPILER_ID=GNU -DTIMEOUT=4 \
            -DPython_EXECUTABLE=/usr/bin/python3 "-DEXIT_CODE_EXE=$PWD/programs/exit_code" \
            "-DTEST_PRINT_STDIN=$PWD/programs/print_stdin" \
            "-DCOLOR_WARNING=$PWD/programs/color_warning" \
            "-DFAKE_BUILD_COMMAND_EXE=$PWD/programs/fake_build_command" \
            "-DLLVM_RC=$PWD/programs/pseudo_llvm-rc" \
            "-DIMAGE_DIR=$PWD/Utilities/Sphinx/static" -P "Tests/RunCMake/$test/RunCMakeTest.cmake"
        echo "$test ended: $?"
    done' sh $(tests_of_cmake "$1") >out.log 2>&1 || return
    # A test of this name may be run more than once, each time with other arguments.
    awk '
        /^(--)? .* - PASSED$|^ *[^ ].* - FAILED:$/ {
            result = /PASSED$/ ? "PASSED" : "FAILED"
            sub(/^(--)? */, "")
            sub(/ - (PASSED|FAILED:)$/, "")
            name[++n] = $0
            outcome[n] = result
        }
        / ended: [0-9]+$/ {
            for (i = 1; i <= n; i++)
                print $1 " " name[i] (++seen[$1, name[i]] > 1 ? " " seen[$1, name[i]] : "") ": " outcome[i]
            n = 0
            print
        }' out.log >"$results/tests"
    grep -A 40 ' - FAILED:$' out.log || true
}

count()
{
    wc -l <tests
}

passed()
{
    grep -c ': PASSED$' tests
}
