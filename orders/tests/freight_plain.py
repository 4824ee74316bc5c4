"""The freight of an order as plainly as Python allows: what orders/sql has to equal."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from math import ceil

from catalog.models import FreightRule, FreightTemplate
from orders.errors import RegionNotServed
from orders.services.order_requests import Destination
from orders.services.quoting import Line


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
