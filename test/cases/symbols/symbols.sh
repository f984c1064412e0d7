# The preload as a file: what it exports, what it wants, and how little of it there is.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin symbols
[ "$all_modes" != again ] || skip 'only with the preload'
need readelf nm
library=$ST_PRELOAD
LC_ALL=C
export LC_ALL

# symbols FILE: the functions it defines, as name@@version or name@version.
symbols() {
    nm -D --defined-only --with-symbol-versions "$1" | awk '$2 != "A" { print $3 }' | sort
}

# dynamic TAG...: the entries of these kinds.
dynamic() {
    for dynamic_tag; do
        readelf -dW "$library" | grep "($dynamic_tag)"
    done
}

# none WHAT COMMAND...: COMMAND prints nothing.
none() {
    none_what=$1
    shift
    none_found=$("$@")
    [ -z "$none_found" ] || wrong "$none_what: $none_found"
}

# at_most LIMIT WHAT NUMBER
at_most() {
    [ "$3" -le "$1" ] || wrong "$2: $3, more than $1"
}

# Exactly the generated list.
sort "${ST_NAMES_LIST:?}" >"$work/listed"
symbols "$library" >"$work/exported"
[ -s "$work/listed" ] || wrong 'the list of names is empty'
diff -u "$work/listed" "$work/exported" >&2 || wrong 'it exports other names than those listed'

# Nothing that this libc lacks, and no older or newer version of a name left out.
libc=$(ldd "$(command -v env)" | sed -n 's/.*libc\.so\.6 => \([^ ]*\) .*/\1/p')
symbols "$libc" >"$work/libc"
sed 's/@.*//' "$work/listed" | sort -u >"$work/names"
awk -F@ 'NR == FNR { names[$1] = 1; next } $1 in names' "$work/names" "$work/libc" >"$work/siblings"
diff -u "$work/siblings" "$work/exported" >&2 || wrong "these are not $libc's versions of the names"

# It needs no library, and no symbol that may be missing.
none 'needed libraries' dynamic NEEDED
none 'run path' dynamic RPATH RUNPATH
none 'strong undefined symbols' sh -c "nm -D --undefined-only '$library' | grep -v ' w '"

# The dynamic linker has almost nothing to do, and does it all before the program begins.
none 'text relocations' dynamic TEXTREL
none 'lazily bound functions' dynamic JMPREL PLTRELSZ
none 'constructors and destructors' dynamic INIT FINI INIT_ARRAY FINI_ARRAY PREINIT_ARRAY
dynamic FLAGS_1 | grep -q NOW || wrong 'not linked with -z now'
at_most 8 relocations "$(readelf -rW "$library" | grep -c R_X86_64)"
none 'indirect functions' sh -c "readelf -rW '$library' | grep IRELATIVE"
none 'thread-local storage' sh -c "readelf -lW '$library' | grep ' TLS '"

# Two segments are two mappings; none writable and executable, no executable stack.
readelf -lW "$library" >"$work/headers"
[ "$(grep -c '^ *LOAD ' "$work/headers")" = 2 ] || wrong 'not two segments'
none 'writable and executable segments' grep -E '^ *(LOAD|GNU_STACK) .* RWE ' "$work/headers"
grep -q '^ *GNU_STACK .* RW ' "$work/headers" || wrong 'no word on the stack'

# Unwinding from a cancelled system() goes through it.
readelf -SW "$library" | grep -q ' \.eh_frame ' || wrong 'no unwind information'

# size(1): code with read-only data, data, zeroed data.
# shellcheck disable=SC2046
set -- $(size "$library" | tail -n 1)
# gcc 14 makes more than gcc 12.
at_most 57344 'bytes of code' "$1"
at_most 2048 'bytes of data' "$2"
at_most 2048 'bytes of zeroed data' "$3"
modes_end
