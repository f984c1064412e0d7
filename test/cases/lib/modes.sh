# Runs a command in every mode of the preload and compares what it did.  To be sourced.
#
#   native   LD_PRELOAD is empty: the reference
#   session  the preload, with a session's index, SPAWN_TEMPLATE=auto
#   bare     the preload and no variable of ours, as any LD_PRELOAD library
#   off      the preload, with a session's index, SPAWN_TEMPLATE=off
#   image    as session, with images of everything that the command starts
#   kernel   the preload with the kernel's calls emulated, SPAWN_TEMPLATE=kernel
#   both     as image, with the kernel's calls emulated: templates of images; not by default
#
# From CMakeLists.txt: ST_CASES_BIN, ST_CASES_SRC, ST_CASES_WORK, ST_PRELOAD, ST_PRELOAD_STUB, ST_SERVICE,
# CC.
# ST_CASES_NATIVE_ONLY=1 compares the reference with itself only: for work on the tests themselves.
# ST_CASES_MODES names the modes to compare with the reference, if not all.
# shellcheck shell=sh

all_modes=${ST_CASES_MODES:-session bare off kernel image}
# Extra assignments for the command's environment, separated by newlines.
modes_environment=
# Further sed commands for what may differ, in all modes and where the kernel engine was at work.
modes_filter=
modes_kernel_filter=
modes_stdin=/dev/null
failures=0

note() {
    printf '%s\n' "$*" >&2
}

wrong() {
    note "FAIL: $*"
    failures=$((failures + 1))
}

# skip REASON: tell CTest that this machine lacks what the test needs.
skip() {
    note "skipped: $*"
    exit 77
}

# need PROGRAM...: skip the test without them.
need() {
    for need_program; do
        command -v "$need_program" >/dev/null 2>&1 || skip "no $need_program here"
    done
}

# in_libc FUNCTION...: those of them that this libc has; it has execveat() since glibc 2.34.
in_libc() {
    for in_libc_name; do
        [ "$in_libc_name" != execveat ] || grep -q '^execveat@' "${ST_NAMES_LIST:?}" || continue
        printf '%s ' "$in_libc_name"
    done
}

# modes_begin NAME: an empty directory $work that only this test uses.
modes_begin() {
    : "${ST_CASES_WORK:?}" "${ST_CASES_BIN:?}" "${ST_PRELOAD:?}" "${ST_PRELOAD_STUB:?}"
    work=$ST_CASES_WORK/$1
    rm -rf "$work"
    mkdir -p "$work/home" || exit 1
    if [ "${ST_CASES_NATIVE_ONLY:-0}" = 1 ]; then
        all_modes=again
    else
        for modes_library in "$ST_PRELOAD" "$ST_PRELOAD_STUB"; do
            [ -f "$modes_library" ] || { note "not built: $modes_library"; exit 1; }
        done
    fi
}

# modes_end: the test's exit status.
modes_end() {
    [ "$failures" -eq 0 ] || exit 1
    rm -rf "$work"
    if [ -n "${expect_kernel-}" ] && [ "${ST_CASES_NO_KERNEL:-0}" = 1 ]; then
        skip 'all modes agree, but without a mount namespace the kernel engine had nothing to do'
    fi
    exit 0
}

# mode_library MODE: what LD_PRELOAD holds in that mode.
mode_library() {
    case $1 in
    native | again) ;;
    kernel | both) printf '%s' "$ST_PRELOAD_STUB" ;;
    *) printf '%s' "$ST_PRELOAD" ;;
    esac
}

# exec_in MODE COMMAND...: become COMMAND in $work/cwd, with an environment of known content.
exec_in() {
    mode=$1
    shift
    case $mode in
    bare) ;;
    off) set -- SPAWN_TEMPLATE=off SPAWN_TEMPLATE_CACHE="$work/cache" "$@" ;;
    kernel)
        set -- SPAWN_TEMPLATE=kernel SPAWN_TEMPLATE_CACHE="$work/cache" \
            SPAWN_TEMPLATE_KERNEL_NR=472,473 "$@"
        ;;
    both)
        set -- SPAWN_TEMPLATE=auto SPAWN_TEMPLATE_CACHE="$work/cache" \
            SPAWN_TEMPLATE_KERNEL_NR=472,473 "$@"
        ;;
    *) set -- SPAWN_TEMPLATE=auto SPAWN_TEMPLATE_CACHE="$work/cache" "$@" ;;
    esac
    IFS='
'
    cd "$work/cwd" || exit 125
    # $modes_environment is one assignment a line.
    # shellcheck disable=SC2086
    exec "$ST_CASES_BIN/session" exec env -i PATH="${modes_path-/usr/local/bin:/usr/bin:/bin}" HOME="$work/home" \
        TMPDIR="$work/tmp" LC_ALL=C ST_CASES_BIN="$ST_CASES_BIN" ST_CASES_SRC="$ST_CASES_SRC" \
        CC="${CC:-cc}" LD_PRELOAD="${mode_preload-$(mode_library "$mode")}" \
        $modes_environment "$@"
}

