#!/bin/sh
# Makes the .deb and the .tar.gz of a build and uses each the way its reader would, unpacked into a
# directory: the files that should be there and no others, a program against the header and library
# by pkg-config and by CMake, the command, and a make under it with the preload of the package.
#
#   test/package.sh [BUILD]
#
# BUILD is a configured and built directory, by default build/.  Needs no root.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
self=package.sh
. "$root/test/lib.sh"

for tool in cpack dpkg-deb dpkg-shlibdeps file pkg-config readelf; do
    if ! command -v $tool >/dev/null; then
        say "skipped: there is no $tool"
        exit 77
    fi
done
exec </dev/null
clean_environment
unset LD_PRELOAD LD_LIBRARY_PATH PKG_CONFIG_PATH CMAKE_PREFIX_PATH
build=$(CDPATH='' cd -- "${1:-$root/build}" && pwd -P)
work=$(mktemp -d "${TMPDIR:-/tmp}/spawn-template-package.XXXXXX")
export XDG_CACHE_HOME="$work/cache"
unset XDG_RUNTIME_DIR
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

cache_value()
{
    sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"
}
version=$(cache_value CMAKE_PROJECT_VERSION)
[ -n "$version" ] || die "no version in $build/CMakeCache.txt"
libdir=$(sed -n 's/^set(CPACK_ST_LIBDIR "\(.*\)")$/\1/p' "$build/CPackConfig.cmake")
type=$(cache_value CMAKE_BUILD_TYPE | tr '[:upper:]' '[:lower:]')
[ -n "$libdir" ] || die "no library directory in $build/CPackConfig.cmake"

# What a package holds, below its prefix.
expected_files()
{
    zsh_functions=site-functions
    [ ! -e /etc/debian_version ] || zsh_functions=vendor-completions
    cat <<EOF
bin/spawn-template
include/spawn_template.h
$libdir/cmake/spawn-template/spawn-templateConfig-$type.cmake
$libdir/cmake/spawn-template/spawn-templateConfig.cmake
$libdir/cmake/spawn-template/spawn-templateConfigVersion.cmake
$libdir/libspawn_template.so
$libdir/libspawn_template.so.0
$libdir/libspawn_template.so.$version
$libdir/libspawn_template_preload.so
$libdir/pkgconfig/spawn-template.pc
libexec/spawn-template/inspect
libexec/spawn-template/service
share/bash-completion/completions/spawn-template
share/doc/spawn-template/LICENSE
share/doc/spawn-template/README.md
share/doc/spawn-template/SECURITY.md
share/fish/vendor_completions.d/spawn-template.fish
share/man/man1/spawn-template.1
share/man/man2/spawn_template_create.2
share/man/man2/spawn_template_spawn.2
share/man/man3/spawn_template.3
share/zsh/$zsh_functions/_spawn-template
EOF
}

# control_field NAME PATTERN: the field of the .deb must match.
control_field()
{
    control_value=$(dpkg-deb -f "$deb" "$1")
    printf '%s\n' "$control_value" | grep -qxE "$2" ||
        die "the .deb's $1 is \"$control_value\", not $2"
}

check_deb()
{
    control_field Package spawn-template
    control_field Version "$version"
    control_field Architecture amd64
    control_field Section utils
    control_field Maintainer 'spawn-template maintainers <.*@.*>'
    control_field Depends '.*libc6 \(>= .*'
    control_field Depends '.*libelf1.*'
    control_field Depends '.*libjson-c.*'
    dpkg-deb -f "$deb" Description | sed 1d | grep -q . || die "the .deb has no description"
    dpkg-deb -c "$deb" | awk '$2 != "root/root" { bad = 1 } END { exit bad }' ||
        die "files in the .deb belong to somebody"
    dpkg-deb -I "$deb" postinst | grep -qw ldconfig || die "the .deb does not run ldconfig"
}

# check_tree NAME PREFIX: everything that can be done with an unpacked package.
check_tree()
{
    prefix=$2
    (cd "$prefix" && find . ! -type d | sed 's,^\./,,' | LC_ALL=C sort) >"$work/found"
    expected_files | LC_ALL=C sort >"$work/expected"
    diff -u "$work/expected" "$work/found" || die "$1: other files than expected"
    say "$1: $(wc -l <"$work/found") files"

    [ "$("$prefix/bin/spawn-template" --version)" = "spawn-template $version" ] ||
        die "$1: --version says something else"
    check_make "$1"
    check_pkg_config "$1"
    check_find_package "$1"
    use_library "$1" "$work/by-pkg-config"
    use_library "$1" "$work/by-cmake/program"
}

# A small make, started by the command from the package and counted by the preload from there.
check_make()
{
    rm -rf "$work/make"
    mkdir "$work/make"
    cat >"$work/make/Makefile" <<'EOF'
all: a b
a b:
	/bin/echo $$LD_PRELOAD > $@
EOF
    (cd "$work/make" && "$prefix/bin/spawn-template" --stats="$work/stats.json" -- make) \
        >"$work/log" 2>&1 || {
        cat "$work/log"
        die "$1: make under spawn-template"
    }
    grep -qxF "$prefix/$libdir/libspawn_template_preload.so" "$work/make/a" ||
        die "$1: the preload was not the package's but $(cat "$work/make/a")"
    starts=$(tr -d ' \n' <"$work/stats.json" | sed -n 's/.*"starts":{"total":\([0-9]*\).*/\1/p')
    [ "${starts:-0}" -ge 2 ] || die "$1: ${starts:-no} starts counted, where make makes two"
}

check_pkg_config()
{
    flags=$(PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig \
        pkg-config --cflags --libs "spawn-template = $version") || die "$1: pkg-config"
    # shellcheck disable=SC2086
    cc -Wall -Wextra -Werror -o "$work/by-pkg-config" "$root/test/package/program.c" $flags ||
        die "$1: cannot compile with what pkg-config says: $flags"
}

check_find_package()
{
    rm -rf "$work/by-cmake"
    quiet_step "$1: find_package" cmake -S "$root/test/package" -B "$work/by-cmake" -G Ninja \
        -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF \
        -DST_EXPECTED_PREFIX="$prefix"
    quiet_step "$1: build with it" cmake --build "$work/by-cmake"
}

use_library()
{
    readelf -d "$2" | grep -q 'NEEDED.*\[libspawn_template\.so\.0\]' ||
        die "$1: $2 does not need libspawn_template.so.0"
    LD_LIBRARY_PATH=$prefix/$libdir "$2" "$version" || die "$1: $2 failed"
}

say "cpack"
(cd "$work" && cpack --config "$build/CPackConfig.cmake" -B "$work/packages") >"$work/log" 2>&1 || {
    cat "$work/log"
    die "cpack"
}
deb=$(echo "$work/packages"/*.deb)
tar=$(echo "$work/packages"/*.tar.gz)
[ -f "$deb" ] || die "there is no .deb"
[ -f "$tar" ] || die "there is no .tar.gz"

check_deb
mkdir "$work/deb" "$work/tar"
dpkg-deb -x "$deb" "$work/deb"
check_tree deb "$work/deb/usr"
tar -xzf "$tar" -C "$work/tar" --strip-components=1
check_tree tar.gz "$work/tar"
quiet_step "cmake --install" cmake --install "$build" --prefix "$work/installed"
check_tree install "$work/installed"
say "all of it works"
