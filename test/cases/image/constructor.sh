# constructor.sh GROUP: what a library's constructor finds out or leaves behind, for each kind of it,
# in starts that differ from the one that was baked in everything that it could look at.
set -u
# shellcheck source=../lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin "image.constructor_$1"
# shellcheck source=image.sh
. "$ST_CASES_SRC/image/image.sh"
[ "$all_modes" != again ] || skip 'only with the preload'

# Kinds of constructor.c.  Of those with a star an image has to be possible.
case $1 in
environment)
    kinds='getenv* secure_getenv* getenv_pointer environ_count setenv unsetenv putenv
        clearenv setlocale* newlocale* textdomain* exit'
    ;;
walk)
    # They look for what is not there when they are baked, and leave no trace of having looked.  A
    # program's own constructors run behind the point where an image begins.
    kinds='environ environ_in_program* envp envp_in_program* environ_first environ_rest
        environ_end environ_end_in_program* environ_last argv_count argv_end name_compared
        name_first_byte invocation_name_compared invocation_name_compared_in_program*'
    ;;
arguments) kinds='argc argv0 argv1 argv_pointer invocation_name execfn' ;;
random) kinds='getrandom4 getrandom8 getrandom16 at_random stack_address getpid time' ;;
system)
    kinds='getppid getcwd umask isatty nofile sysconf file* stat* access* descriptor uname hostname
        affinity'
    ;;
effects)
    kinds='nothing* signal atfork* atexit* key* wipe_on_fork stdio stdio_buffer malloc* errno rand'
    ;;
esac
# shellcheck disable=SC2086
eligible=$(printf '%s\n' $kinds | sed -n 's/\*$//p' | tr '\n' ' ')
# shellcheck disable=SC2086
kinds=$(printf '%s\n' $kinds | tr -d '*')

image_compile "$work/target.o" constructor.c -c -fPIC
for kind in $kinds; do
    mkdir "$work/$kind"
    case $kind in
    *_in_program)
        # The constructor is the program's own.
        image_compile "$work/$kind/constructor.o" constructor.c -c -fPIC -DLIBRARY \
            "-DWHAT_${kind%_in_program}"
        "$CC" -o "$work/$kind/target" "$work/target.o" "$work/$kind/constructor.o" || exit 1
        ;;
    *)
        # Keys are libpthread's before glibc 2.34.
        threads=
        [ "$kind" != key ] || threads=-lpthread
        # shellcheck disable=SC2086
        image_compile "$work/$kind/libconstructor.so" constructor.c -shared -fPIC -DLIBRARY \
            "-DWHAT_$kind" "-DFILE_NAME=\"$work/$kind/data\"" $threads
        "$CC" -o "$work/$kind/target" "$work/target.o" "-L$work/$kind" -lconstructor \
            "-Wl,-rpath,$work/$kind" || exit 1
        ;;
    esac
    echo first >"$work/$kind/data"
done

# The command: PROGRAM is started under other names, with other variables, arguments, limits, working
# directory and descriptors.
# shellcheck disable=SC2016
variants='
program=$1
say() { echo "--- $1"; shift; "$@"; echo "status $?"; }
say plain "$program" argument
export WORD=b
say variable "$program" argument
WORD= ; say empty "$program" argument
unset WORD; say unset "$program" argument
say arguments "$program" one two three
say first env -i WORD=first "ST_TELL=$ST_TELL" "LD_PRELOAD=$LD_PRELOAD" \
    "SPAWN_TEMPLATE_CACHE=$SPAWN_TEMPLATE_CACHE" "$program" argument
say last env WORD=last "$program" argument
say variables env MORE=1 EVEN_MORE=2 "$program" argument
say name "$3/spawn_as" other-name "$program" argument
say directory sh -c "cd \"$2\" && umask 0 && exec \"$program\" argument"
say limit sh -c "ulimit -n 77; exec \"$program\" argument"
say input sh -c "exec \"$program\" argument </etc/passwd"
say locale env LC_ALL=C.UTF-8 "$program" argument
say release setarch --uname-2.6 "$program" argument
say host unshare --uts sh -c "hostname another; exec \"$program\" argument"
echo content >"$2/data"; say file "$program" argument
echo changed >"$2/data"; say content "$program" argument
rm "$2/data"; say gone "$program" argument
'

run_variants() {
    image_run "$1" sh -c "$variants" sh "$work/$kind/target" "$work/$kind" "$ST_CASES_BIN"
}

image_session
for kind in $kinds; do
    image_start "$work/$kind/target" argument
done
"$ST_CASES_BIN/session" bake "$work/cache" || exit 1
for kind in $kinds; do
    run_variants image
    echo first >"$work/$kind/data"
    run_variants native
    taken=$(grep -c image "$work/image.tell")
    note "$kind: $taken of $(grep -c . "$work/image.tell") starts were resumed"
    if [ "$1" = random ]; then
        # Natively every process has another; what counts is that it stays so.
        grep '^constructed' "$work/image.out" | sort | uniq -d >"$work/twice"
        [ ! -s "$work/twice" ] || wrong "$kind: two processes have the same"
    else
        for part in out err; do
            diff -u "$work/native.$part" "$work/image.$part" >&2 ||
                wrong "$kind: $part differs from native"
        done
    fi
    case " $eligible " in
    *" $kind "*) [ "$taken" -gt 3 ] || wrong "$kind: the image is not used" ;;
    esac
done
image_session_end
modes_end
