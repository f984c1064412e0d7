# fresh.sh GROUP: whatever is changed after an image was baked, a start gives what it gives natively
# at that moment, and does so without the image.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin "image.fresh_$1"
# shellcheck source=image.sh
. "$ST_CASES_SRC/image/image.sh"
[ "$all_modes" != again ] || skip 'only with the preload'

dir=$work/dir
program=$dir/program

library() {
    image_compile "$1" fresh.c -shared -fPIC -DLIBRARY "-DWORD=\"$2\""
}

# A program in $dir that finds libword.so in early/ or late/; it is in late/.
prepare() {
    rm -rf "$dir"
    mkdir -p "$dir/early" "$dir/late"
    library "$dir/late/libword.so" one
    image_compile "$program" fresh.c -DVERSION='"first"' "-L$dir/late" -lword \
        "-Wl,-rpath,$dir/early:$dir/late"
}

# A library, and a program, that differ from those of prepare() in nothing but a word.
library "$work/two.so" two
prepare
image_compile "$work/second" fresh.c -DVERSION='"other"' "-L$dir/late" -lword \
    "-Wl,-rpath,$dir/early:$dir/late"

check_now() {
    image_check "$1" native "$program" a
    grep -q "$2" "$work/image.out" || wrong "$1: no '$2' in the output"
}

case $1 in
library)
    image_session
    prepare
    image_bake "$program" a
    cp "$work/two.so" "$dir/new"
    mv "$dir/new" "$dir/late/libword.so"
    check_now 'a library was renamed over' two

    prepare
    image_bake "$program" a
    cat "$work/two.so" >"$dir/late/libword.so"
    check_now 'a library was changed in place' two

    prepare
    touch -d 2001-01-01 "$dir/late/libword.so" "$work/two.so"
    image_bake "$program" a
    cat "$work/two.so" >"$dir/late/libword.so"
    touch -d 2001-01-01 "$dir/late/libword.so"
    check_now 'size and mtime are the same' two

    prepare
    touch -d 2038-01-01 "$dir/late/libword.so"
    image_bake "$program" a
    cp "$work/two.so" "$dir/new"
    touch -d 2038-01-01 "$dir/new"
    mv "$dir/new" "$dir/late/libword.so"
    check_now 'time runs backwards' two

    prepare
    mv "$dir/late/libword.so" "$dir/late/libword.so.1"
    cp "$work/two.so" "$dir/late/libword.so.2"
    ln -s libword.so.1 "$dir/late/libword.so"
    image_bake "$program" a
    ln -s libword.so.2 "$dir/new"
    mv -T "$dir/new" "$dir/late/libword.so"
    check_now 'a link to a library was switched' two
    ln -s libword.so.1 "$dir/new"
    mv -T "$dir/new" "$dir/late/libword.so"
    image_check 'the link was switched back' either "$program" a

    prepare
    mv "$dir/late" "$dir/late1"
    mkdir "$dir/late2"
    cp "$work/two.so" "$dir/late2/libword.so"
    ln -s late1 "$dir/late"
    image_bake "$program" a
    ln -sfn late2 "$dir/late"
    check_now 'a link to a directory was switched' two

    prepare
    image_bake "$program" a
    cp "$work/two.so" "$dir/early/libword.so"
    check_now 'a library appeared where it is looked for first' two
    rm "$dir/early/libword.so"
    image_check 'it is gone again' either "$program" a
    mkdir -p "$dir/early/glibc-hwcaps/x86-64-v2"
    cp "$work/two.so" "$dir/early/glibc-hwcaps/x86-64-v2/libword.so"
    image_run native "$program" a
    if grep -q two "$work/native.out"; then
        check_now 'a library for this processor appeared' two
    fi

    prepare
    image_bake "$program" a
    rm "$dir/late/libword.so"
    image_check 'a library was removed' '' "$program" a
    grep -q 'cannot open shared object file' "$work/image.err" || wrong 'no word of the missing library'
    ;;
