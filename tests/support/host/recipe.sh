#!/bin/bash
# Runs inside a new image: what a bare machine of a cloud has, and what this one needs to be reached and to install.
set -euo pipefail
deployer=$1
cd /stuff
cp certificates/*.crt /usr/local/share/ca-certificates/ 2>/dev/null && update-ca-certificates >/dev/null 2>&1
cp pip.conf /etc/pip.conf
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
cp debian.sources /etc/apt/sources.list.d/debian.sources
printf 'Acquire::Check-Valid-Until "false";\nAcquire::Languages "none";\n' >/etc/apt/apt.conf.d/99frozen-mirror
printf 'force-unsafe-io\n' >/etc/dpkg/dpkg.cfg.d/unsafe-io
useradd --create-home --shell /bin/bash "$deployer"
echo "$deployer ALL=(ALL) NOPASSWD: ALL" >"/etc/sudoers.d/90-$deployer"
chmod 0440 "/etc/sudoers.d/90-$deployer"
install -d -m 0700 -o "$deployer" -g "$deployer" "/home/$deployer/.ssh"
install -d -m 0700 "$HOME/.ssh"
printf 'UseDNS no\nMaxStartups 100\nPasswordAuthentication no\n' >/etc/ssh/sshd_config.d/10-host.conf
rm -f /etc/ssh/ssh_host_* # each host makes its own
: >/etc/machine-id
mkdir -p /var/log/journal # the journal outlives a reboot, as on a cloud's machines
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer; do
  ln -sf /dev/null "/etc/systemd/system/$unit"
done
# Where controllers have hierarchies of their own, a container gets them read-only, and no limit would bite.
cat >/etc/systemd/system/writable-cgroups.service <<'UNIT'
[Unit]
Description=Limits are enforced on a test host, too
DefaultDependencies=no
Before=sysinit.target
ConditionPathIsDirectory=/sys/fs/cgroup/memory
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'for h in memory pids cpu cpuacct; do [ ! -d /sys/fs/cgroup/$h ] || mount -o remount,bind,rw /sys/fs/cgroup/$h; done; systemctl daemon-reexec'
[Install]
WantedBy=sysinit.target
UNIT
systemctl enable -q writable-cgroups.service
rm -rf /stuff /recipe.sh
