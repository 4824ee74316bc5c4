"""How the demo shop sends its goods."""

from decimal import Decimal

from catalog.models import FreightTemplate, FreightUnit
from catalog.services.freight import (
    FreightTerms,
    RegionRule,
    TemplateChange,
    freight_template_create,
)

_BY_PIECE, _BY_WEIGHT = "普通快递", "大件按重量"
# The grams of a piece; what is heavy goes by weight.
HEAVY = {"厨房": 1500, "家居": 500}
_FAR = ("新疆", "西藏", "青海", "内蒙古")
_ABROAD = RegionRule(
    provinces=("香港", "澳门", "台湾"), terms=FreightTerms(is_served=False)
)


def demo_freight_load(*, category: str) -> FreightTemplate:
    """Return the template of a category's goods, made when it is first asked for."""
    name = _BY_WEIGHT if category in HEAVY else _BY_PIECE
    found = FreightTemplate.objects.filter(name=name).first()
    if found is not None:
        return found
    make = _by_weight if category in HEAVY else _by_piece
    return freight_template_create(change=make())


def _by_piece() -> TemplateChange:
    near = RegionRule(
        provinces=("浙江", "江苏", "上海"), terms=_terms("6.00", "1.00", "59.00")
    )
    far = RegionRule(provinces=_FAR, terms=_terms("15.00", "5.00"))
    return TemplateChange(
        name=_BY_PIECE,
        unit=FreightUnit.PIECE,
        is_default=False,
        rules=[near, far, _ABROAD],
        fallback=_terms("8.00", "2.00", "99.00"),
    )


def _by_weight() -> TemplateChange:
    far = RegionRule(provinces=_FAR, terms=_terms("20.00", "12.00", units=1000))
    city = RegionRule(cities=("杭州",), terms=_terms("5.00", "1.00", units=1000))
    return TemplateChange(
        name=_BY_WEIGHT,
        unit=FreightUnit.WEIGHT,
        is_default=False,
        rules=[city, far, _ABROAD],
        fallback=_terms("10.00", "3.00", units=1000),
    )


def _terms(
    first: str, further: str, free_from: str | None = None, *, units: int = 1
) -> FreightTerms:
    return FreightTerms(
        first_units=units,
        first_fee=Decimal(first),
        further_units=units,
        further_fee=Decimal(further),
        free_from=Decimal(free_from) if free_from else None,
    )
