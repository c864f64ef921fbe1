#!/bin/bash
# Appends one line per server to update-audit.log: its version, and when that was installed.
#
# Usage: audit-updates.sh SERVER...

for server in "$@"; do
    LAST_UPDATE=$(ssh "$server" cco config get updates.last_update 2>/dev/null | awk '{print $3, $4}')
    VERSION=$(ssh "$server" cco version 2>/dev/null | head -1 | awk '{print $3}')
    echo "$(date): $server updated to $VERSION on $LAST_UPDATE" >> update-audit.log
done
