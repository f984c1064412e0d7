# together.sh TOOL: the preload beside other libraries that are preloaded, before and behind them,
# and under tools that watch a process.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"

tool=$1
modes_begin "hygiene.with_$tool"
show=$ST_CASES_BIN/show
launch=$ST_CASES_BIN/launch
expect_starts=1

# first_of FILE...: the first that exists.
first_of() {
    for first_file; do
        [ -e "$first_file" ] && echo "$first_file" && return
    done
    skip "no $tool here"
}

# beside LIBRARY COMMAND...: with the library in front of the preload, and behind it.  The paths are
# replaced so that the lists are equal to that of the reference.
beside() {
    beside_library=$1
    shift
    modes_filter="s|LD_PRELOAD=.*|LD_PRELOAD=@LIST@|"
    for beside_order in before behind; do
        mode_preload=$beside_library
        in_mode native "$@"
        for beside_mode in $all_modes; do
            case $beside_order in
            before) mode_preload=$beside_library:$(mode_library "$beside_mode") ;;
            behind) mode_preload=$(mode_library "$beside_mode"):$beside_library ;;
            esac
            in_mode "$beside_mode" "$@"
            same_as_native "$beside_mode"
        done
    done
    unset mode_preload
}

# The commands run by a shell in which everything is started in several ways.
many='date -u +%Y; '"$launch vfork /bin/date -u +%Y; $launch posix_spawn /bin/date -u +%Y"';
    (exec date -u +%Y); date -u +%Y | cat; sh -c "exec date -u +%Y"'

# left_to_libc: the kernel engine has nothing to do with a process that is being traced.
left_to_libc() {
    [ "${ST_CASES_NATIVE_ONLY:-0}" = 1 ] || ! has_mode kernel ||
        [ "$(counted kernel 'fallback traced')" -ge 1 ] || wrong 'mode kernel: not counted as traced'
}

case $tool in
fakeroot)
    need fakeroot
    # The second shell has the libraries in the other order.
    owner='touch f; chown 7:8 f; stat -c "%u:%g" f; id -u; '"$launch"' vfork /usr/bin/stat -c %u:%g f;
        mkdir d; chown 9 d; (cd d && touch g && chgrp 10 g); find . -printf "%p %U:%G\n" | sort'
    compare_modes fakeroot sh -c "$owner"
    # shellcheck disable=SC2016
    compare_modes fakeroot sh -c 'first=${LD_PRELOAD%%[: ]*} rest=${LD_PRELOAD#*[: ]}
        case $LD_PRELOAD in *[:\ ]?*) LD_PRELOAD=$rest:$first ;; esac; '"$owner"
    compare_modes sh -c "fakeroot -s state sh -c 'touch f; chown 11:12 f'; stat -c %u:%g f;
        fakeroot -i state stat -c %u:%g f"
    ;;
faketime)
    library=$(first_of /usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 \
        /usr/lib64/faketime/libfaketime.so.1) || exit
    # A clock that stands still: without "@", and with -f.  Its shared memory is named after a
    # process number, and that of a killed process stays behind for the next one of that number.
    export FAKETIME_DISABLE_SHM=1
    modes_environment="FAKETIME=2001-02-03 04:05:06"
    beside "$library" sh -c "$many"
    modes_environment=
    need faketime
    # faketime(1) makes its shared memory all the same, and fails where it finds an old one.
    for shared in /dev/shm/faketime_shm_* /dev/shm/sem.faketime_sem_*; do
        [ ! -O "$shared" ] || [ -e "/proc/${shared##*_}" ] || rm -f "$shared"
    done
    compare_modes faketime -f '1999-12-31 12:00:00' sh -c "$many"
    ;;
eatmydata)
    library=$(first_of /usr/lib/x86_64-linux-gnu/libeatmydata.so \
        /usr/lib64/libeatmydata.so) || exit
    beside "$library" sh -c 'dd if=/dev/zero of=f bs=1k count=10 conv=fsync 2>/dev/null; wc -c f;
        sync f; echo $?; sh -c "sync f"; env | grep -c LD_PRELOAD'
    if command -v eatmydata >/dev/null; then
        compare_modes eatmydata sh -c 'sync; echo $?; sh -c "sync; echo \$?"'
    fi
    ;;
jemalloc)
    library=$(first_of /usr/lib/x86_64-linux-gnu/libjemalloc.so.2 /usr/lib64/libjemalloc.so.2) || exit
    beside "$library" sh -c "$many"
    ;;
valgrind)
    need valgrind
    # Any error that it finds in the caller is an error of ours: natively there is none.  Before some
    # version after 3.16 it does not know faccessat2(2), which the kernel engine calls, and says so.
    modes_filter='/^--[0-9]*-- WARNING: unhandled amd64-linux syscall: 439$/d
        /^--[0-9]*-- You may be able to write your own handler\.$/d
        /^--[0-9]*-- Read the file README_MISSING_SYSCALL_OR_IOCTL\.$/d
        /^--[0-9]*-- Nevertheless we consider this a bug\.  Please report$/d
        /^--[0-9]*-- it at http:\/\/valgrind\.org\/support\/bug_reports\.html\.$/d'
    for mechanism in posix_spawn posix_spawnp vfork execve execvp system popen; do
        compare_modes valgrind -q --error-exitcode=99 "$launch" "$mechanism" "$show" one
    done
    ;;
strace)
    need strace
    strace -o /dev/null true 2>/dev/null || skip 'strace may not trace here'
    compare_modes strace -f -o trace sh -c "$many"
    left_to_libc
    ;;
gdb)
    need gdb
    gdb -nx -batch -ex run --args true >/dev/null 2>&1 || skip 'gdb cannot run a program here'
    modes_filter='/^started\|^argument\|exited/!d; s/(process [0-9]*)/(process)/'
    compare_modes gdb -nx -batch -ex run --args "$launch" posix_spawn "$show" one
    left_to_libc
    ;;
*)
    note "unknown tool: $tool"
    exit 2
    ;;
esac
modes_end
