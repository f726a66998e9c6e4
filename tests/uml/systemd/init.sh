#!/bin/bash
# First program of a guest that boots a whole systemd: makes a writable root of the host's read-only
# one, with the files of this scenario on top, enables the units under test and becomes systemd.
# Kernel arguments: shared=DIRECTORY of the host, mounted on /run/shared; its folder root/ is the tree
# on top. project=DIRECTORY with this project, which stays where it is. Nothing that is written
# outside /run/shared outlives the guest.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs run /run
insmod /usr/lib/uml/modules/*/kernel/fs/overlayfs/overlay.ko
mkdir -p /run/shared /run/overlay/{upper,work} /run/root
shared=$(sed -n 's/.*\bshared=\([^ ]*\).*/\1/p' /proc/cmdline)
project=$(sed -n 's/.*\bproject=\([^ ]*\).*/\1/p' /proc/cmdline)
mount -t hostfs none /run/shared -o "$shared"
mount -t overlay overlay /run/root -o \
  lowerdir=/run/shared/root:/,upperdir=/run/overlay/upper,workdir=/run/overlay/work
cd /run/root

# Of the host's own services none shall run.
rm -rf etc/systemd/system/*
for unit in getty.target serial-getty@.service systemd-logind.service systemd-hwdb-update.service \
  systemd-firstboot.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
  systemd-binfmt.service wdmd.service proc-sys-fs-binfmt_misc.automount systemd-sysusers.service; do
  ln -s /dev/null "etc/systemd/system/$unit"
done
: > etc/fstab
rm -rf etc/rc?.d/* usr/sbin/policy-rc.d
cp /run/shared/units/* etc/systemd/system/
chroot . systemctl --quiet set-default multi-user.target
while read -r unit; do chroot . systemctl --quiet enable "$unit"; done < /run/shared/enabled

mount --move /proc proc
mount --move /sys sys
mount -t devtmpfs dev dev
for directory in run tmp var/tmp var/log; do mount -t tmpfs tmpfs "$directory"; done
mkdir -p run/shared
mount -t hostfs none run/shared -o "$shared"
# A checkout in a folder that is empty now.
if [ ! -e ".$project" ]; then
  mkdir -p ".$project"
  mount -t hostfs none ".$project" -o "$project"
fi
exec env TERM=dumb COLUMNS=200 SYSTEMD_COLORS=0 chroot . /lib/systemd/systemd --show-status=yes
