# nproc.sh: a user who may have no further process gets the errors that libc gives, and nothing is
# left of the attempts.  The limit is not for root, who starts this as somebody else, in a directory
# of theirs: nproc.sh DIRECTORY.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"

# prepare: the program that is started, in $dir.
prepare() {
    image_compile "$dir/libword.so" fresh.c -shared -fPIC -DLIBRARY '-DWORD="word"'
    image_compile "$dir/program" fresh.c -DVERSION='"program"' "-L$dir" -lword "-Wl,-rpath,$dir"
}

# as_somebody COMMAND...: for a user that nobody else is.
somebody=$((40000 + $$ % 20000))
as_somebody() {
    setpriv --reuid="$somebody" --regid="$somebody" --clear-groups "$@"
}

# become_somebody: run this as that user, with copies that everybody may read.
become_somebody() {
    dir=$(mktemp -d /tmp/spawn-template-nproc.XXXXXX) || exit 1
    trap 'rm -rf "$dir"' EXIT
    prepare
    mkdir "$dir/bin" "$dir/work"
    cp -R "$ST_CASES_SRC" "$dir/cases"
    for somebody_file in "$ST_PRELOAD" "$ST_PRELOAD_STUB" "$ST_SERVICE" "$ST_CASES_BIN/session" \
        "$ST_CASES_BIN/launch" "$ST_CASES_BIN/nproc"; do
        cp "$somebody_file" "$dir/bin/"
    done
    chmod -R a+rX "$dir"
    chown "$somebody" "$dir/work"
    ST_CASES_SRC=$dir/cases ST_CASES_BIN=$dir/bin ST_CASES_WORK=$dir/work \
        ST_PRELOAD=$dir/bin/${ST_PRELOAD##*/} ST_PRELOAD_STUB=$dir/bin/${ST_PRELOAD_STUB##*/} \
        ST_SERVICE=$dir/bin/${ST_SERVICE##*/} \
        as_somebody sh "$dir/cases/image/nproc.sh" "$dir"
    exit $?
}

modes_begin image.nproc
# shellcheck source=image.sh
. "$ST_CASES_SRC/image/image.sh"
[ "$all_modes" != again ] || skip 'only with the preload'
dir=${1-}
if [ "$(id -u)" = 0 ]; then
    need setpriv
    # In a user namespace root may be somebody already, and unable to become anybody else.
    ! as_somebody true 2>/dev/null || become_somebody
fi
[ -n "$dir" ] || { dir=$work; prepare; }

image_session
image_bake "$dir/program" argument
image_expect 'no further process' image "$ST_CASES_BIN/nproc" "$dir/program" ${1:+alone}
[ "$(cat "$work/native.status")" = 0 ] || wrong "natively $(cat "$work/native.err")"
# glibc 2.31 says EPERM, whatever it was.
grep -q '^posix_spawn: \(EAGAIN\|EPERM\), pid -7$' "$work/native.out" || wrong 'the limit was not reached'
[ "$(grep -c . "$work/image.tell")" = "$(grep -c . "$work/native.tell")" ] ||
    wrong 'another number of starts'
grep -q native "$work/image.tell" && wrong 'some starts were not from the image'
note "$(grep -c image "$work/image.tell") starts from the image"
image_session_end
modes_end
