#!/bin/sh
# The first process of the guest: see run.sh.  Sets up what a system has, runs the tests, and ends
# the machine.  Says on the console what came of it.
set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C.UTF-8
export PATH LC_ALL

say()
{
    printf '== guest: %s\n' "$*"
}

# The machine ends with its reset: qemu has -no-reboot.
end()
{
    sync
    echo b >/proc/sysrq-trigger
    sleep 60
}

die()
{
    say "$*: FAILED"
    end
}

mount -t proc proc /proc || die "mount /proc"
mount -t sysfs sysfs /sys || die "mount /sys"
[ ! -d /sys/kernel/debug ] || mount -t debugfs debugfs /sys/kernel/debug
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
ln -sf /proc/self/fd /dev/fd
ln -sf /proc/self/fd/0 /dev/stdin
ln -sf /proc/self/fd/1 /dev/stdout
ln -sf /proc/self/fd/2 /dev/stderr
mount -t tmpfs -o mode=755 tmpfs /run || die "mount /run"
mkdir /run/job /run/source /run/build /run/selftest /run/lock /run/user
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 job /run/job || die "mount job"
job_mode='' job_tests='' ST_SOURCE='' ST_BUILD='' ST_PART=''
. /run/job/job.sh

# The checkout and the build may be below a directory that gets another file system: so first they
# are held, and then put back where they were.
mount --bind "$ST_SOURCE" /run/source || die "source"
[ -z "$ST_BUILD" ] || cp -a "$ST_BUILD/." /run/build || die "copy of the build"
cp -r /run/job/selftest/. /run/selftest || die "copy of the selftests"
for directory in /tmp /var/tmp; do
    mount -t tmpfs -o mode=1777 tmpfs $directory || die "mount $directory"
done
mkdir -p "$ST_SOURCE" 2>/dev/null
mount --bind /run/source "$ST_SOURCE" || die "mount $ST_SOURCE"
if [ -n "$ST_BUILD" ]; then
    mkdir -p "$ST_BUILD" 2>/dev/null
    mount --bind /run/build "$ST_BUILD" || die "mount $ST_BUILD"
fi
! command -v ip >/dev/null || ip link set lo up
hostname guest 2>/dev/null
echo 'core' >/proc/sys/kernel/core_pattern

HOME=/tmp/home
USER=root
LOGNAME=root
SHELL=/bin/sh
ST_SELFTEST=/run/selftest
ST_RESULTS=/run/job/results
export HOME USER LOGNAME SHELL ST_SOURCE ST_BUILD ST_PART ST_SELFTEST ST_RESULTS
mkdir $HOME

if [ "$job_mode" = shell ]; then
    cd $HOME || exit
    TERM=vt100 setsid -c sh </dev/ttyS0 >/dev/ttyS0 2>&1
    end
fi

say "$(uname -r), up $(cut -d' ' -f1 /proc/uptime) s"
for name in $job_tests; do
    mkdir "/tmp/$name" || die "/tmp/$name"
    cd "/tmp/$name" || die "/tmp/$name"
    read -r begin _ </proc/uptime
    setsid -w "$ST_SOURCE/test/kernel/tests/$name.sh" </dev/null
    status=$?
    read -r after _ </proc/uptime
    case $status in
        0) verdict=passed ;;
        77) verdict=skipped ;;
        *) verdict="FAILED with status $status" ;;
    esac
    say "$name: $verdict, $(echo "$begin $after" | awk '{ printf "%.1f", $2 - $1 }') s"
    cd / && rm -rf "/tmp/$name"
done
say "all tests have run"
end
