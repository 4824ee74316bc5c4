"""Background work of the catalogue."""

from procrastinate.contrib.django import app

from catalog.services.products import additions_delete_old


@app.periodic(cron="30 20 * * *")
@app.task(queueing_lock="catalog.additions_delete")
def additions_delete(timestamp: int) -> None:
    """Delete the keys of pages that were sent long ago."""
    additions_delete_old()
