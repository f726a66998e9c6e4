#!/bin/bash
# PID 1 of a User-Mode Linux guest: makes the host's read-only root usable for LVM, then serves the
# commands that the host writes to the guest's first console (/dev/tty0, see channel.ts):
#
#   host to guest   ID
#   guest to host   @ready
#                   @done ID EXIT_CODE MICROSECONDS
#
# The bash script is in /run/shared/commands/ID; what it prints goes to ID.out and ID.err there.
# Commands run side by side, so the daemon under test is simply a command that takes long. The end of
# the host's input powers the guest off. Kernel argument: shared=DIRECTORY of the host, mounted on
# /run/shared. Kernel messages and this script's own errors go to /dev/ttyS0.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run/tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs run /run
mkdir -p /dev/shm /run/{lock/lvm,lvm,lvmconf,modules/lib,shared,tmp}
mount -t tmpfs shm /dev/shm
ln -sfn /proc/self/fd /dev/fd
[ -s /etc/machine-id ] || mount -t tmpfs lib /var/lib # a daemon without it keeps an identity there
mount -t hostfs none /run/shared -o "$(sed -n 's/.*\bshared=\([^ ]*\).*/\1/p' /proc/cmdline)"

# Where a guest differs from an ordinary host: its disks are called ubd, and no dmeventd, no D-Bus and
# no autoactivation wait for LVM. Nothing here is about locking but the first line.
cat > /run/lvmconf/lvm.conf <<'CONF'
global { use_lvmlockd = 1 }
global { event_activation = 0 notify_dbus = 0 }
devices { types = [ "ubd", 16 ] }
activation { monitoring = 0 }
activation { reserved_memory = 0 reserved_stack = 0 } # touching them takes most of a command's time
CONF
export LVM_SYSTEM_DIR=/run/lvmconf LVM_SUPPRESS_FD_WARNINGS=1

# The guest kernel's modules lie where its package put them, not in /lib/modules.
ln -s /usr/lib/uml/modules /run/modules/lib/modules
modprobe -d /run/modules -a dm-mod dm-mirror dm-snapshot dm-thin-pool dm-raid raid1 dm-cache-smq \
  dm-writecache
/lib/systemd/systemd-udevd --daemon
udevadm trigger --subsystem-match=block
udevadm settle
lvmpolld # LVM insists on it for whatever it does in the background with shared VGs

serve() { # ID: runs one command and reports it
  local at=/run/shared/commands/$1 begun=${EPOCHREALTIME/./}
  (. "$at") > "$at.out" 2> "$at.err" < /dev/null 3>&-
  echo "@done $1 $? $((${EPOCHREALTIME/./} - begun))" >&3
}

exec 3<> /dev/tty0
stty raw -echo <&3
echo '@ready' >&3
while read -r id <&3; do serve "$id" & done
sync
echo o > /proc/sysrq-trigger
exec sleep infinity
