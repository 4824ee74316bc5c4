#!/bin/sh
# Make a data directory that, when a server starts on it, becomes what the shop was at a
# moment: the newest base backup before it, and the WAL from there on.
#
#   recover.sh FOLDER DATA 'YYYY-MM-DD HH:MM:SS+08'
#   recover.sh FOLDER DATA latest
#
# FOLDER has the archive (base, wal), DATA is made. The server that comes of it archives
# nothing, until ALTER SYSTEM RESET archive_mode.
set -eu
umask 077
folder=$1
data=${2%/}
moment=$3
part=$data.part
here=$(cd "$(dirname "$0")" && pwd)

[ ! -e "$data" ] || { echo "recover: $data is there already" >&2; exit 1; }
until=99991231T000000Z
target=
if [ "$moment" != latest ]; then
    # A base backup of that very second may have been complete after the moment.
    until=$(date -u -d "$moment" +%Y%m%dT%H%M%SZ)
    # For the server in UTC: it might be in another time zone than this.
    target=$(date -u -d "$moment" '+%Y-%m-%d %H:%M:%S.%6N+00')
fi
base=$(find "$folder/base" -mindepth 1 -maxdepth 1 -name '*Z' -printf '%f\n' | sort |
    awk -v until="$until" '$0 < until' | tail -n 1)
[ "$base" ] || { echo "recover: no base backup before $moment" >&2; exit 1; }
# What an earlier try has left. A server on half of this would begin, and know nothing of
# the moment.
rm -rf "$part"
trap 'rm -rf "$part"' EXIT
cp -R "$folder/base/$base" "$part"
# The target, too, if there is none: that of an earlier recovery stands in the copy.
cat >>"$part/postgresql.auto.conf" <<END
restore_command = 'sh "$here/wal-restore.sh" %f "%p" "$folder/wal"'
recovery_target_time = '$target'
recovery_target_action = promote
archive_mode = off
END
touch "$part/recovery.signal"
mv -T "$part" "$data"
echo "recover: $data: from $base to $moment; start a server on it"
