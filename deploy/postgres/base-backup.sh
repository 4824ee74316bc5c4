#!/bin/sh
# Copy the whole server, as the beginning of a recovery, and remove what no recovery
# begins with any more: older copies, and the WAL before the oldest that is kept.
#
#   base-backup.sh FOLDER
#
# Its name says when it was complete: it serves any later moment. Which server: libpq's
# own PGHOST and PGUSER, a role that may replicate. BASE_BACKUPS_KEPT, 2 unless set.
set -eu
umask 077
folder=$1
kept=${BASE_BACKUPS_KEPT:-2}
part=$folder/base/new.part
[ "$kept" -ge 1 ] || { echo "base backup: keep 1 or more, not $kept" >&2; exit 1; }
mkdir -p "$folder/base"
# One at a time: until the last of its programs has ended, nobody else removes a thing.
exec 9<"$folder/base"
flock --nonblock 9 || { echo "base backup: another one is being made" >&2; exit 1; }

complete() {
    find "$folder/base" -mindepth 1 -maxdepth 1 -name '*Z' | sort
}

# What an earlier try has left, and what this one leaves unfinished.
rm -rf "$part"
trap 'rm -rf "$part"' EXIT
pg_basebackup --pgdata="$part" --checkpoint=fast --no-password
pg_verifybackup --quiet "$part"
made=$folder/base/$(date -u +%Y%m%dT%H%M%SZ)
mv -T "$part" "$made"
sync "$folder/base"
complete | head -n "-$kept" |
    xargs --no-run-if-empty --delimiter '\n' rm -rf
first=$(sed -n 's/^START WAL LOCATION: .* (file \(.*\))$/\1/p' \
    "$(complete | head -n 1)/backup_label")
pg_archivecleanup -b -x .gz "$folder/wal" "$first"
echo "base backup: $made, WAL from $first on"
