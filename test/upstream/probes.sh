# shellcheck shell=sh disable=SC2034,SC2154
about='What configure finds: all that autoconf has of functions, and GNU make, libuv and skalibs'
source=skalibs
packages='autoconf automake autopoint gettext libtool pkg-config gcc libc6-dev make'
variants='autoconf make libuv skalibs'
limit=600

# The other sources go into directories beside skalibs' own.
prepare()
{
    fetch_source make-dfsg probe-make && (cd probe-make && autoreconf -f -i) &&
        fetch_source libuv1 probe-libuv && (cd probe-libuv && sh autogen.sh) &&
        mkdir probe-autoconf && (cd probe-autoconf && write_configure >configure.ac && autoreconf -f -i)
}

# All AC_FUNC_... that autoconf has and that need no source of the package, and the functions that start programs and wait for them.
write_configure()
{
    printf 'AC_INIT([probes], [1])\nAC_CONFIG_HEADERS([config.h])\nAC_PROG_CC\nAC_USE_SYSTEM_EXTENSIONS\n'
    sed -n 's/^AC_DEFUN(\[\(AC_FUNC_[A-Z0-9_]*\)\].*/\1/p' /usr/share/autoconf/autoconf/functions.m4 |
        grep -v -x -e AC_FUNC_GETLOADAVG -e AC_FUNC_SETVBUF_REVERSED -e AC_FUNC_WAIT3 | LC_ALL=C sort -u
    printf 'AC_CHECK_FUNCS([%s])\nAC_OUTPUT\n' "posix_spawn posix_spawnp pidfd_spawn pidfd_spawnp
        execl execle execlp execv execve execvp execvpe execveat fexecve system popen pclose
        posix_spawn_file_actions_addchdir_np posix_spawn_file_actions_addfchdir_np
        posix_spawn_file_actions_addclosefrom_np posix_spawnattr_setsigmask posix_spawnattr_setpgroup
        wait waitpid waitid wait3 wait4 pidfd_open readlink readlinkat realpath getauxval"
}

run_variant()
{
    case $1 in
        skalibs) start sh ./configure >out.log 2>&1 ;;
        *)
            cd "probe-$1" || return
            start sh ./configure -C >out.log 2>&1
            ;;
    esac || {
        tail -n 40 out.log
        return 1
    }
    case $1 in
        skalibs)
            cp -r sysdeps.cfg config.mak "$results"
            cp sysdeps.cfg/sysdeps "$results/found"
            ;;
        *)
            cp config.cache "$results"
            grep '^checking' out.log >"$results/found"
            # libuv has no such file.
            find . -name config.h -exec cp {} "$results" \;
            ;;
    esac
}

count()
{
    wc -l <found
}
