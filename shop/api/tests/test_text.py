"""Plain text: what people type survives, what a browser reads as markup does not."""

import time

import pytest
from bleach._vendor import html5lib
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shop.api.serializers import ShopSerializer
from shop.api.text import PlainTextField, plain_text

# What attackers build from, and what people type.
PIECES = st.sampled_from(
    [
        "<", ">", "&", ";", "/", "!", "--", "=", "'", '"', " ", "\n", "\t", "#", "x",
        "<b>", "</b>", "<script>", "</script>", "<img src=x onerror=alert(1)>", "<!--",
        "-->", "<![CDATA[", "]]>", "<?php", "<svg/onload=a>", "&lt;", "&gt;", "&amp;",
        "&#60;", "&#x3c;", "&#x3C", "&lt", "&amp;lt;", "&quot;", "&nbsp;", "&#0;",
        "<a href='javascript:x'>", "<plaintext>", "<textarea>", "<title>", "<math><mi>",
        "龙井", "😀", "a", "1", "lt;", "amp;", "\u3000", "\u200b", "\r", "\x0b",
    ]
)  # fmt: skip
# The same texts at each run.
same = settings(derandomize=True, deadline=None, max_examples=300)
TEXTS = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=40)


def elements(text: str) -> list[str]:
    """Return the elements that a browser would make of the text.

    Not the comment that it makes of `</3`, which people type: nothing runs in one.
    """
    tree = html5lib.parseFragment(text, treebuilder="etree")
    tags = [node.tag for node in tree.iter() if node is not tree]
    return [tag for tag in tags if isinstance(tag, str)]


def test_the_browser_of_these_tests_sees_markup() -> None:
    found = elements("<b>a</b><svg/onload=x>")
    assert [tag.rpartition("}")[2] for tag in found] == ["b", "svg"]


@same
@given(TEXTS)
@example("&lt;script&gt;alert(1)&lt;/script&gt;")
@example("&amp;lt;b&amp;gt;")
@example("<<b>script>alert(1)<</b>/script>")
def test_nothing_is_left_that_a_browser_reads_as_markup(text: str) -> None:
    cleaned = plain_text(text)
    assert elements(cleaned) == []
    assert plain_text(cleaned) == cleaned


@same
@given(TEXTS)
def test_never_more_is_kept_than_was_sent(text: str) -> None:
    assert len(plain_text(text)) <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "a<b",
        "1 < 2 && 3 > 2",
        "x<3",
        "</3",
        "AT&T",
        "R&D部",
        "a & b",
        "a > b",
        "-> <-",
        "他说:“好”",
        'it\'s "fine"',
        "龙井茶 😀👨‍👩‍👧 𠮷",
        "第一行\n第二行",
        "50% off; 100%",
        "C:\\dir\\x",
        "",
    ],
)
def test_what_people_type_survives(text: str) -> None:
    assert plain_text(text) == text


@same
@given(st.text(alphabet="龙井茶あa1 ,。!?😀%+-*/()[]{}|~^@#$_", max_size=60))
def test_text_without_angle_brackets_and_ampersands_survives(text: str) -> None:
    assert plain_text(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<b>粗</b>", "粗"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("a<br>b", "ab"),
        ("<img src=x onerror=alert(1)>好", "好"),
        ("&lt;b&gt;粗&lt;/b&gt;", "粗"),
        ("&amp;amp;lt;b&amp;amp;gt;x", "x"),
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("&#60;b&#62;x", "x"),
        ("a<!-- c -->b", "ab"),
        ("<a href='javascript:alert(1)'>点</a>", "点"),
    ],
)
def test_markup_goes(text: str, kept: str) -> None:
    assert plain_text(text) == kept


@pytest.mark.parametrize("depth", [1, 5, 19, 20, 21, 100])
def test_escapes_however_deep(depth: int) -> None:
    cleaned = plain_text("&" + "amp;" * depth + "lt;script&gt;")
    assert elements(cleaned) == []
    assert plain_text(cleaned) == cleaned


class Form(ShopSerializer):
    text = PlainTextField(label="留言", max_length=20)
    note = PlainTextField(label="备注", required=False, allow_blank=True, min_length=2)


def messages(text: object) -> list[str]:
    form = Form(data={"text": text})
    assert not form.is_valid()
    return [str(message) for message in form.errors["text"]]


@pytest.mark.parametrize("piece", ["<", "&lt;", "&", "<b>", "<b x", "&amp;", "<!"])
def test_long_text_is_refused_before_it_is_cleaned(piece: str) -> None:
    began = time.process_time()
    assert messages(piece * 100_000) == ["留言长度不能超过20"]
    assert time.process_time() - began < 2


@pytest.mark.parametrize("piece", ["<", "&lt;", "&", "<b>", "<b x", "< ", "</"])
def test_cleaning_takes_time_in_proportion(piece: str) -> None:
    def once(text: str) -> float:
        began = time.process_time()
        plain_text(text)
        return time.process_time() - began

    def seconds(length: int) -> float:
        """Measure a few times: the collector may come in between."""
        text = (piece * length)[:length]
        return min(once(text) for _ in range(3))

    seconds(1_000)
    # Ten times the text, ten times the time; a square would be a hundred.
    assert seconds(20_000) < 40 * seconds(2_000) + 0.5


def test_limits_hold_for_what_was_sent_and_what_is_kept() -> None:
    form = Form(data={"text": "茶" * 20})
    assert form.is_valid()
    assert messages("茶" * 21) == ["留言长度不能超过20"]
    assert messages("<b>" + "茶" * 20) == ["留言长度不能超过20"]
    short = Form(data={"text": "x", "note": "<b>a</b>"})
    assert not short.is_valid()
    assert short.errors["note"] == ["备注长度不能少于2"]


@pytest.mark.parametrize(
    "text", ["", "  ", "\u3000", "<b></b>", "<br>", "&nbsp;", None]
)
def test_nothing_but_markup_is_blank(text: object) -> None:
    assert messages(text) == ["留言不能为空"]


def test_white_space_at_the_ends_goes() -> None:
    form = Form(data={"text": " \u3000<b> 龙 井 </b>\n", "note": "<i></i>"})
    assert not form.is_valid()
    form = Form(data={"text": " \u3000<b> 龙 井 </b>\n", "note": ""})
    assert form.is_valid(), form.errors
    assert form.validated_data == {"text": "龙 井", "note": ""}


@pytest.mark.parametrize("value", [{}, [], ["a"], True])
def test_what_is_no_text(value: object) -> None:
    assert messages(value) == ["留言格式不正确"]


def test_nul() -> None:
    assert messages("a\x00b") == ["留言格式不正确"]
