# A session with images, step by step: to be sourced after modes.sh, where modes_begin was called.
# shellcheck shell=sh

: "${work:?}" "${modes_stdin:?}"
image_service=
trap '[ -z "$image_service" ] || kill -KILL "$image_service" 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM

# image_compile OUTPUT SOURCE [FLAG...]: a program or library for this test.
image_compile() {
    image_output=$1
    image_source=$ST_CASES_SRC/image/$2
    shift 2
    "$CC" -O1 -D_GNU_SOURCE -I"$ST_CASES_SRC/../.." -o "$image_output" "$image_source" "$@" || {
        note "cannot compile $image_output"
        exit 1
    }
}

# image_session: a new session without images, and its service.
image_session() {
    image_session_end
    rm -rf "$work/cache"
    "$ST_CASES_BIN/session" create "$work/cache" || exit 1
    mkdir -p "$work/cwd" "$work/tmp"
    exec_in image "$ST_CASES_BIN/session" serve "$work/cache" "$ST_SERVICE" </dev/null >/dev/null 2>&1 &
    image_service=$!
}

image_session_end() {
    [ -n "$image_service" ] || return 0
    # Not SIGTERM: what has just been forked still has this shell's trap, and loses it.
    kill -KILL "$image_service" 2>/dev/null
    wait "$image_service" 2>/dev/null
    image_service=
}

# image_run MODE COMMAND...: run it in this session; leaves $work/MODE.out, .err, .status and .tell.
image_run() {
    : >"$work/$1.tell"
    (
        modes_environment="ST_TELL=$work/$1.tell
$modes_environment"
        exec_in "$@"
    ) <"$modes_stdin" >"$work/$1.out" 2>"$work/$1.err"
    echo $? >"$work/$1.status"
}

# image_start PROGRAM...: have it started in the session, and say nothing of the result.
image_start() {
    image_run image "$ST_CASES_BIN/launch" posix_spawn "$@"
}

# image_expect WHAT image|native|either COMMAND...: the command does the same natively and in the
# session, where what it starts is resumed from its image, or is not.  A stale image may be taken
# away at any moment: what happens when it would be good again is not known.
image_expect() {
    image_what=$1
    image_how=$2
    shift 2
    image_run native "$@"
    image_run image "$@"
    for image_part in out err status; do
        modes_normal image "$work/image.$image_part" >"$work/image.normal"
        modes_normal native "$work/native.$image_part" >"$work/native.normal"
        diff -u "$work/native.normal" "$work/image.normal" >&2 ||
            wrong "$image_what: $image_part differs from native"
    done
    [ "$image_how" = either ] || [ "$(tail -n 1 "$work/image.tell")" = "$image_how" ] ||
        wrong "$image_what: expected $image_how, told '$(tail -n 1 "$work/image.tell")'"
}

# image_check WHAT image|native|either PROGRAM [ARGUMENT...]: the same for one start of a program.
image_check() {
    image_check_what=$1
    image_check_how=$2
    shift 2
    image_expect "$image_check_what" "$image_check_how" "$ST_CASES_BIN/launch" posix_spawn "$@"
}

# image_bake PROGRAM [ARGUMENT...]: make it have an image, and see that it is used.
image_bake() {
    image_start "$@"
    "$ST_CASES_BIN/session" bake "$work/cache" || exit 1
    image_check "a fresh image of $1" image "$@"
}

# image_counted WHAT: a number from the index.
image_counted() {
    "$ST_CASES_BIN/session" counts "$work/cache" | sed -n "s/^$1 //p"
}

# image_wait SECONDS WHAT NUMBER: until that has been counted.
image_wait() {
    image_tries=$(($1 * 20))
    until [ "$(image_counted "$2")" -ge "$3" ] 2>/dev/null; do
        image_tries=$((image_tries - 1))
        [ "$image_tries" -gt 0 ] || return 1
        sleep 0.05
    done
}
