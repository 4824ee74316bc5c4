"""What the tests of the catalogue's desks share: staff, and pages as browsers send."""

import io
from html.parser import HTMLParser
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from catalog.models import Product

PRODUCTS = "/admin/catalog/product/"
PRODUCT_ADD = f"{PRODUCTS}add/"
STALE = "商品已被他人修改,本次修改未保存,请重新打开页面后再改"


def staff_client(*permissions: str, name: str = "clerk") -> Client:
    """Log in a member of staff who may do these things in the catalogue alone."""
    user = get_user_model().objects.create_user(name, "a-long-password-9")
    known = Permission.objects.filter(content_type__app_label="catalog")
    chosen = known.filter(codename__in=permissions)
    assert chosen.count() == len(permissions)
    user.user_permissions.set(chosen)
    client = Client()
    client.force_login(user)
    return client


class _Inputs(HTMLParser):
    """Read the named inputs of a page's form that is sent by POST."""

    def __init__(self) -> None:
        super().__init__()
        self.data: dict[str, Any] = {}
        self.select: str | None = None
        self.area: str | None = None
        self.in_form = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        facts = dict(attrs)
        name = facts.get("name") or ""
        if tag == "form":
            self.in_form = facts.get("method", "").lower() == "post"
        if not self.in_form or "disabled" in facts or "__prefix__" in name:
            return
        if tag == "select":
            self.select = name
        elif tag == "option" and self.select:
            if "selected" in facts or self.select not in self.data:
                self.data[self.select] = facts.get("value", "")
        elif tag == "textarea":
            self.area, self.data[name] = name, ""
        elif tag == "input" and name:
            self._input(name, facts)

    def _input(self, name: str, facts: dict[str, Any]) -> None:
        kind = facts.get("type")
        if kind in ("file", "submit") or (
            kind == "checkbox" and "checked" not in facts
        ):
            return
        ticked = "on" if kind == "checkbox" else ""
        self.data.setdefault(name, []).append(facts.get("value") or ticked)

    def handle_data(self, data: str) -> None:
        if self.area:
            self.data[self.area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = None
        if tag == "textarea":
            self.area = None


def page_data(client: Client, url: str) -> dict[str, Any]:
    """Open a page; return what a browser would send back from it unchanged."""
    response = client.get(url)
    assert response.status_code == 200, response.content
    return inputs(response)


def inputs(response: Any) -> dict[str, Any]:
    """Return what a browser would send back from an answered page."""
    parser = _Inputs()
    parser.feed(response.content.decode())
    data = parser.data
    # The page's other forms (language, logout) have no field of ours.
    return {
        n: v[0] if isinstance(v, list) and len(v) == 1 else v for n, v in data.items()
    }


def told(response: Any) -> list[str]:
    """Return what the answer tells staff, but what they were told before."""
    return [str(message) for message in get_messages(response.wsgi_request)][-1:]


def errors(response: Any) -> list[str]:
    """Return every refusal on a form that is shown again."""
    assert response.status_code == 200, response.status_code
    found = response.context["errors"]
    return [t for part in found for t in ([part] if isinstance(part, str) else part)]


def picture_file(name: str = "photo.png", colour: str = "red") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, "PNG")
    return SimpleUploadedFile(name, out.getvalue(), "image/png")


def product_page(product: Product) -> str:
    return f"{PRODUCTS}{product.pk}/change/"


def facts(product: Product) -> dict[str, Any]:
    """Return the row as it is in the database."""
    return Product.objects.filter(pk=product.pk).values().get()


def sku_row(number: int, specs: str, price: str, stock: str = "") -> dict[str, str]:
    row = {"specs": specs, "price": price, "stock": stock, "code": ""}
    return {f"skus-{number}-{name}": text for name, text in row.items()}


def new_page(client: Client, *rows: dict[str, str], **fields: Any) -> dict[str, Any]:
    """Return a new product's page as it is sent with these rows."""
    data = page_data(client, PRODUCT_ADD) | {
        "name": "T恤",
        "skus-TOTAL_FORMS": len(rows),
    }
    for row in rows:
        data |= row
    return data | fields
