"""Reviews as staff see them: what waits first, and what may be done with it."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.text import Truncator
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from orders.admin.cells import item_name, link, pictures_drawn
from orders.admin.read_only import ReadOnlyDesk
from orders.admin.review_actions import ReviewActions
from orders.admin.word_filter import WordFilter
from orders.models import Review, ReviewEvent, ReviewState
from orders.models.review import RATING_MAX
from shop.back_office.day_range import DayRangeFilter
from shop.back_office.figures import moment
from shop.back_office.forms import id_typed
from shop.back_office.tables import TABLES_TEMPLATE, Table
from shop.back_office.to_do_filter import ToDoFilter

_UNANSWERED = "unanswered"
_LOW, _LOW_MAX = "low", 2
_COLOURS = {
    ReviewState.CHECKING.label: "info",
    ReviewState.WAITING.label: "warning",
    ReviewState.PUBLIC.label: "success",
    ReviewState.HIDDEN.label: "default",
}


class ReviewStateFilter(ToDoFilter):
    """Narrow the list to what staff must look at, or to one state."""

    parameter_name = "state"
    other_choices = ((_UNANSWERED, "未回复"), *ReviewState.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value is None:
            return queryset.waiting()
        if value == _UNANSWERED:
            return queryset.unanswered()
        return queryset.filter(state=value) if value in ReviewState else queryset


class RatingFilter(DropdownFilter):
    """Narrow the list to a number of stars, or to the bad ones."""

    title = "评分"
    parameter_name = "rating"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        stars = [(str(n), f"{n}星") for n in range(RATING_MAX, 0, -1)]
        return [(_LOW, f"差评({_LOW_MAX}星及以下)"), *stars]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value == _LOW:
            return queryset.filter(rating__lte=_LOW_MAX)
        is_rating = value in {key for key, _ in self.lookup_choices}
        return queryset.filter(rating=value) if is_rating else queryset


class ReviewedProductFilter(WordFilter):
    """By the number of a product."""

    title = "商品编号"
    parameter_name = "product"

    def found(self, request: HttpRequest, queryset: Any, word: str) -> Any:
        return queryset.filter(product=id_typed(word) or 0)


@admin.register(Review)
class ReviewDesk(ReviewActions, ReadOnlyDesk):
    """Reviews, newest first; the list opens with those that wait for staff."""

    list_display = (
        *("product_name", "stars", "said", "pictures", "state_label"),
        *("added_label", "buyer", "is_answered", "created_at"),
    )
    list_filter = (
        ReviewStateFilter,
        RatingFilter,
        ReviewedProductFilter,
        ("created_at", DayRangeFilter),
    )
    list_filter_submit = True
    list_per_page = 50
    standing_filters = (
        ("未回复", f"state={_UNANSWERED}"),
        ("差评", f"rating={_LOW}&state=all"),
        ("已隐藏", "state=hidden"),
    )
    ordering = ("-pk",)
    search_fields = ("order_item__order__order_no__startswith",)
    search_help_text = "订单号的开头"
    change_form_outer_after_template = TABLES_TEMPLATE

    def get_queryset(self, request: HttpRequest) -> Any:
        """Bring along what the page shows."""
        related = ("order_item__order__user", "product", "append", "answered_by")
        return super().get_queryset(request).select_related(*related)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show what there is to know."""
        fields: list[Any] = [
            ("product_link", "order_link"),
            ("stars", "state_label"),
            ("buyer", "created_at"),
            "content",
            "pictures",
        ]
        if obj and obj.reason:
            fields.append("reason")
        if obj and obj.answer:
            fields.append(("answer", "answered"))
        own = (None, {"fields": fields})
        if not (obj and obj.added):
            return (own,)
        added = ("added_label", "added_at"), "added_text", "added_pictures"
        why = ("added_reason",) if obj.added.reason else ()
        return own, ("追评", {"fields": (*added, *why)})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Add below what happened to it."""
        context["tables"] = [_timeline(context["original"])]
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description="商品")
    def product_name(self, review: Review) -> str:
        return item_name(review.order_item)

    @display(description="商品")
    def product_link(self, review: Review) -> str:
        return link("catalog_product_change", review.product)

    @display(description="订单")
    def order_link(self, review: Review) -> str:
        return link("orders_order_change", review.order_item.order)

    @display(description="评分", ordering="rating")
    def stars(self, review: Review) -> str:
        return "★" * review.rating + "☆" * (RATING_MAX - review.rating)

    @display(description="内容")
    def said(self, review: Review) -> str:
        return Truncator(review.content).chars(40) or "-"

    @display(description="图片")
    def pictures(self, review: Review) -> str:
        return pictures_drawn(review.images)

    @display(description="状态", label=_COLOURS)
    def state_label(self, review: Review) -> str:
        return review.get_state_display()

    @display(description="追评", label=_COLOURS)
    def added_label(self, review: Review) -> str | None:
        return review.added.get_state_display() if review.added else None

    @display(description="追评时间")
    def added_at(self, review: Review) -> str:
        return moment(review.append.created_at)

    @display(description="追评内容")
    def added_text(self, review: Review) -> str:
        return review.append.content or "-"

    @display(description="追评图片")
    def added_pictures(self, review: Review) -> str:
        return pictures_drawn(review.append.images)

    @display(description="追评说明")
    def added_reason(self, review: Review) -> str:
        return review.append.reason

    @display(description="买家")
    def buyer(self, review: Review) -> str:
        name = str(review.order_item.order.user)
        return f"{name}(匿名评价)" if review.is_anonymous else name

    @display(description="回复")
    def is_answered(self, review: Review) -> str:
        return "已回复" if review.answer else "-"

    @display(description="回复人")
    def answered(self, review: Review) -> str:
        return f"{review.answered_by or '系统'},{moment(review.answered_at)}"


def _timeline(review: Review) -> Table:
    events = review.events.select_related("operator")
    headers = ["时间", "事件", "操作人", "说明"]
    return Table("动态", headers, [[*_step(event)] for event in events])


def _step(event: ReviewEvent) -> Iterator[str]:
    what = "追评" if event.is_append else "评价"
    yield moment(event.created_at)
    if event.from_state:
        yield f"{what}{ReviewState(event.to_state).label}"
    else:
        yield f"买家写了{what}"
    yield str(event.operator or "系统")
    yield event.reason or "-"
