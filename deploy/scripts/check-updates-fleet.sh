#!/bin/bash
# Version, channel and times of every server.
#
# Usage: check-updates-fleet.sh SERVER...

for server in "$@"; do
    echo "=== $server ==="
    ssh "$server" 'cco version && cco config show | grep -E "Last|Channel"'
done
