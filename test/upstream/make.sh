# shellcheck shell=sh disable=SC2034,SC2154
about='GNU make: its own test suite, run with the make that is installed'
source=make-dfsg
packages='make perl gcc libc6-dev'
variants='suite'
limit=600

prepare()
{
    # What configure would have written.
    cat >tests/config-flags.pm <<'PERL'
%CONFIG_FLAGS = (AR => 'ar', CC => 'gcc', CFLAGS => '-g -O2', CPP => 'gcc -E');
1;
PERL
    # The driver empties the environment.  What puts us there has to survive that, or nothing would
    # be tested.
    sed -i "s/^  foreach (# UNIX-specific things\$/&\n           'LD_PRELOAD', grep(\/^SPAWN_TEMPLATE\/, keys %ENV),/" \
        tests/test_driver.pl
    grep -q "^           'LD_PRELOAD'" tests/test_driver.pl
}

run_variant()
{
    cd tests || return
    # One test opens files until there are none left.
    start prlimit --nofile=1024 perl run_make_tests.pl -srcdir .. -make /usr/bin/make >out.log 2>&1
    printf 'exit status %s\n' $? >"$results/suite"
    grep -E '^[a-z]+/[-a-zA-Z0-9_]+ \.\.|^(FAILED|ok) |passed\)|^[0-9]+ Tests?|^Caught' out.log \
        >>"$results/suite"
    # How what failed differs from what was expected.
    (cd work && find . -name '*.diff*' -type f | LC_ALL=C sort | xargs -r tail -n +1) \
        >"$results/differences"
}

count()
{
    grep -c 'ok  *([0-9]' suite
}