# new_cwd: the same new directory in every mode.
new_cwd() {
    rm -rf "$work/cwd" "$work/tmp"
    mkdir "$work/cwd" "$work/tmp" || exit 1
}

# bake_for MODE COMMAND...: have what it starts baked, by running it once.  The service goes on.
bake_for() {
    new_cwd
    exec_in "$1" "$ST_CASES_BIN/session" serve "$work/cache" "$ST_SERVICE" </dev/null >/dev/null 2>&1 &
    modes_service=$!
    (exec_in "$@") <"$modes_stdin" >/dev/null 2>&1
    "$ST_CASES_BIN/session" bake "$work/cache" || exit 1
}

# in_mode MODE COMMAND...: run it, and leave $work/MODE.out, .err, .status and .counts.
in_mode() {
    mode=$1
    rm -rf "$work/cache"
    "$ST_CASES_BIN/session" create "$work/cache" || exit 1
    case $mode in
    image | both) bake_for "$@" ;;
    esac
    new_cwd
    (exec_in "$@") <"$modes_stdin" >"$work/out" 2>"$work/err"
    echo $? >"$work/$mode.status"
    case $mode in
    image | both) kill "$modes_service" 2>/dev/null ;;
    esac
    mv "$work/out" "$work/$mode.out"
    mv "$work/err" "$work/$mode.err"
    "$ST_CASES_BIN/session" counts "$work/cache" >"$work/$mode.counts" || exit 1
}

# modes_normal MODE FILE: without what is allowed to differ in MODE, and nothing else: the value of
# LD_PRELOAD, our variables, and the line for the preload in a list of loaded objects; with up to two
# words that the test has put before each line, and a terminal's line ends.
#
# One difference of the kernel engine is known: glibc's posix_spawn() leaves its two internal signals
# ignored in the child, a kernel template does not.
modes_normal() {
    modes_known=
    modes_templates=0
    case $1 in
    kernel | both) modes_templates=$(counted "$1" "$1") ;;
    esac
    if [ "$modes_templates" -gt 0 ]; then
        modes_known='/^\([a-z]*:\{0,1\} \)\{0,1\}signal 3[23]: \(default\|ignored\)\r\{0,1\}$/d
            '$modes_kernel_filter
    fi
    sed -e "s|$ST_PRELOAD_STUB|@PRELOAD@|g; s|$ST_PRELOAD|@PRELOAD@|g" \
        -e 's/LD_PRELOAD=@PRELOAD@\(:\|\r\{0,1\}$\)/LD_PRELOAD=\1/' \
        -e '/^\([a-z]*:\{0,1\} \)\{0,1\}object: @PRELOAD@\r\{0,1\}$/d' \
        -e '/^\([a-z]*:\{0,1\} \)\{0,2\}SPAWN_TEMPLATE\(_[A-Z_]*\)\{0,1\}=/d' \
        -e "$modes_known" -e "$modes_filter" "$2"
}

# same_as_native MODE: stdout, stderr and exit status.
same_as_native() {
    for same_part in out err status; do
        modes_normal "$1" "$work/native.$same_part" >"$work/native.$same_part.normal"
        modes_normal "$1" "$work/$1.$same_part" >"$work/$1.$same_part.normal"
        if ! diff -u "$work/native.$same_part.normal" "$work/$1.$same_part.normal" >&2; then
            wrong "mode $1: $same_part differs from native"
        fi
    done
}

# has_mode MODE: whether it is one of those compared.
has_mode() {
    case " $all_modes " in
    *" $1 "*) return 0 ;;
    *) return 1 ;;
    esac
}

# counted MODE WHAT: a number from the index after a run in MODE.
counted() {
    sed -n "s/^$2 //p" "$work/$1.counts"
}

# compare_modes COMMAND...: run in every mode; $expect_status is what all have to end with.  A
# session that has counted nothing was not under the preload, and the comparison is worth nothing.
compare_modes() {
    in_mode native "$@"
    if [ "$(cat "$work/native.status")" != "${expect_status:-0}" ]; then
        wrong "native exit status is $(cat "$work/native.status")"
        cat "$work/native.out" "$work/native.err" >&2
    fi
    [ -z "${expect_output-yes}" ] || [ -s "$work/native.out" ] || wrong 'no output to compare'
    for compare_mode in $all_modes; do
        in_mode "$compare_mode" "$@"
        same_as_native "$compare_mode"
        case $compare_mode in
        session | kernel)
            [ "$(counted "$compare_mode" total)" -ge "${expect_starts:-1}" ] ||
                wrong "mode $compare_mode: $(counted "$compare_mode" total) starts counted"
            ;;
        esac
    done
    if has_mode image && [ -n "${expect_image-}" ]; then
        [ "$(counted image image)" -ge "$expect_image" ] ||
            wrong "the image engine started $(counted image image) programs"
    fi
    [ -z "${expect_kernel-}" ] || [ "${ST_CASES_NO_KERNEL:-0}" = 1 ] ||
        for compare_mode in kernel both; do
            ! has_mode $compare_mode ||
                [ "$(counted $compare_mode $compare_mode)" -ge "$expect_kernel" ] ||
                wrong "mode $compare_mode: $(counted $compare_mode $compare_mode) starts from templates"
        done
}
