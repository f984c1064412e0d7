# A configure script: hundreds of starts of small programs, and everything it finds out.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin real.configure
expect_starts=100
for shell in sh bash; do
    need "$shell"
    compare_modes "$shell" -c "'$shell' '$ST_CASES_SRC/real/configure' --prefix=/opt CC='$CC' &&
        cat config.h config.status config.log && ls"
done
modes_end
