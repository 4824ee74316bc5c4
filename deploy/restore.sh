#!/bin/sh
# Restore a backup that backup.sh has made, into an empty database: never over another.
#
#   restore.sh FOLDER            check it, then restore it
#   restore.sh --check FOLDER    only say whether it is whole
#
# Which database: libpq's own PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE. The
# pictures go to MEDIA_ROOT; those that are there stay. Broken off, it may be run again:
# the tables come last, and all at once. Afterwards `manage.py restore_check` says what
# came of it.
set -eu

refuse() {
    echo "restore: $*" >&2
    exit 1
}

check() {
    case $backup in *.part) refuse "$backup was never finished" ;; esac
    [ -f "$manifest" ] || refuse "$backup is no backup: it has no manifest"
    [ "$(head -n 1 "$manifest")" = "format 1" ] || refuse "$manifest is of another format"
    [ "$(tail -n 1 "$manifest")" = end ] || refuse "$manifest is cut off"
    sed -n 's/^file \([0-9a-f]*\) [0-9]* /\1  /p' "$manifest" |
        (cd "$backup" && sha256sum --check --strict --quiet) >&2 ||
        refuse "$backup is damaged"
}

said() {
    sed -n "s/^$1 //p" "$manifest"
}

is_only_check=
if [ "${1:-}" = --check ]; then
    is_only_check=yes
    shift
fi
backup=${1:?which folder?}
backup=${backup%/}
manifest=$backup/manifest
check
what="$backup of $(said made), shop $(said shop), PostgreSQL $(said postgres)"
if [ "$is_only_check" ]; then
    echo "restore: whole: $what"
    exit
fi

database=${PGDATABASE:?which database?}
pictures=
if [ -e "$backup/media.tar" ]; then
    pictures=${MEDIA_ROOT:?where do the pictures go?}
fi
tables=$(psql --no-psqlrc --no-password --tuples-only --no-align --command \
    "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
[ "$tables" = 0 ] || refuse "the database $database is not empty: restore into a new one"
if [ "$pictures" ]; then
    tar --extract --file="$backup/media.tar" --directory="$pictures" --numeric-owner
fi
pg_restore --dbname="$database" --no-password --no-owner --exit-on-error \
    --single-transaction "$backup/database.dump"
psql --no-psqlrc --no-password --quiet --command ANALYZE
echo "restore: $what"
echo "restore: pictures: $(said pictures). Now: manage.py migrate, manage.py restore_check"
