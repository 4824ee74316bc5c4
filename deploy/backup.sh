#!/bin/sh
# Dump the database into a file that pg_restore reads, and remove old ones.
#
#   backup.sh           once
#   backup.sh --daily   every day, until stopped
#
# Which database: libpq's own PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE.
# BACKUP_FOLDER says where the files go, BACKUP_KEEP_DAYS how long they stay.
set -eu
umask 077
folder=${BACKUP_FOLDER:-/var/backups/shop}
keep_days=${BACKUP_KEEP_DAYS:-14}

backup() (
    set -eu
    file=$folder/shop-$(date -u +%Y%m%dT%H%M%SZ).dump
    # What this try leaves unfinished, and one that was killed a day ago or more.
    trap 'rm -f "$file.part"' EXIT
    find "$folder" -name 'shop-*.dump.part' -mmin +1440 -delete
    pg_dump --format=custom --no-password --file="$file.part"
    # A dump that cannot be read is none.
    pg_restore --list "$file.part" >/dev/null
    sync "$file.part"
    mv "$file.part" "$file"
    # Only now, so that a database that is away never costs the last dump.
    find "$folder" -name 'shop-*.dump' -mtime "+$keep_days" -delete
    echo "backup: $file"
)

if [ "${1:-}" != --daily ]; then
    backup
    exit
fi

sleeper=
trap 'kill $sleeper 2>/dev/null; exit 0' TERM INT
while :; do
    # Not in an "if": the shell would go on after a failure inside.
    set +e
    backup
    status=$?
    set -e
    seconds=86400
    if [ "$status" -ne 0 ]; then
        echo "backup: failed, next try in an hour" >&2
        seconds=3600
    fi
    sleep "$seconds" &
    sleeper=$!
    wait "$sleeper"
done
