# The table of programs.sh, in Markdown, from lines
#
#   NAME|SIZE FAMILY|VERSION|VERDICT[|WAY Q1 MEDIAN Q3 FAULTS ROUNDS]...

function output_of(command,   line) {
    command | getline line
    close(command)
    return line
}

# The fields of one way of starting: "median (quartiles)".
function time(way) {
    if (!(way in median))
        return "-"
    return sprintf("%.0f (%.0f-%.0f)", median[way],
        first[way], third[way])
}

function mean(what, sum, count) {
    if (count)
        printf "| %s | %d | %.2f |\n", what, count, exp(sum / count)
}

BEGIN {
    FS = "|"
    print "# Programs started from images\n"
    print "Written by `sh test/bench/programs.sh`, which says what is compared, and how.\n"
    print "- Kernel: " output_of("uname -sr")
    print "- CPU: " output_of("sed -n 's/^model name[^:]*: //p' /proc/cpuinfo") ", " \
        output_of("nproc") " of them"
    print "- libc: " output_of("getconf GNU_LIBC_VERSION") ", Debian " \
        output_of("dpkg-query -W -f='${Version}' libc6 2>/dev/null")
    print "- Load while it ran (15 minutes): " output_of("cut -d' ' -f 3 /proc/loadavg")
    print "- Date: " output_of("date -u +%F") "\n"
    print "Times are microseconds from `posix_spawn` to the end of `wait4`: the median, and the"
    print "quartiles in parentheses.  *native* is libc alone, *preload* libc with our library in the"
    print "program, *image* a start from the image; all three in alternation.  *ratio* is native"
    print "to image.  Faults are minor page faults of the process, the median.\n"
    print "| program | version | verdict | native us | preload us | image us | ratio | faults native | faults image |"
    print "|---|---|---|---:|---:|---:|---:|---:|---:|"
}

{
    delete median
    for (i = 5; i <= NF; i++) {
        split($i, field, " ")
        first[field[1]] = field[2]
        median[field[1]] = field[3]
        third[field[1]] = field[4]
        faults[field[1]] = field[5]
    }
    verdict = $4
    sub(/:.*/, "", verdict)
    verdicts[verdict]++
    eligible = verdict == "same" && ("image" in median)
    if (!eligible)
        delete median["image"]
    ratio = "-"
    if (eligible) {
        log_ratio = log(median["native"] / median["image"])
        ratio = sprintf("%.2f", exp(log_ratio))
        all += log_ratio
        all_count++
        if ($2 ~ /^small /) {
            small += log_ratio
            small_count++
            if ($2 !~ / coreutils$/) {
                others += log_ratio
                others_count++
            }
        }
    }
    printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", $1, $3, $4, time("native"),
        time("libc"), time("image"), ratio, "native" in median ? faults["native"] : "-",
        eligible ? faults["image"] : "-"
}

END {
    print "\n| verdict | programs |\n|---|---:|"
    for (verdict in verdicts)
        printf "| %s | %d |\n", verdict, verdicts[verdict] | "LC_ALL=C sort"
    close("LC_ALL=C sort")
    if (all_count) {
        print "\n| geometric mean of the ratios | programs | ratio |\n|---|---:|---:|"
        mean("the small tools", small, small_count)
        mean("the small tools that are not of coreutils", others, others_count)
        mean("all", all, all_count)
    }
}
