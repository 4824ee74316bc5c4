#!/bin/sh
# archive_command: put a piece of WAL into the archive, whole and on the disk or not at
# all. PostgreSQL keeps it and asks again until this ends with 0.
#
#   wal-archive.sh PATH NAME FOLDER
set -eu
umask 077
path=$1
kept=$3/$2.gz
part=$3/$2.part

if [ -e "$kept" ]; then
    # Asked again after a crash, the same is kept; another one is never overwritten: that
    # would be a second server's.
    gzip --decompress --stdout "$kept" | cmp - "$path" >&2
else
    # A piece that was not full is mostly zeros.
    gzip --fast --stdout "$path" >"$part"
    sync "$part"
    mv "$part" "$kept"
fi
# Also what an earlier try had moved when it was killed.
sync "$3"
