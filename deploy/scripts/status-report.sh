#!/bin/bash
# One line per server: version, channel, time of the last check.
#
# Usage: status-report.sh SERVER...

echo "CCO Fleet Status Report"
echo "======================="

for server in "$@"; do
    VERSION=$(ssh "$server" cco version 2>/dev/null | head -1 | awk '{print $3}')
    CHANNEL=$(ssh "$server" cco config get updates.channel 2>/dev/null | awk '{print $3}')
    LAST_CHECK=$(ssh "$server" cco config get updates.last_check 2>/dev/null | sed 's/.* = //')

    printf "%-10s Version: %-12s Channel: %-8s Last check: %s\n" \
        "$server" "$VERSION" "$CHANNEL" "$LAST_CHECK"
done
