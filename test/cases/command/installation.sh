#!/bin/sh
# The command finds what belongs to it from its own place, and says what is missing.
# shellcheck source=test/cases/command/lib.sh
. "$(dirname "$0")/lib.sh"

built=$(cd "$(dirname "$command")/.." && pwd -P)

# install PREFIX: the parts as they are installed.
install_to()
{
    mkdir -p "$1/bin" "$1/lib" "$1/libexec/spawn-template"
    cp "$built/bin/spawn-template" "$1/bin/"
    cp "$built/lib/libspawn_template_preload.so" "$1/lib/"
    cp "$built/libexec/spawn-template/inspect" "$1/libexec/spawn-template/"
}

install_to "$work/prefix"
library=$work/prefix/lib/libspawn_template_preload.so
command=$work/prefix/bin/spawn-template
same "beside" "$library" "$("$command" printenv LD_PRELOAD)"
same "in PATH" "$library" "$(PATH=$work/prefix/bin:$PATH spawn-template printenv LD_PRELOAD)"
same "relative" "$library" "$(cd prefix && bin/spawn-template printenv LD_PRELOAD)"
ln -s prefix/bin/spawn-template link
same "symbolic link" "$library" "$(./link printenv LD_PRELOAD)"
mkdir links
ln -s ../prefix/bin links/bin
same "symbolic link to the directory" "$library" "$(links/bin/spawn-template printenv LD_PRELOAD)"
status "inspect" 0 "$command" inspect /bin/true
status "doctor" 0 "$command" doctor

mkdir prefix/lib64
mv "$library" prefix/lib64/
same "lib64" "$work/prefix/lib64/libspawn_template_preload.so" "$("$command" printenv LD_PRELOAD)"
mv prefix/lib64/libspawn_template_preload.so prefix/lib/

# A place whose name ld.so would not understand: COMMAND runs, and that it is not accelerated is
# said.
# shellcheck disable=SC2016
for name in 'with space' 'with:colon' 'with$ORIGIN'; do
    install_to "$work/$name"
    status "$name" 7 "$work/$name/bin/spawn-template" sh -c 'exit 7'
    one_line "$name" "not accelerated: $work/$name/lib/libspawn_template_preload.so: its path has a "
    same "$name: LD_PRELOAD" none \
        "$("$work/$name/bin/spawn-template" printenv LD_PRELOAD 2>/dev/null || echo none)"
    status "$name: doctor" 1 "$work/$name/bin/spawn-template" doctor
    grep -qF "bad   preload library  $work/$name/lib/" out || fail "$name: doctor: $(cat out)"
    status "$name: env" 1 "$work/$name/bin/spawn-template" env --shell=sh
    one_line "$name: env" "its path has a "
    same "$name: env: no code" "" "$(cat out)"
    status "$name: statistics" 7 "$work/$name/bin/spawn-template" --stats sh -c 'exit 7'
    grep -q '^spawn-template: no statistics' err || fail "$name: statistics"
    # What does not need the preload works.
    status "$name: inspect" 0 "$work/$name/bin/spawn-template" inspect /bin/true
done

rm "$library" prefix/libexec/spawn-template/inspect
fallback=$("$command" printenv LD_PRELOAD 2>/dev/null)
if [ -z "$fallback" ]; then
    status "no preload" 7 "$command" sh -c 'exit 7'
    one_line "no preload" "is spawn-template installed completely?"
    status "no preload: doctor" 1 "$command" doctor
    grep -q '^spawn-template does not work here.$' out || fail "no preload: doctor"
    status "no inspect" 1 "$command" inspect /bin/true
    one_line "no inspect" "is spawn-template installed completely?"
fi

same "no session is left" 0 "$(sessions)"
finish
