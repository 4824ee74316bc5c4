"""An index for the count of failed jobs, which the sidebar shows on every page."""

from django.db import migrations

# The table is short, for what succeeded is deleted: made in a moment, so it needs no
# CONCURRENTLY, and `migrate` tries again when the lock is not to be had.
INDEX = "CREATE INDEX job_failed ON procrastinate_jobs (id) WHERE status = 'failed'"


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0007_uploads_and_messages"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [migrations.RunSQL(INDEX, "DROP INDEX job_failed")]
