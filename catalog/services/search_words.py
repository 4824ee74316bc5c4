"""The writes of the words that shoppers are offered."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from catalog.errors import SearchWordExists
from catalog.locks import content_lock, popular_words_lock
from catalog.models import SearchWord
from catalog.services.history import WORDS, unchanged_require
from shop.api.kept.store import answers_drop
from shop.api.text import plain_text
from shop.errors import Invalid, NotFound
from shop.history import history_begin, history_kept

# What shoppers search for is told to others only when so many have, each in their own
# words: nobody's name or address is read out of it.
SHOPPERS_MIN = 5
POPULAR_DAYS = timedelta(days=7)
# More than are shown: staff block some.
POPULAR_MAX = 50

# The index judges whether a word finds something. The spelling is that of most.
_COUNT = """
WITH asked AS MATERIALIZED (
    SELECT mode() WITHIN GROUP (ORDER BY keyword) COLLATE "C" AS word,
        count(*) AS shoppers
    FROM catalog_searchhistory WHERE searched_at >= %s
    GROUP BY catalog_search_fold(keyword) HAVING count(*) >= %s
    ORDER BY shoppers DESC, word LIMIT %s
)
INSERT INTO catalog_popularword (word, shoppers)
SELECT word, shoppers FROM asked
WHERE EXISTS (
    SELECT FROM catalog_productsearch AS search WHERE search.on_sale
    AND catalog_search_matches(search.name, search.description, asked.word)
)
ORDER BY shoppers DESC, word
"""


@transaction.atomic
def search_word_create(
    *, fields: Mapping[str, Any], operator_id: int | None
) -> SearchWord:
    """Add a word that is offered, or one that never shall be.

    Raises: Invalid, SearchWordExists.
    """
    answers_drop()
    word = _written(SearchWord(**_ruled(fields)))
    history_begin(WORDS, keys=[word.pk], operator_id=operator_id)
    return word


@transaction.atomic
def search_word_update(
    *,
    word_id: int,
    fields: Mapping[str, Any],
    operator_id: int | None,
    expected_version: int | None = None,
) -> None:
    """Change a word.

    `expected_version` is the one of the history that the editor saw.
    Locks: the word.
    Raises: NotFound, ContentChanged, Invalid, SearchWordExists.
    """
    answers_drop()
    word = _locked(word_id)
    unchanged_require(WORDS, word_id, expected_version)
    for name, value in _ruled(fields).items():
        setattr(word, name, value)
    with history_kept(WORDS, keys=[word_id], operator_id=operator_id):
        _written(word)


@transaction.atomic
def search_word_delete(*, word_id: int, operator_id: int | None) -> None:
    """Delete a word.

    Locks: the word.
    Raises: NotFound.
    """
    answers_drop()
    word = _locked(word_id)
    with history_kept(WORDS, keys=[word_id], operator_id=operator_id):
        word.delete()


@transaction.atomic
def popular_words_count() -> int:
    """Count anew what many shoppers searched for lately; return how many words.

    Locks: the table of these words, against another count.
    """
    popular_words_lock()
    since = timezone.now() - POPULAR_DAYS
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_popularword")
        cursor.execute(_COUNT, [since, SHOPPERS_MIN, POPULAR_MAX])
        return int(cursor.rowcount)


def _locked(word_id: int) -> SearchWord:
    word = content_lock(SearchWord, word_id)
    if word is None:
        raise NotFound("搜索词不存在")
    return word


def _ruled(fields: Mapping[str, Any]) -> dict[str, Any]:
    word = plain_text(fields["word"]).strip()
    if not word:
        raise Invalid.field("word", "词不能为空")
    return {**fields, "word": word}


def _written(word: SearchWord) -> SearchWord:
    """Save a word; its index says whether another one is the same."""
    try:
        with transaction.atomic():
            word.save()
    except IntegrityError:
        raise SearchWordExists from None
    return word
