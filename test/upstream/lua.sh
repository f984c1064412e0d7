# shellcheck shell=sh disable=SC2034,SC2154
about='Lua: make and ninja, gcc and clang, bit for bit; and its own os.execute and io.popen'
source=lua5.4
# Debian's own makefile wants libtool and C++; Lua's does not.
unpack=--skip-patches
packages='gcc libc6-dev binutils clang make ninja-build'
variants='make-gcc make-clang ninja-gcc ninja-clang'
limit=300

lua_flags='-std=gnu99 -O2 -Wall -Wextra -g -DLUA_COMPAT_5_3 -DLUA_USE_LINUX'

# What make would build from src/Makefile, for ninja.
write_ninja()
{
    printf 'rule cc\n command = %s %s -MMD -MF $out.d -c $in -o $out\n depfile = $out.d\n' \
        "$1" "$lua_flags"
    printf 'rule ar\n command = ar rcs $out $in\n'
    printf 'rule ld\n command = %s -Wl,-E -o $out $in -lm -ldl\n' "$1"
    objects=
    for file in *.c; do
        printf 'build %s: cc %s\n' "${file%.c}.o" "$file"
        case $file in
            lua.c | luac.c) ;;
            *) objects="$objects ${file%.c}.o" ;;
        esac
    done
    printf 'build liblua.a: ar%s\n' "$objects"
    printf 'build lua: ld lua.o liblua.a\nbuild luac: ld luac.o liblua.a\n'
}

run_variant()
{
    cd src || return
    case $1 in
        make-*)
            start make -j"$jobs" linux CC="${1#*-} $lua_flags" CFLAGS= >out.log 2>&1 || {
                cat out.log
                return 1
            }
            ;;
        ninja-*)
            write_ninja "${1#*-}" >build.ninja
            start ninja -j"$jobs" >out.log 2>&1 || {
                cat out.log
                return 1
            }
            ;;
    esac
    # In the order of the names: that of the jobs is not the same twice.
    sed 's/^\[[0-9]*\/[0-9]*\] //' out.log | LC_ALL=C sort >"$results/output"
    sha256sum -- *.o *.a lua luac >"$results/sha256"
    start ./lua - >"$results/start" 2>&1 <<'LUA'
        print(os.execute("exit 3"))
        print(os.execute("kill -TERM $$"))
        print(os.execute("/bin/true"), os.execute("/nonexistent"))
        for _ = 1, 10 do
            local pipe = io.popen("echo one; echo two >&2; cat /dev/null; exit 5")
            print(pipe:read("a"), pipe:close())
        end
        local pipe = io.popen("sort", "w")
        pipe:write("b\na\n")
        print(pipe:close())
LUA
}

count()
{
    wc -l <sha256
}
