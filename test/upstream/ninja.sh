# shellcheck shell=sh disable=SC2034,SC2154
about='ninja: all its own tests, and those of what it writes to pipes and terminals'
source=ninja-build
packages='g++ cmake ninja-build python3'
variants='tests output'
limit=300

prepare()
{
    cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release &&
        cmake --build build -j "$jobs" --target ninja ninja_test &&
        ln -s build/ninja ninja
}

run_variant()
{
    case $1 in
        tests)
            start build/ninja_test >out.log 2>&1
            printf 'exit status %s\n' $? >"$results/status"
            # A failure stands behind the name of its test.
            awk '
                function done() { if (name != "") print name ": " result }
                /^\[[0-9]+\/[0-9]+\] / { done(); name = $2; result = "ok" }
                /Failure in / { result = "failed" }
                END { done() }
            ' out.log >"$results/tests"
            ;;
        output)
            start /usr/bin/python3 misc/output_test.py -v >out.log 2>&1
            printf 'exit status %s\n' $? >"$results/status"
            sed -n -E 's/^(test_[a-z_0-9]+ \(.*\).*) \.\.\. (ok|FAIL|ERROR|skipped.*)$/\1: \2/p' \
                out.log >"$results/tests"
            ;;
    esac
}

count()
{
    wc -l <tests
}

passed()
{
    grep -c ': ok$' tests
}
