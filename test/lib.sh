# Shell functions of the scripts in test/.  To be sourced by a script that has set
#
#   root    the top directory of the project
#   self    the name under which the script reports
#
# shellcheck shell=sh disable=SC2154

# A line that stands out among the output of the tools.
say()
{
    printf '== %s: %s\n' "$self" "$*"
}

die()
{
    printf '== %s: FAILED: %s\n' "$self" "$*" >&2
    exit 1
}

# step WHAT COMMAND...: run the command, and stop the script with a clear line if it fails.
step()
{
    step_what=$1
    shift
    say "$step_what"
    "$@" || die "$step_what (exit status $?)"
}

# The same for commands whose output matters only when they fail.
quiet_step()
{
    step_what=$1
    shift
    say "$step_what"
    step_log=$(mktemp) || die "mktemp"
    "$@" >"$step_log" 2>&1 || {
        step_status=$?
        cat "$step_log"
        rm -f "$step_log"
        die "$step_what (exit status $step_status)"
    }
    rm -f "$step_log"
}

# A session of spawn-template, or a compiler chosen for something else, must not leak into what we
# build and measure.
clean_environment()
{
    unset SPAWN_TEMPLATE SPAWN_TEMPLATE_CACHE SPAWN_TEMPLATE_STATS SPAWN_TEMPLATE_LOG \
        SPAWN_TEMPLATE_KERNEL_NR MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS CC DESTDIR
    LC_ALL=C.UTF-8
    export LC_ALL
}

# configure DIRECTORY CMAKE-ARGUMENT...: configure into the directory, from scratch if what is
# there was made for another place or another build tool.
configure()
{
    configure_dir=$1
    shift
    if [ -f "$configure_dir/CMakeCache.txt" ] &&
        ! { grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$configure_dir/CMakeCache.txt" &&
            grep -qxF "CMAKE_CACHEFILE_DIR:INTERNAL=$configure_dir" "$configure_dir/CMakeCache.txt" &&
            grep -qxF "CMAKE_GENERATOR:INTERNAL=Ninja" "$configure_dir/CMakeCache.txt"; }; then
        rm -rf "$configure_dir"
    fi
    (cd "$root" && cmake "$@")
}

# run_tests NAME DIRECTORY CTEST-ARGUMENT...: CTest, its results to $results/NAME.xml.
run_tests()
{
    tests_name=$1
    tests_dir=$2
    shift 2
    ctest --test-dir "$tests_dir" --output-on-failure --no-tests=error \
        --output-junit "$results/$tests_name.xml" "$@"
}

# test_totals FILE...: "N passed, N failed, N skipped" of CTest's JUnit files.  Fails if a file is
# not what CTest writes.  A test that CTest could not start counts as failed.
test_totals()
{
    awk '
        function value(name,   at, text) {
            at = index($0, name "=\"")
            if (!at)
                return ""
            text = substr($0, at + length(name) + 2)
            return substr(text, 1, index(text, "\"") - 1)
        }
        /^<testsuite / { files++ }
        /^\ttests="/ { promised += value("tests") }
        /^\t<testcase / {
            seen++
            status = value("status")
            if (status == "run")
                passed++
            else if (status == "fail")
                failed++
            else if (status == "disabled")
                skipped++
            else if (status != "notrun")
                exit bad = 1
        }
        /^\t\t<skipped message="/ {
            if (value("message") ~ /^SKIP_/)
                skipped++
            else
                failed++
        }
        END {
            if (bad || files != ARGC - 1 || seen != promised || passed + failed + skipped != seen)
                exit 1
            printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
        }
    ' "$@"
}
