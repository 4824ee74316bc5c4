"""Descriptions: formatting stays, whatever runs goes."""

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from catalog.rich_text import rich_text

# Of these hostile and broken texts are made.
_PIECES = [
    *("<p>", "</p>", "<b", ">", "<", "&", "&lt;", "&amp;", "lt;", "#60;", "&#x3c;"),
    *("<script>", "</script>", "<svg>", "<style>", "</style>", "<!--", "-->", "'"),
    *('"', "=", "/", "<a href='javascript:x'>", "<img src=x onerror=x>", "<table>"),
    *("<td>", "<pre>", "\n", "<math>", "<div>", "<li>", "香", "&nbsp;", "<![CDATA["),
    *("<title>", "<textarea>", "</textarea>", "<noscript>", "<iframe>", "<select>"),
]


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("第一行\n第二行", "第一行\n第二行"),
        ("<p>香<br><b>浓</b></p>", "<p>香<br><b>浓</b></p>"),
        ("<ul><li>一</li></ul>", "<ul><li>一</li></ul>"),
        (
            '<a href="https://x.cn/?a=1" title="t">看</a>',
            '<a href="https://x.cn/?a=1" title="t">看</a>',
        ),
        ('<a href="HTTP://x.cn">看</a>',) * 2,
        ('<a href="//x.cn">看</a>', "<a>看</a>"),
        ('<a href="/pages/x">看</a>', "<a>看</a>"),
        ('<img src="https://x.cn/a.png" alt="图">',) * 2,
        ("<script>alert(1)</script>", "alert(1)"),
        ("<p onclick='x()' style='x' class='y'>香</p>", "<p>香</p>"),
        ('<a href="javascript:alert(1)">看</a>', "<a>看</a>"),
        ('<a href="JaVa\tScript:alert(1)">看</a>', "<a>看</a>"),
        ('<a href="data:text/html,x">看</a>', "<a>看</a>"),
        ('<img src="http://x.cn/a.png">', "<img>"),
        ('<img src="javascript:x" onerror="x()">', "<img>"),
        ('<img src="data:image/svg+xml,x">', "<img>"),
        ("<svg><script>x</script></svg>", "x"),
        ("<iframe src='https://x'></iframe><style>p{}</style>", "p{}"),
        ("<!-- x --><p>香", "<p>香</p>"),
        ("<h1>一</h1><h4>四</h4><pre>a</pre><del>旧</del><div>块</div>",) * 2,
        ("<figure><img src='https://x.cn/a.png'><figcaption>图</figcaption></figure>",)
        + ('<img src="https://x.cn/a.png">\n图',),
        ("<math><mtext><table><mglyph><style><img src onerror=x()>", None),
        ("<noscript><p title='</noscript><img src=x onerror=x()>'>", None),
        ("<svg><p><style><a id='</style><img src=1 onerror=x()>'>", None),
        ("1 < 2 & 3", "1 &lt; 2 &amp; 3"),
        ("&ldquo;香&rdquo;&#8212;&#x9F99;", "“香”—龙"),
        ("&lt;b&gt;", "&lt;b&gt;"),
        ("&amp;ldquo;", "&amp;ldquo;"),
        ('<a href="java&Tab;script:alert(1)">看</a>', "<a>看</a>"),
        ("<pre>\n香</pre>", "<pre>香</pre>"),
        ("<a><table><a>", "<a></a><a></a><table></table>"),
        ("<pre>\n\n香</pre>", "<pre>\n\n香</pre>"),
        ('<a title="<pre>\n">香</a>', None),
    ],
)
def test_what_is_kept(html: str, kept: str | None) -> None:
    cleaned = rich_text(html)
    assert kept in (None, cleaned)
    assert rich_text(cleaned) == cleaned
    assert re.search(r"<[^>]*\bon\w+=|<(?:svg|math|style|noscript)", cleaned) is None


@given(st.lists(st.sampled_from(_PIECES), max_size=12))
def test_cleaning_once_is_enough(pieces: list[str]) -> None:
    cleaned = rich_text("".join(pieces))
    assert rich_text(cleaned) == cleaned


def test_our_own_pictures_stay_and_unknown_ones_go(
    staff_api: APIClient, upload_make: Callable[[str], str]
) -> None:
    own = upload_make("a")
    unknown = own.replace("a" * 32, "b" * 31 + "c")
    body = {
        "name": "龙井",
        "price": "9.00",
        "description": f'<img src="{own}"><img src="{unknown}">',
    }
    response = staff_api.post("/api/products", body, format="json")
    assert response.json()["data"]["description"] == f'<img src="{own}"><img>'


def test_the_limit_counts_what_is_kept(staff_api: APIClient) -> None:
    description = "<x>" * 7_000 + "长" * 20_000
    body = {"name": "龙井", "price": "9.00", "description": description}
    response = staff_api.post("/api/products", body, format="json")
    assert response.status_code == 201
    assert response.json()["data"]["description"] == "长" * 20_000


def test_a_mebibyte_is_refused_before_it_is_cleaned(staff_api: APIClient) -> None:
    for body in (
        {"description": "<" * 1_000_000},
        {"skus": [{"specs": {"<" * 1_000_000: "白"}, "price": "9.00", "stock": 1}]},
    ):
        began = time.process_time()
        body = {"name": "龙井", "price": "9.00"} | body
        response = staff_api.post("/api/products", body, format="json")
        assert response.status_code == 400
        assert time.process_time() - began < 1
