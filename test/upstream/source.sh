# Fetch Debian's source packages without changing how the machine is set up.  Sourced by run.sh and
# by demo.sh.
#
# To be sourced by a script that has set root, the top directory of the project.  apt gets a
# configuration of its own: the machine's entries for its own release, as deb-src, and
# directories for lists and state in the cache.  It runs as whoever we are.
#
# shellcheck shell=sh disable=SC2154

fetch_cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/spawn-template-upstream

# Of the machine's one-line and stanza files, the entries of this release; others (a vendor's own
# repository) have no source of Debian's.
fetch_sources()
{
    fetch_release=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    [ -n "$fetch_release" ] || return 1
    mkdir -p "$fetch_cache/apt/parts" || return 1
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        awk -v release="$fetch_release" '
            $1 == "deb" || $1 == "deb-src" {
                suite = 3
                if ($2 ~ /^\[/)
                    for (suite = 2; suite < NF && $suite !~ /\]$/; suite++)
                        ;
                if ($2 ~ /^\[/)
                    suite += 2
                if ($suite == release || index($suite, release "-") == 1) {
                    sub(/^[ \t]*deb(-src)?/, "deb-src")
                    if (!seen[$0]++)
                        print
                }
            }' >"$fetch_cache/apt/parts/spawn-template.list"
    for fetch_file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$fetch_file" ] || continue
        cat "$fetch_file"
        printf '\n'
    done | grep -v '^#' |
        awk -v release="$fetch_release" '
            BEGIN { RS = ""; FS = "\n" }
            {
                wanted = 0
                for (i = 1; i <= NF; i++)
                    if ($i ~ "^Suites:.*[ \t]" release "([- \t]|$)")
                        wanted = 1
                    else if ($i ~ /^Enabled:[ \t]*no/)
                        next
                if (!wanted)
                    next
                for (i = 1; i <= NF; i++)
                    if ($i ~ /^Types:/)
                        print "Types: deb-src"
                    else
                        print $i
                print ""
            }' >"$fetch_cache/apt/parts/spawn-template.sources"
}

# apt-get with that configuration.
fetch_apt()
{
    apt-get -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$fetch_cache/apt/parts" \
        -o Dir::State="$fetch_cache/apt/state" -o Dir::State::lists="$fetch_cache/apt/lists" \
        -o Dir::Cache="$fetch_cache/apt/cache" -o Dir::Etc::preferencesparts=/dev/null \
        -o APT::Sandbox::User= -o Acquire::Retries=3 "$@"
}

# The versions of a source package that the lists have, the newest first, and before all no version:
# a mirror's list may name one that the mirror no longer has.
fetch_versions()
{
    printf '\n'
    apt-cache -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$fetch_cache/apt/parts" \
        -o Dir::State="$fetch_cache/apt/state" -o Dir::State::lists="$fetch_cache/apt/lists" \
        -o Dir::Cache="$fetch_cache/apt/cache" showsrc --only-source "$1" 2>/dev/null |
        sed -n 's/^Version: /=/p' | sort -r -V -u
}

# Download a source package into the cache, if it is not there.
fetch_download()
{
    fetch_dir=$fetch_cache/source/$1
    [ ! -f "$fetch_dir/complete" ] || return 0
    fetch_sources || return 1
    mkdir -p "$fetch_dir" "$fetch_cache/apt/state" "$fetch_cache/apt/lists/partial" \
        "$fetch_cache/apt/cache/archives/partial" || return 1
    fetch_log=$fetch_cache/fetch.log
    (cd "$fetch_dir" && fetch_apt update) >"$fetch_log" 2>&1 </dev/null
    for fetch_version in $(fetch_versions "$1" | sed 's/^/version/'); do
        (cd "$fetch_dir" && fetch_apt --download-only source "$1${fetch_version#version}") \
            >>"$fetch_log" 2>&1 </dev/null || continue
        : >"$fetch_dir/complete"
        return
    done
    cat "$fetch_log" >&2
    return 1
}

# fetch_source PACKAGE DIRECTORY [DPKG-SOURCE-OPTION...]: unpack the package into the directory,
# which must not exist.
fetch_source()
{
    fetch_package=$1
    fetch_to=$2
    shift 2
    sh "$root/cmake/deps.sh" source || return 1
    fetch_download "$fetch_package" || return 1
    for fetch_dsc in "$fetch_cache/source/$fetch_package"/*.dsc; do
        dpkg-source --no-check "$@" -x "$fetch_dsc" "$fetch_to" >"$fetch_cache/fetch.log" 2>&1 || {
            cat "$fetch_cache/fetch.log" >&2
            return 1
        }
    done
}
