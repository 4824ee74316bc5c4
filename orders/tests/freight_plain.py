"""The freight of an order as plainly as Python allows: what orders/sql has to equal."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from math import ceil
from typing import Any

from catalog.models import FreightRule, FreightTemplate
from catalog.services.freight import (
    FreightTerms,
    TemplateChange,
    freight_template_create,
)
from orders.errors import RegionNotServed
from orders.services.order_requests import Destination
from orders.services.quoting import Line

UNSERVED = FreightTerms(is_served=False)


def terms(told: str, *, free_from: str | None = None) -> FreightTerms:
    """Read `first units, first fee, further units, further fee`."""
    first_units, first_fee, further_units, further_fee = told.split()
    return FreightTerms(
        first_units=int(first_units),
        first_fee=Decimal(first_fee),
        further_units=int(further_units),
        further_fee=Decimal(further_fee),
        free_from=Decimal(free_from) if free_from else None,
    )


def template_make(name: str, fallback: FreightTerms, **fields: Any) -> FreightTemplate:
    change = TemplateChange(
        name=name, fallback=fallback, **{"unit": "piece", "is_default": False, **fields}
    )
    return freight_template_create(change=change)


def freight_plainly(lines: Sequence[Line], destination: Destination) -> Decimal:
    """Do what `freight_of` does, one template after the other."""
    default = FreightTemplate.objects.filter(is_default=True).first()
    groups: dict[FreightTemplate, list[Line]] = defaultdict(list)
    for line in lines:
        if template := line.sku.product.freight_template or default:
            groups[template].append(line)
    rules = {template: _rule(template, destination) for template in groups}
    unserved = [
        {
            "productId": line.sku.product_id,
            "skuId": line.sku.pk,
            "name": line.sku.product.name,
        }
        for line in lines
        for template, group in groups.items()
        if line in group and not rules[template].is_served
    ]
    if unserved:
        raise RegionNotServed(items=unserved)
    fees = [_fee(rules[template], group) for template, group in groups.items()]
    return sum(fees, Decimal("0.00"))


def _rule(template: FreightTemplate, destination: Destination) -> FreightRule:
    named = {
        (region.is_city, region.name): region.rule for region in template.regions.all()
    }
    city = named.get((True, destination.city))
    province = named.get((False, destination.province))
    return city or province or template.rules.get(is_fallback=True)


def _fee(rule: FreightRule, lines: Sequence[Line]) -> Decimal:
    if rule.free_from and sum(line.amount for line in lines) >= rule.free_from:
        return Decimal("0.00")
    units = sum(_units(rule.template, line) for line in lines)
    further = ceil(Decimal(max(units - rule.first_units, 0)) / rule.further_units)
    return rule.first_fee + rule.further_fee * further


def _units(template: FreightTemplate, line: Line) -> int:
    return line.quantity * (line.sku.weight_grams if template.unit == "weight" else 1)
