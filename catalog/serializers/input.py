"""What staff write of a product."""

from typing import Any

from rest_framework import serializers

from catalog.models import Category, FreightTemplate, ProductStatus
from catalog.rich_text import RichTextField
from catalog.services.skus import SKUS_MAX, WEIGHT_MAX, SkuChange
from catalog.services.stock import STOCK_MAX
from shop.api.images import ImageField
from shop.api.serializers import PriceField, ShopSerializer, WholeNumberField
from shop.api.text import PlainTextField, plain_text

IMAGES_MAX = 20
DESCRIPTION_MAX = 20_000
SPECS_MAX = 10
SPEC_MAX = 50


class StockField(WholeNumberField):
    """A number of pieces."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=STOCK_MAX, **kwargs)


class WeightField(WholeNumberField):
    """The weight of a piece, in grams."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label="重量",
            min_value=0,
            max_value=WEIGHT_MAX,
            source="weight_grams",
            **kwargs,
        )


class SpecsField(serializers.DictField):
    """One combination, {"颜色": "红"}: plain texts, each name once."""

    child = serializers.CharField(max_length=SPEC_MAX)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict) or len(data) > SPECS_MAX:
            raise serializers.ValidationError(f"规格应为最多{SPECS_MAX}个名称和值")
        specs = {_spec_text(name): _spec_text(text) for name, text in data.items()}
        if len(specs) < len(data):
            raise serializers.ValidationError("规格名称重复")
        return specs


def _spec_text(data: Any) -> str:
    # Its length first: cleaning 1 MB of "<" takes 20 s.
    is_short = isinstance(data, str) and len(data) <= SPEC_MAX
    text = plain_text(data).strip() if is_short else ""
    if not text:
        raise serializers.ValidationError(f"规格名称和值应为1到{SPEC_MAX}个字")
    return text


class SkuInputSerializer(ShopSerializer):
    """A SKU of the new set: one that the product has, by id, or a new one."""

    id = WholeNumberField(label="SKU编号", required=False, min_value=1)
    specs = SpecsField(label="规格", required=False)
    price = PriceField(label="价格", required=False)
    stock = StockField(label="库存", required=False)
    expectedStock = StockField(
        label="预期库存", required=False, source="expected_stock"
    )
    weightGrams = WeightField(required=False)
    code = PlainTextField(label="编码", required=False, max_length=64, allow_blank=True)
    image = ImageField(label="图片", required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask a new SKU for what an old one has already."""
        wanted = () if "id" in attrs else ("specs", "price", "stock")
        if missing := [name for name in wanted if name not in attrs]:
            raise serializers.ValidationError(
                {name: f"{self.fields[name].label}不能为空" for name in missing}
            )
        return attrs


class ProductUpdateSerializer(ShopSerializer):
    """A change: only what is sent."""

    name = PlainTextField(label="名称", required=False, max_length=100)
    description = RichTextField(
        label="描述", required=False, max_length=DESCRIPTION_MAX, allow_blank=True
    )
    price = PriceField(label="价格", required=False)
    originalPrice = PriceField(
        label="原价", required=False, allow_null=True, source="original_price"
    )
    images = serializers.ListField(
        label="图片", required=False, max_length=IMAGES_MAX, child=ImageField()
    )
    category = WholeNumberField(
        label="分类", required=False, allow_null=True, source="category_id"
    )
    freightTemplate = WholeNumberField(
        label="运费模板",
        required=False,
        allow_null=True,
        source="freight_template_id",
    )
    stock = StockField(label="库存", required=False)
    expectedStock = StockField(
        label="预期库存", required=False, source="expected_stock"
    )
    weightGrams = WeightField(required=False)
    status = serializers.ChoiceField(
        label="状态",
        required=False,
        choices=[ProductStatus.ON_SALE.value, ProductStatus.OFF_SALE.value],
    )
    skus = serializers.ListField(
        label="SKU",
        required=False,
        child=SkuInputSerializer(),
        allow_empty=False,
        max_length=SKUS_MAX,
    )

    def validate_category(self, category_id: int | None) -> int | None:
        """Refuse a category that does not exist; null takes the product out of all."""
        if category_id is None or Category.objects.filter(pk=category_id).exists():
            return category_id
        raise serializers.ValidationError("分类不存在")

    def validate_freightTemplate(self, template_id: int | None) -> int | None:
        """Refuse a template that does not exist; null: the default one."""
        if template_id is None:
            return None
        if FreightTemplate.objects.filter(pk=template_id).exists():
            return template_id
        raise serializers.ValidationError("运费模板不存在")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of the service."""
        plain = {
            name: attrs.pop(name)
            for name in ("price", "stock", "expected_stock", "weight_grams")
            if name in attrs
        }
        skus = attrs.pop("skus", None)
        if plain and skus is not None:
            raise serializers.ValidationError({"skus": "不能同时提交价格库存和SKU列表"})
        return {
            "images": attrs.pop("images", None),
            "fields": attrs,
            "only_sku": SkuChange(**plain) if plain else None,
            "skus": None if skus is None else [SkuChange(**sku) for sku in skus],
        }


class ProductCreateSerializer(ProductUpdateSerializer):
    """A new product: one SKU behind plain `price` and `stock`, or a set of SKUs."""

    name = PlainTextField(label="名称", max_length=100)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of the service."""
        if "skus" not in attrs and "price" not in attrs:
            raise serializers.ValidationError({"price": "价格不能为空"})
        arguments = super().validate(attrs)
        only_sku = arguments.pop("only_sku")
        arguments["skus"] = arguments["skus"] or [only_sku]
        arguments["images"] = arguments["images"] or []
        return arguments
