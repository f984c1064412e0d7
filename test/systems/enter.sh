#!/bin/sh
# Run a command in a directory that holds a Debian system, as its root directory, with what a machine
# has mounted:
#
#   unshare --mount --pid --fork --kill-child sh enter.sh DIR COMMAND [ARG...]
#
# The mounts are made in the namespace that it is started in and end with it, however it ends; so
# do all processes.  /tmp and /dev/shm are empty and in memory.  The environment is a login's.
set -eu

dir=$1
shift

# device NAME...: this machine's.
device()
{
    for name; do
        : >"$dir/dev/$name"
        mount --bind "/dev/$name" "$dir/dev/$name"
    done
}

mount --bind "$dir" "$dir"
mount -t proc -o nosuid,nodev,noexec proc "$dir/proc"
mount --rbind /sys "$dir/sys"
mount -t tmpfs -o nosuid,mode=755 tmpfs "$dir/dev"
device null zero full random urandom tty
mkdir "$dir/dev/pts" "$dir/dev/shm"
mount -t devpts -o newinstance,nosuid,noexec,gid=5,mode=620,ptmxmode=666 devpts "$dir/dev/pts"
ln -s pts/ptmx "$dir/dev/ptmx"
ln -s /proc/self/fd "$dir/dev/fd"
ln -s fd/0 "$dir/dev/stdin"
ln -s fd/1 "$dir/dev/stdout"
ln -s fd/2 "$dir/dev/stderr"
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs "$dir/dev/shm"
# Tests make programs there that have the rights of their owners.
mount -t tmpfs -o nodev,mode=1777 tmpfs "$dir/tmp"
cp /etc/resolv.conf /etc/hosts "$dir/etc/"

# Not just chroot(8): a root directory that is no mount cannot be made private, which tests need
# that mount something.
cd "$dir"
pivot_root . .
umount -l .

# As the first process of its namespace this shell also waits for those that nobody else waits for.
status=0
chroot . /usr/bin/env -i HOME=/root USER=root LOGNAME=root SHELL=/bin/sh LC_ALL=C.UTF-8 \
    TERM="${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" ||
    status=$?
exit $status
