#!/bin/bash
# Copies the settings of every server into a new folder backups/cco-config-<time>; restores them from such a folder.
#
# Usage: backup-cco-config.sh SERVER...
#        backup-cco-config.sh --restore FOLDER SERVER...
set -e

if [ "$1" = "--restore" ]; then
    FOLDER=$2
    shift 2
    for server in "$@"; do
        ssh "$server" 'cat > "$(cco config path)" && cco config validate' < "$FOLDER/$server-config.toml"
    done
    exit 0
fi

BACKUP_DIR="backups/cco-config-$(date +%Y%m%d-%H%M%S)"
mkdir -p "$BACKUP_DIR"

for server in "$@"; do
    # Quoted: the path is that of the server's user, not of yours.
    ssh "$server" 'cat "$(cco config path)"' > "$BACKUP_DIR/$server-config.toml"
done

echo "Backed up to: $BACKUP_DIR"
