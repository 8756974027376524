#!/bin/bash
# Says in the journal which certificates of this host expire soon. Run once an hour; an alert counts the lines.
#   certificates.sh DAYS [FOLDER ...]
set -uo pipefail
days=$1
shift
[[ $# -gt 0 ]] || set -- /etc/streamlake/credentials /etc/kafka/credentials
found=0
while IFS= read -r -d '' path; do
  end=$(openssl x509 -noout -enddate -in "$path" 2>/dev/null) || continue
  found=$((found + 1))
  left=$((($(date -d "${end#notAfter=}" +%s) - $(date +%s)) / 86400))
  if ((left < days)); then echo "certificate expires soon: days=$left path=$path"; fi
done < <(find "$@" -type f \( -name '*.crt' -o -name '*.pem' \) -print0 2>/dev/null)
echo "certificates looked at: $found"
