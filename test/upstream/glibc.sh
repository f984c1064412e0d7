# shellcheck shell=sh disable=SC2034,SC2154
about='glibc: its tests of posix_spawn, exec, vfork, fork, wait, system and popen, against its own libc'
source=glibc
packages='gcc libc6-dev'
variants='tests'
limit=120

# glibc itself is not built: the tests and their support library need some of its headers only.
prepare()
{
    mkdir -p alone/include alone/lib alone/bin &&
        ln -s ../../support ../../malloc ../../posix ../../nptl ../../test-skeleton.c alone/include &&
        for header in intprops array_length scratch_buffer libc-pointer-arith; do
            ln -s "../../include/$header.h" alone/include || return
        done &&
        ln -s ../../sysdeps/x86_64/stackinfo.h \
            ../../sysdeps/unix/sysv/linux/arch-fd_to_filename.h alone/include
    # What a program of before glibc 2.15 would have asked the linker for.
    printf '#define compat_symbol_reference(lib, local, name, version) %s\n' \
        '__asm__(".symver " #local "," #name "@GLIBC_2.2.5")' >alone/include/shlib-compat.h
    : >alone/include/config.h
    : >alone/include/libc-config.h
    routines=$(sed -n '/^libsupport-routines = /,/^$/p' support/Makefile | tr -d '\\' | sed 1d)
    # Some few of the routines do need more, and no test here needs them.
    printf '%s\n' $routines |
        xargs -P "$jobs" -I{} sh -c "$(compile) -c support/{}.c -o alone/lib/{}.o 2>/dev/null || true"
    for file in scratch_buffer_grow scratch_buffer_grow_preserve scratch_buffer_set_array_size \
        dynarray_at_failure dynarray_emplace_enlarge dynarray_finalize dynarray_resize; do
        sh -c "$(compile) -c malloc/$file.c -o alone/lib/$file.o" || return
    done
    rm -f alone/libsupport.a
    ar rcs alone/libsupport.a alone/lib/*.o || return
    tests_of_glibc | xargs -P "$jobs" -I{} sh -c "n=\$(basename {} .c)
        $(compile) {} alone/libsupport.a -lrt -o alone/bin/\$n || echo \"not built: {}\""
}

compile()
{
    printf '%s' 'gcc -std=gnu11 -O2 -g -D_GNU_SOURCE -D_ISOMAC -DTIMEOUTFACTOR=10 -w -Imalloc' \
        ' "-Dlibc_hidden_proto(x)=" "-Dlibc_hidden_def(x)=" "-D__set_errno(e)=(errno = (e))"' \
        ' -include limits.h -pthread'
    for path in SRCDIR OBJDIR OBJDIR_ELF_LDSO INSTDIR LIBDIR BINDIR SBINDIR SLIBDIR ROOTSBINDIR \
        COMPLOCALEDIR SYSCONFDIR; do
        printf ' "-D%s_PATH=\\"/nonexistent\\""' $path
    done
    printf ' "-DOBJPFX=\"./\"" -Ialone/include -Isupport'
}

tests_of_glibc()
{
    for test in posix/tst-spawn*.c posix/tst-posix_spawn*.c posix/tst-exec*.c posix/tst-vfork*.c \
        posix/tst-wait*.c posix/tst-fork*.c nptl/tst-exec*.c nptl/tst-*fork*.c \
        sysdeps/pthread/tst-*fork*.c sysdeps/pthread/tst-*popen*.c sysdeps/pthread/tst-*system*.c \
        sysdeps/unix/sysv/linux/tst-pidfd.c stdio-common/tst-popen*.c libio/tst-popen*.c \
        stdlib/tst-system*.c; do
        case $test in
            *\**) ;;
            # These link libc statically, are read by others, or test the stack's permissions.
            *-static.c | *skeleton.c | *mod.c | *mod[0-9].c | *time64.c | *execstack*) ;;
            *) printf '%s\n' "$test"
        esac
    done
}

run_variant()
{
    for test in alone/bin/*; do
        name=$(basename "$test")
        # What the makefiles give them.
        case $name in
            tst-exec | tst-execvpe5 | tst-spawn | tst-spawn5 | tst-spawn6) set -- -- "$PWD/$test" ;;
            tst-vfork3 | tst-execvp3) set -- --test-dir="$PWD/" ;;
            *) set -- ;;
        esac
        start "$test" "$@" >"$name.log" 2>&1
        printf '%s: %s\n' "$name" $? >>"$results/tests"
        # Numbers of processes and times are no results.
        sed -E -e 's/[0-9]{2,}/N/g' "$name.log" >"$results/$name.out"
    done
}

count()
{
    wc -l <tests
}

passed()
{
    grep -c ': 0$' tests
}