target)
    image_session
    prepare
    image_bake "$program" a
    cp "$work/second" "$dir/new"
    mv "$dir/new" "$program"
    check_now 'the program was renamed over' other

    prepare
    touch -d 2001-01-01 "$program"
    image_bake "$program" a
    cat "$work/second" >"$program"
    touch -d 2001-01-01 "$program"
    check_now 'the program was changed in place, with its size and mtime' other

    prepare
    cp "$work/second" "$dir/second"
    ln -s program "$dir/link"
    image_bake "$dir/link" a
    ln -sf second "$dir/link"
    image_check 'a link to the program was switched' native "$dir/link" a
    grep -q other "$work/image.out" || wrong 'a link to the program was switched'
    image_bake "$dir/link" a
    ln -sf program "$dir/link"
    image_check 'the link was switched back' either "$dir/link" a
    grep -q first "$work/image.out" || wrong 'the link was switched back'

    prepare
    image_bake "$program" a
    chmod u+s "$program"
    check_now 'it is set-user-id now' first
    image_start "$program" a
    "$ST_CASES_BIN/session" bake "$work/cache"
    check_now 'a set-user-id program has no image' first
    "$ST_CASES_BIN/session" counts "$work/cache" | grep -q '^fallback setid ' ||
        wrong 'set-user-id is not the reason'
    chmod u-s,g+s "$program"
    check_now 'it is set-group-id now' first

    prepare
    image_bake "$program" a
    if command -v setcap >/dev/null && setcap cap_net_raw+ep "$program" 2>/dev/null; then
        check_now 'it has capabilities now' first
        "$ST_CASES_BIN/session" bake "$work/cache"
        check_now 'a program with capabilities has no image' first
    else
        note 'capabilities of files cannot be set here'
    fi

    prepare
    image_bake "$program" a
    chmod a-x "$program"
    image_run native "$ST_CASES_BIN/launch" posix_spawn "$program" a
    image_start "$program" a
    cmp "$work/native.err" "$work/image.err" || wrong 'a program that may not be executed any more'
    chmod a+x "$program"
    rm "$program"
    image_run native "$ST_CASES_BIN/launch" posix_spawn "$program" a
    image_start "$program" a
    cmp "$work/native.err" "$work/image.err" || wrong 'a program that is gone'
    ;;
variables)
    image_session
    prepare
    mkdir "$dir/two"
    cp "$work/two.so" "$dir/two/libword.so"
    image_compile "$dir/path" fresh.c -DVERSION='"by path"' "-L$dir/late" -lword
    program=$dir/program
    image_bake "$program" a
    # variable ASSIGNMENT...: the program is started with these; also by a vfork child's execve().
    variable() {
        variable_count=$(image_counted 'fallback environment')
        image_expect "with $*" native env "$@" "$program" a
        [ "$(image_counted 'fallback environment')" -gt "${variable_count:-0}" ] ||
            wrong "with $*: the environment is not the reason"
    }
    variable "LD_PRELOAD=$ST_PRELOAD:$dir/two/libword.so"
    variable "LD_PRELOAD=$dir/two/libword.so:$ST_PRELOAD"
    variable "LD_PRELOAD=$dir/two/libword.so"
    variable "LD_PRELOAD="
    variable "LD_LIBRARY_PATH=$dir/two"
    variable LD_BIND_NOT=1
    variable LD_BIND_NOW=1
    variable LD_WARN=1
    variable MALLOC_PERTURB_=5
    variable MALLOC_ARENA_MAX=1
    variable GLIBC_TUNABLES=glibc.malloc.perturb=1
    image_run image env LD_TRACE_LOADED_OBJECTS=1 "$program"
    grep -q 'libword.so => ' "$work/image.out" || wrong 'LD_TRACE_LOADED_OBJECTS shows nothing'
    [ ! -s "$work/image.tell" ] || wrong 'LD_TRACE_LOADED_OBJECTS: the program was run'
    # Without the addresses, and a library that natively is not there.
    modes_filter='/@PRELOAD@ (/d; s/0x[0-9a-f]*/@/'
    image_run native ldd "$program"
    image_run image ldd "$program"
    modes_normal native "$work/native.out" >"$work/native.normal"
    modes_normal image "$work/image.out" >"$work/image.normal"
    diff -u "$work/native.normal" "$work/image.normal" >&2 || wrong 'ldd shows something else'
    modes_filter=
    image_run native env LD_SHOW_AUXV=1 "$program" a
    image_run image env LD_SHOW_AUXV=1 "$program" a
    [ "$(grep -c '^AT_' "$work/native.out")" -gt 10 ] || wrong 'no auxiliary vector natively'
    [ "$(grep -c '^AT_' "$work/native.out")" = "$(grep -c '^AT_' "$work/image.out")" ] ||
        wrong 'LD_SHOW_AUXV shows something else'
    image_run image env LD_DEBUG=libs "$program" a
    grep -q 'find library=libword.so' "$work/image.err" || wrong 'LD_DEBUG shows nothing'
    # profile WHERE: for ld.so to write a profile of libc there.
    profile() {
        rm -rf "$work/profile"
        mkdir "$work/profile"
        image_run "$1" env LD_PROFILE=libc.so.6 "LD_PROFILE_OUTPUT=$work/profile" "$program" a
        ls "$work/profile" >"$work/$1.profile"
    }
    profile native
    profile image
    grep -q . "$work/native.profile" || note 'natively no profile is written'
    diff -u "$work/native.profile" "$work/image.profile" >&2 || wrong 'LD_PROFILE writes something else'
    diff -u "$work/native.out" "$work/image.out" >&2 || wrong 'LD_PROFILE: another output'
    variable LD_PROFILE=libc.so.6 "LD_PROFILE_OUTPUT=$work/profile"
    image_check 'with none of them' image "$program" a

    # A session whose own environment has them.
    mkdir "$work/profile.session"
    modes_environment="LD_PROFILE=libc.so.6
