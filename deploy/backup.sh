#!/bin/sh
# Put the database and the pictures into a dated folder, and remove old ones.
#
#   backup.sh           once
#   backup.sh --daily   every day, until stopped
#
# Which database: libpq's own PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE. The
# pictures are those of MEDIA_ROOT, unless S3_BUCKET has them: a bucket is not copied.
# BACKUP_FOLDER says where the folders go, BACKUP_KEEP_DAYS how long they stay.
set -eu
umask 077
folder=${BACKUP_FOLDER:-/var/backups/shop}
keep_days=${BACKUP_KEEP_DAYS:-14}
# The tag of the image, or the name of the release's folder.
release=$(cd "$(dirname "$0")/.." && basename "$(pwd -P)")
version=${SHOP_VERSION:-$release}

backup() (
    set -eu
    made=$(date -u +%Y%m%dT%H%M%SZ)
    part=$folder/shop-$made.part
    # What one has left that was killed a day ago or more.
    find "$folder" -maxdepth 1 -name 'shop-*.part' -mmin +1440 -exec rm -rf {} +
    # Only then, for the folder may be another's that began in the same second.
    mkdir "$part"
    trap 'rm -rf "$part"' EXIT
    # The rows first: a picture is stored before the row that names it, so each that the
    # dump names is there. Those that are newer than the dump do no harm.
    pg_dump --format=custom --no-password --file="$part/database.dump"
    pictures=$(pictures_put "$part/media.tar")
    manifest "$part" >"$part/manifest"
    sync "$part"/* "$part"
    mv -T "$part" "$folder/shop-$made"
    sync "$folder"
    # Only now, so that a database that is away never costs the last backup.
    find "$folder" -maxdepth 1 -name 'shop-*' -mtime "+$keep_days" -exec rm -rf {} +
    echo "backup: $folder/shop-$made"
)

pictures_put() {
    if [ -n "${S3_BUCKET:-}" ]; then
        echo "in bucket $S3_BUCKET"
        return
    fi
    # 1: a picture was deleted, or is still being written, which the dump does not name.
    tar --create --file="$1" --directory="${MEDIA_ROOT:?}" --numeric-owner . >&2 ||
        [ $? -eq 1 ]
    tar --list --file="$1" | grep -vc '/$' || true
}

# What is in the folder, by which a copy of it is known to be whole. A dump that cannot
# be read is none: the migrations are read from it, and so are of its moment.
manifest() {
    listed=$(pg_restore --list "$1/database.dump")
    migrated=$(pg_restore --data-only --table=django_migrations --file=- "$1/database.dump")
    echo "format 1"
    echo "made $made"
    echo "shop $version"
    echo "$listed" | sed -n \
        -e 's/^; *Dumped from database version: /postgres /p' \
        -e 's/^; *Dumped by pg_dump version: /pg_dump /p'
    echo "pictures $pictures"
    for file in "$1"/*.dump "$1"/*.tar; do
        if [ -e "$file" ]; then
            sum=$(sha256sum "$file")
            echo "file ${sum%% *} $(stat -c %s "$file") ${file##*/}"
        fi
    done
    echo "$migrated" | awk -F '\t' 'NF == 4 { print "migration " $2 "." $3 }'
    echo "end"
}

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
