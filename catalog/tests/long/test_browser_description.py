"""A description in its editor, in a real browser."""

from shop.tests.browser import MARKS, Office

pytestmark = MARKS


def the_editor_knows_what_it_keeps(office: Office) -> None:
    picture = f"{office.base}/static/shop/favicon.svg"
    cases = {
        "<p>香<br><b>浓</b></p><p>一</p><p><br></p><p>二</p>": True,
        "第一行\n第二行 &amp; 1 &lt; 2": True,
        "<ul><li>一<ul><li>二</li></ul></li></ul><blockquote>引</blockquote>": True,
        "<h1>一</h1><h3>三</h3><p><u>下</u><del>旧</del></p>": True,
        f'<p>图<img src="{picture}" alt="猫"></p><p><em>斜</em></p>': True,
        "<table><tbody><tr><td>产地</td></tr></tbody></table>": False,
        '<p><a href="https://x.cn" title="t">看</a></p>': False,
    }
    found = office.page.evaluate(
        """async (texts) => {
          const html = await import("/static/catalog/rich_html.js");
          const element = document.querySelector("trix-editor");
          return texts.map((text) => {
            element.editor.loadHTML(html.editable(text));
            const kept = html.stored(element.value);
            return html.canonical(kept) === html.canonical(text);
          });
        }""",
        list(cases),
    )
    assert dict(zip(cases, found, strict=True)) == cases


def pasted_html_runs_nothing(office: Office) -> None:
    """Whatever would run makes the test fail: a dialog, or a request."""
    office.page.evaluate(
        """() => {
          document.querySelector("trix-editor").editor.loadHTML("");
          const data = new DataTransfer();
          data.setData("text/html",
            `<b>好</b><img src="x" onerror="alert(1)"><svg onload="alert(2)"></svg>` +
            `<div data-trix-attachment='{"contentType":"text/html5","content":` +
            `"<img src=x onerror=alert(3)>"}'></div>` +
            `<a href="javascript:alert(4)">看</a>`);
          data.setData("application/x-trix-document", "[]");
          const event = new ClipboardEvent("paste",
            { clipboardData: data, bubbles: true, cancelable: true });
          document.querySelector("trix-editor").dispatchEvent(event);
        }"""
    )
    value = office.page.input_value("[name=description]")
    assert value.startswith("<p><strong>好</strong>")
    assert "看" in value
    for word in ("onerror", "svg", "javascript", "data-trix"):
        assert word not in value


def test_the_editor_keeps_what_it_can_and_runs_nothing(office: Office) -> None:
    office.open("catalog/product/add/")
    the_editor_knows_what_it_keeps(office)
    pasted_html_runs_nothing(office)
    # Parsing an attribute that would run is told, though the document runs nothing.
    told = "Executing inline event handler violates"
    office.faults[:] = [x for x in office.faults if not x.startswith(told)]
