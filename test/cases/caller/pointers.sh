# Bad pointers, for programs of the kinds that the preload tells apart.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin caller.pointers

printf '#!/bin/sh\nexit 7\n' >"$work/script"
printf 'neither' >"$work/garbage"
printf 'extern int main(int c, char **v); int main(int c, char **v) { return c > 1 ? 6 : v == 0; }' \
    >"$work/program.c"
chmod 0555 "$work/script" "$work/garbage"
set -- "$ST_CASES_BIN/show" "$work/script" "$work/garbage"
# These are not for this preload, whose environment it has to rewrite for them.
if "$CC" -m32 -o "$work/elf32" "$work/program.c" 2>/dev/null; then
    set -- "$@" "$work/elf32"
fi
if musl-gcc -o "$work/musl" "$work/program.c" 2>/dev/null; then
    set -- "$@" "$work/musl"
fi
compare_modes "$ST_CASES_BIN/pointers" "$@"
modes_end
