#!/bin/sh
# restore_command: take a piece of WAL out of the archive.
#
#   wal-restore.sh NAME PATH FOLDER
#
# 1 says that there is none, and that the recovery is at its end. An archive that is not
# there or a piece that cannot be read must not look like that: more than 125 ends the
# server.
set -eu
[ -d "$3" ] || exit 200
[ -e "$3/$1.gz" ] || exit 1
gzip --decompress --stdout "$3/$1.gz" >"$2" || exit 200
