"""Background work of the catalogue."""

from procrastinate.contrib.django import app

from catalog.services.counts import counts_add_up
from catalog.services.footprints import footprints_delete_old
from catalog.services.products import additions_delete_old
from catalog.services.search_history import search_history_delete_old
from catalog.services.search_words import popular_words_count


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="catalog.counts_add_up")
def counts_add(timestamp: int) -> None:
    """Add up the changes of the kept counts, so that a total reads few rows."""
    counts_add_up()


@app.periodic(cron="30 20 * * *")
@app.task(queueing_lock="catalog.additions_delete")
def additions_delete(timestamp: int) -> None:
    """Delete the keys of pages that were sent long ago."""
    additions_delete_old()


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="catalog.popular_words_count")
def popular_words_refresh(timestamp: int) -> None:
    """Count anew what many shoppers searched for lately."""
    popular_words_count()


@app.periodic(cron="35 20 * * *")
@app.task(queueing_lock="catalog.search_history_delete")
def search_history_delete(timestamp: int) -> None:
    """Delete what shoppers searched for long ago."""
    search_history_delete_old()


@app.periodic(cron="45 20 * * *")
@app.task(queueing_lock="catalog.footprints_delete")
def footprints_delete(timestamp: int) -> None:
    """Delete what shoppers looked at long ago."""
    footprints_delete_old()
