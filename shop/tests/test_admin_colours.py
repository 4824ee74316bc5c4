"""States look alike wherever they stand: a word has one colour in all desks."""

from collections import defaultdict

from django.contrib import admin


def test_a_word_has_one_colour() -> None:
    colours: dict[str, set[str]] = defaultdict(set)
    for desk in admin.site._registry.values():
        for name in desk.list_display:
            label = getattr(getattr(desk, str(name), None), "label", None)
            for word, colour in label.items() if isinstance(label, dict) else ():
                colours[str(word)].add(colour)
    assert {word: its for word, its in colours.items() if len(its) > 1} == {}
    assert colours["失败"] == {"danger"}
