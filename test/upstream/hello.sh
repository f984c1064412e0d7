# shellcheck shell=sh disable=SC2034,SC2154
about='GNU hello: configure, make, make check; thousands of starts by a shell script'
source=hello
packages='gcc libc6-dev binutils make'
variants='bash dash'
limit=600

# What says when and where it ran, not what was found.
timeless()
{
    sed -E -e '/^(uptime|hostname|uname|\/usr\/bin\/uname|\/bin\/uname)/d' \
        -e 's/conf[0-9]+/confPID/g' -e 's/\.?\/?conf[a-zA-Z0-9]{6}\b/confTMP/g' \
        -e 's/cc[a-zA-Z0-9]{6}\.(o|s|ld|res|le|c)/ccTMP.\1/g'
}

run_variant()
{
    {
        CONFIG_SHELL=/bin/$1 start "/bin/$1" ./configure &&
            start make -j"$jobs" &&
            CONFIG_SHELL=/bin/$1 start make check
    } >out.log 2>&1 || {
        cat out.log
        return 1
    }
    grep -E '^(checking|config\.status: (creating|executing))' out.log >"$results/checks"
    grep -E '^(PASS|FAIL|SKIP|XFAIL|ERROR|# )' out.log >"$results/tests"
    timeless <config.log >"$results/config.log"
    cp config.h config.status Makefile "$results"
    find . -name '*.o' -o -name '*.a' -o -name hello -type f | LC_ALL=C sort |
        xargs sha256sum >"$results/sha256"
    ./hello --version >"$results/hello" 2>&1
}

count()
{
    cat checks sha256 tests | wc -l
}
