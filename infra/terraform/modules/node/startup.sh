#!/bin/bash
# Runs at every boot, as root, and changes nothing where everything is well.
# 1. The data disk holds all state: what stands in /var/lib/<service> is a folder of it, bound before a package fills it.
# 2. Certificates that expire soon are named in the journal, once an hour.
# 3. The Ops Agent is there, with the configuration from the VM's metadata.
set -euo pipefail

device=/dev/disk/by-id/google-data
mounted=/mnt/data
state=(kafka streamlake airflow postgresql)

fstab() { grep -qF " $2 " /etc/fstab || echo "$1 $2 $3 0 0" >>/etc/fstab; }

bring_data_disk() {
  # Formatted once, and only where reading the disk itself finds nothing. (lsblk would ask udev, which may not know yet.)
  local code=0
  blkid --probe "$device" >/dev/null || code=$?
  if [[ $code == 2 ]]; then mkfs.ext4 -q -m 1 -L streamlake-data "$device"; fi
  mkdir -p "$mounted"
  # nofail: with the disk away the VM must still let its operators in. Kafka does not start on an empty folder.
  fstab LABEL=streamlake-data "$mounted" "ext4 defaults,nofail,discard"
  systemctl daemon-reload
  mountpoint -q "$mounted" || mount "$mounted"
  # With nofail, mount is content when there is nothing to mount. Then state must not go to the boot disk in silence.
  mountpoint -q "$mounted" || { echo "$device does not hold StreamLake's data: look at it with blkid."; return 1; }
  resize2fs "$device" >/dev/null 2>&1 || true # after the disk has grown; else there is nothing to do
  for name in "${state[@]}"; do
    mkdir -p "$mounted/$name" "/var/lib/$name"
    fstab "$mounted/$name" "/var/lib/$name" "none bind,nofail,x-systemd.requires-mounts-for=$mounted"
    mountpoint -q "/var/lib/$name" || mount "/var/lib/$name"
  done
  systemctl daemon-reload
}

if [[ -b $device ]]; then bring_data_disk; fi

metadata() {
  curl --silent --fail --header 'Metadata-Flavor: Google' \
    "http://metadata.google.internal/computeMetadata/v1/instance/attributes/$1"
}

if wanted=$(metadata certificates-script) && days=$(metadata certificates-days); then
  printf '%s\n' "$wanted" >/usr/local/sbin/streamlake-certificates
  chmod 0755 /usr/local/sbin/streamlake-certificates
  # A timer that lives until the next boot, which makes it anew.
  systemctl is-active --quiet streamlake-certificates.timer ||
    systemd-run --quiet --unit=streamlake-certificates --description="Certificates that expire soon" \
      --on-active=5min --on-unit-active=1h /usr/local/sbin/streamlake-certificates "$days"
fi

wanted=$(metadata ops-agent-config) || exit 0
config=/etc/google-cloud-ops-agent/config.yaml
if ! dpkg --status google-cloud-ops-agent >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  apt-get install -qy --no-install-recommends ca-certificates curl gpg
  curl --silent --fail --show-error https://packages.cloud.google.com/apt/doc/apt-key.gpg |
    gpg --dearmor --yes --output /usr/share/keyrings/google-cloud-ops-agent.gpg
  # shellcheck source=/dev/null
  release=$(source /etc/os-release && echo "$VERSION_CODENAME")
  echo "deb [signed-by=/usr/share/keyrings/google-cloud-ops-agent.gpg] https://packages.cloud.google.com/apt google-cloud-ops-agent-$release-all main" \
    >/etc/apt/sources.list.d/google-cloud-ops-agent.list
  apt-get update -q
  apt-get install -qy google-cloud-ops-agent
fi
if [[ $wanted != "$(cat "$config" 2>/dev/null)" ]]; then
  printf '%s\n' "$wanted" >"$config"
  systemctl restart google-cloud-ops-agent
fi
