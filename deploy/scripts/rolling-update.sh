#!/bin/bash
# Updates one server after the other, and stops at the first that does not serve the new version.
#
# Usage: rolling-update.sh SERVER...

for server in "$@"; do
    echo "Updating $server..."
    BEFORE=$(ssh "$server" cco --version)

    if ssh "$server" 'cco update --yes && cco daemon restart' &&
        ssh "$server" 'cco daemon status | grep -q "^Health: ok$"'; then
        echo "✅ $server healthy"
        continue
    fi

    echo "❌ $server failed - ROLLING BACK"
    # An update or a restart that fails has put the previous version back by itself, if it still could. Otherwise
    # mv, not cp: nothing can write into the file of a program that runs.
    if [ "$(ssh "$server" cco --version)" != "$BEFORE" ]; then
        ssh "$server" 'mv -f ~/.local/bin/cco.backup ~/.local/bin/cco && cco daemon restart'
    fi
    exit 1
done

echo "✅ All servers updated successfully"
