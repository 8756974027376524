#!/bin/bash
# Runs a VM's startup script three times on a disk of its own: new, as it is, and after a reboot with a new boot disk.
# In a mount namespace of its own, so that nothing of this machine is touched:
#   unshare --mount --propagation private startup_rehearsal.sh STARTUP FOLDER
set -euo pipefail
startup=$1 folder=$2
truncate --size 64M "$folder/disk"
loop=$(losetup --find --show "$folder/disk") || { echo "no loop device"; exit 77; }
trap 'losetup --detach "$loop"' EXIT
cp -a /etc "$folder/etc"
mount --bind "$folder/etc" /etc
for place in /var/lib /mnt /usr/local/sbin; do mount -t tmpfs tmpfs "$place"; done
: >/etc/fstab
mkdir "$folder/bin"
# shellcheck disable=SC2016 # for the stub to expand
printf '#!/bin/sh\n[ "$1" != is-active ]\n' >"$folder/bin/systemctl"
printf '#!/bin/sh\nexit 22\n' >"$folder/bin/curl"
printf '#!/bin/sh\nexit 0\n' >"$folder/bin/systemd-run"
chmod +x "$folder"/bin/*
sed "s|/dev/disk/by-id/google-data|$loop|" "$startup" >"$folder/startup.sh"
run() { PATH=$folder/bin:$PATH bash "$folder/startup.sh"; }

run
echo "first: $(findmnt --noheadings --output FSTYPE /mnt/data) $(findmnt --noheadings --list --output TARGET | grep -c '^/var/lib/')"
echo kept >/var/lib/kafka/file
cp /etc/fstab "$folder/fstab"
run
echo "second: $(cat /var/lib/kafka/file) $(cmp /etc/fstab "$folder/fstab" && echo same)"
umount /var/lib/{kafka,streamlake,airflow,postgresql} /mnt/data
: >/etc/fstab
run
echo "new boot disk: $(cat /var/lib/kafka/file)"
umount /var/lib/{kafka,streamlake,airflow,postgresql} /mnt/data
mkswap "$loop" >/dev/null 2>&1
: >/etc/fstab
if said=$(run); then echo "mounted what is none"; fi
echo "foreign: $(grep -c 'does not hold' <<<"$said") $(findmnt --noheadings --list --output TARGET | grep -c '^/var/lib/') $(blkid --probe --match-tag TYPE --output value "$loop")"
