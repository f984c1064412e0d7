# starts.sh: every system call that is made for a start fails, with every error.  ST_FAULTS_COUNT is
# the part of all cases that is tried, in percent.
set -u
# shellcheck source=../cases/lib/modes.sh
. "${ST_CASES_SRC:?}/lib/modes.sh"
modes_begin faults.starts
# shellcheck source=../cases/image/image.sh
. "$ST_CASES_SRC/image/image.sh"
[ "$all_modes" != again ] || skip 'only with the preload'
percent=${ST_FAULTS_COUNT:-4}
program=$ST_CASES_BIN/starts_target

image_session
image_bake "$program" word
before=$(image_counted image)
image_run image "$ST_CASES_BIN/starts" "$work/table" "$program" "$((100 / percent))"
[ "$(cat "$work/image.status")" = 0 ] ||
    wrong "with images: status $(cat "$work/image.status"), $(sort "$work/image.err" | uniq -c)"
note "with images: $(cat "$work/image.out")"
grep -q ' [1-9][0-9]* of them in resumed images' "$work/image.out" || wrong 'no image was resumed'
note "$(($(image_counted image) - before)) starts were from images"
find "$work/cache" -name .unfinished | grep . && wrong 'half an image'
# What failed, is to fail by libc as well.
sort -u "$work/table" >"$work/sorted" && mv "$work/sorted" "$work/table"
image_run native "$ST_CASES_BIN/starts" "$work/table" "$program"
[ "$(cat "$work/native.status")" = 0 ] || wrong "native: $(cat "$work/native.err")"
note "native: $(cat "$work/native.out")"
image_check 'after all that' image "$program" word
image_session_end
modes_end
