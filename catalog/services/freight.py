"""The writes of freight templates: each as a whole, one at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.db import connection, transaction

from catalog.errors import FreightTemplateChanged, FreightTemplateInUse
from catalog.locks import freight_templates_lock, products_lock
from catalog.models import FreightRegion, FreightRule, FreightTemplate, Product
from catalog.regions import PROVINCES
from catalog.services.history import PRODUCTS
from shop.errors import Invalid, NotFound
from shop.history import history_kept

RULES_MAX = 50
REGIONS_MAX = 400
# Pieces or grams; far more than a shop writes, and no sum of an order overflows.
UNITS_MAX = 1_000_000
FEE_MAX = Decimal("99999.99")
_NOT_FOUND = "运费模板不存在"


@dataclass(frozen=True, kw_only=True)
class FreightTerms:
    """What some regions cost; units are pieces or grams, as the template counts."""

    is_served: bool = True
    first_units: int = 1
    first_fee: Decimal = Decimal("0.00")
    further_units: int = 1
    further_fee: Decimal = Decimal("0.00")
    # What the goods of the template cost in one order, from which on this is free.
    free_from: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class RegionRule:
    """Terms for some provinces and cities."""

    provinces: Sequence[str] = ()
    cities: Sequence[str] = ()
    terms: FreightTerms


@dataclass(frozen=True, kw_only=True)
class TemplateChange:
    """A template as the editor wants it; `fallback` is for all regions not named."""

    name: str
    unit: str
    is_default: bool
    rules: Sequence[RegionRule] = ()
    fallback: FreightTerms


@transaction.atomic
def freight_template_create(*, change: TemplateChange) -> FreightTemplate:
    """Add a template.

    Locks: the templates.
    Raises: Invalid.
    """
    freight_templates_lock()
    template = FreightTemplate()
    _write(template, change)
    return template


@transaction.atomic
def freight_template_update(
    *, template_id: int, change: TemplateChange, expected_version: str
) -> None:
    """Make a template what is given; orders keep the freight they were placed with.

    `expected_version` is the `version` that the editor saw.
    Locks: the templates.
    Raises: NotFound, FreightTemplateChanged, Invalid.
    """
    freight_templates_lock()
    template = FreightTemplate.objects.filter(pk=template_id).first()
    if template is None:
        raise NotFound(_NOT_FOUND)
    if template.version != expected_version:
        raise FreightTemplateChanged
    template.regions.all().delete()
    template.rules.all().delete()
    _write(template, change)


@transaction.atomic
def freight_template_delete(*, template_id: int, operator_id: int | None) -> None:
    """Delete a template that no product has; deleted products let go of it.

    Locks: the templates, and the row, so that no product can come to it meanwhile;
    then the deleted products in primary-key order.
    Raises: NotFound, FreightTemplateInUse.
    """
    freight_templates_lock()
    rows = FreightTemplate.objects.select_for_update()
    template = rows.filter(pk=template_id).first()
    if template is None:
        raise NotFound(_NOT_FOUND)
    if template.is_default:
        raise FreightTemplateInUse(f"“{template}”是默认模板,请先取消默认,再删除")
    products = Product.objects.filter(freight_template=template)
    if present := products.present().count():
        raise FreightTemplateInUse(f"还有{present}个商品使用“{template}”,不能删除")
    ids = list(products_lock(products.values_list("pk", flat=True)))
    with history_kept(PRODUCTS, keys=ids, operator_id=operator_id):
        products.update(freight_template=None)
    template.delete()


def _write(template: FreightTemplate, change: TemplateChange) -> None:
    _require_name(template, change.name)
    _require_rules(change)
    others = FreightTemplate.objects.exclude(pk=template.pk)
    if change.is_default:
        others.filter(is_default=True).update(is_default=False)
    template.name, template.unit = change.name, change.unit
    template.is_default = change.is_default
    template.save()
    for rule in change.rules:
        row = FreightRule.objects.create(template=template, **asdict(rule.terms))
        FreightRegion.objects.bulk_create(
            FreightRegion(template=template, rule=row, is_city=is_city, name=name)
            for is_city, names in ((False, rule.provinces), (True, rule.cities))
            for name in names
        )
    fallback = asdict(change.fallback)
    FreightRule.objects.create(template=template, is_fallback=True, **fallback)


def _require_name(template: FreightTemplate, name: str) -> None:
    others = FreightTemplate.objects.exclude(pk=template.pk)
    if others.filter(name=name).exists():
        raise Invalid.field("name", "已有同名的运费模板")


def _require_rules(change: TemplateChange) -> None:
    if len(change.rules) > RULES_MAX:
        raise Invalid.field("rules", f"最多{RULES_MAX}条地区规则")
    for rule in change.rules:
        if not (rule.provinces or rule.cities):
            raise Invalid.field("rules", "每条地区规则至少要有一个省份或城市")
    for names in (
        [name for rule in change.rules for name in rule.provinces],
        [name for rule in change.rules for name in rule.cities],
    ):
        if len(names) > REGIONS_MAX:
            raise Invalid.field("rules", f"省份、城市各最多{REGIONS_MAX}个")
        if repeated := _repeated(names):
            told = "、".join(repeated)
            raise Invalid.field("rules", f"同一地区只能写在一条规则里:{told}")
    _require_provinces(name for rule in change.rules for name in rule.provinces)
    for terms in (*(rule.terms for rule in change.rules), change.fallback):
        _require_terms(terms)


def _require_provinces(names: Iterable[str]) -> None:
    """Refuse what no address can have, such as a slip of the pen."""
    unknown = [named for key, named in _named(names).items() if key not in PROVINCES]
    if unknown:
        told = "、".join(one for named in unknown for one in named)
        raise Invalid.field("rules", f"没有这样的省份:{told}")


def _repeated(names: Iterable[str]) -> list[str]:
    """Return one name of each region that is named twice, in whatever way."""
    return [named[0] for named in _named(names).values() if len(named) > 1]


def _named(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names of each region, by its key."""
    query = "SELECT catalog_region_key(name), name FROM unnest(%s::text[]) AS name"
    named: dict[str, list[str]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(query, [list(names)])
        for key, name in cursor.fetchall():
            named[key].append(name)
    return named


def _require_terms(terms: FreightTerms) -> None:
    units = (terms.first_units, terms.further_units)
    if not all(1 <= count <= UNITS_MAX for count in units):
        raise Invalid.field("rules", f"首件(首重)、续件(续重)应为1到{UNITS_MAX}")
    if not all(0 <= fee <= FEE_MAX for fee in (terms.first_fee, terms.further_fee)):
        raise Invalid.field("rules", f"运费应为0到{FEE_MAX}")
    if terms.free_from is not None and terms.free_from <= 0:
        raise Invalid.field("rules", "满额包邮的金额应大于0,不包邮请留空")