LD_PROFILE_OUTPUT=$work/profile.session"
    image_session
    image_start "$program" a
    "$ST_CASES_BIN/session" bake "$work/cache" || exit 1
    image_check 'a session with LD_PROFILE' native "$program" a
    modes_environment="LD_LIBRARY_PATH=$dir/early:$dir/late"
    image_session
    image_bake "$dir/path" a
    cp "$work/two.so" "$dir/early/libword.so"
    image_check 'a library appeared in LD_LIBRARY_PATH' native "$dir/path" a
    grep -q two "$work/image.out" || wrong 'the old library is used'
    image_expect 'LD_LIBRARY_PATH was changed' native env "LD_LIBRARY_PATH=$dir/late" "$dir/path" a
    image_run image env -u LD_LIBRARY_PATH "$dir/path" a
    grep -q 'libword.so: cannot open' "$work/image.err" || wrong 'LD_LIBRARY_PATH was unset'
    ;;
system)
    [ "${ST_CASES_NO_KERNEL:-0}$(id -u)" = 00 ] || skip 'not in a namespace of its own'
    # This /etc is the test's own.
    cp -a /etc "$work/etc" && mount --bind "$work/etc" /etc || skip 'nothing can be mounted here'
    # The loader of a program is what its file says.
    loader=$(sed -n 's/.*\[Requesting program interpreter: \(.*\)\]/\1/p' <<END
$(readelf -l "$ST_CASES_BIN/show")
END
    )
    prepare
    mkdir "$dir/loader"
    own_loader=$dir/loader/${loader##*/}
    cp "$loader" "$own_loader"
    prepare_loader() {
        image_compile "$dir/program" fresh.c -DVERSION='"own loader"' "-L$dir/late" -lword \
            "-Wl,-rpath,$dir/early:$dir/late" "-Wl,--dynamic-linker=$own_loader"
    }
    prepare_loader
    image_session
    image_bake "$program" a
    cp "$loader" "$dir/new"
    mv "$dir/new" "$own_loader"
    check_now 'the loader was replaced' 'own loader'

    # One that is found by the cache only.
    mkdir "$work/cached1" "$work/cached2"
    image_compile "$work/cached1/libcached.so" fresh.c -shared -fPIC -DLIBRARY '-DWORD="one"' \
        -Wl,-soname,libcached.so
    image_compile "$work/cached2/libcached.so" fresh.c -shared -fPIC -DLIBRARY '-DWORD="two"' \
        -Wl,-soname,libcached.so
    image_compile "$program" fresh.c -DVERSION='"cached"' "-L$work/cached1" -lcached
    echo "$work/cached1" >/etc/ld.so.conf.d/000-test.conf
    ldconfig || skip 'ldconfig does not work here'
    image_bake "$program" a
    echo "$work/cached2" >/etc/ld.so.conf.d/000-test.conf
    ldconfig
    check_now '/etc/ld.so.cache was changed' two

    prepare
    image_bake "$program" a
    echo "$work/two.so" >/etc/ld.so.preload
    check_now '/etc/ld.so.preload appeared' two
    rm /etc/ld.so.preload
    image_check '/etc/ld.so.preload is gone' either "$program" a
    umount /etc
    ;;
esac
image_session_end
modes_end
