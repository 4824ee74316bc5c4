"""The yardstick: the same API as Django's and DRF's tutorials would have it written.

ModelViewSets, page numbers with a count, `icontains`, a loop of `select_for_update`:
nothing clever, nothing wrong. Over the shop's tables and models, so that both answer
the same facts; without its rate limits, logs, idempotency and histories.
"""
