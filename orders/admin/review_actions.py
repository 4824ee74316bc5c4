"""What staff do about a review: each a page of its own that calls a service."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action

from orders.admin.cells import item_name
from orders.admin.staff_actions import StaffActions, operator_id
from orders.models import Review, ReviewState
from orders.services.reviews import review_answer, review_hide, review_publish
from shop.back_office.desk import REFUSALS
from shop.back_office.forms import PlainTextField, ReasonForm


class PublishForm(forms.Form):
    """Why, where there is something to say."""

    reason = PlainTextField(label="说明", required=False)


class AnswerForm(forms.Form):
    """What everybody reads, and the answer that the page showed."""

    answer = PlainTextField(label="回复")
    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)


_DECISIONS: Mapping[str, tuple[str, Callable[..., None], type[forms.Form]]] = {
    "publish": ("公开评价", review_publish, PublishForm),
    "hide": ("隐藏评价", review_hide, ReasonForm),
    "publish_append": (
        "公开追评",
        partial(review_publish, is_append=True),
        PublishForm,
    ),
    "hide_append": ("隐藏追评", partial(review_hide, is_append=True), ReasonForm),
}


def review_lines(review: Review) -> dict[str, str]:
    """Return what staff read before they decide."""
    added = review.added
    return {
        "商品": item_name(review.order_item),
        "评分": f"{review.rating}星",
        "内容": review.content or "-",
        **({"追评": added.content or "-"} if added else {}),
        "图片": f"{len(review.images) + len(added.images if added else ())}张",
    }


class ReviewActions(StaffActions):
    """Publish, hide and answer, and the two first of what was added."""

    actions = ("publish_chosen",)
    actions_detail = ("publish", "hide", "publish_append", "hide_append", "answer")

    def has_moderate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.moderate_review")

    def has_answer_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.answer_review")

    def state_told(self, row: Any | None) -> str:
        return f"评价{row.get_state_display()}" if row else "评价不存在"

    @action(
        description="公开",
        url_path="publish",
        icon="check_circle",
        permissions=["view", "moderate"],
    )
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let everybody see it."""
        return self._decide(request, object_id, "publish")

    @action(
        description="公开追评",
        url_path="publish_append",
        icon="check_circle",
        permissions=["view", "moderate"],
    )
    def publish_append(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let everybody see what was added."""
        return self._decide(request, object_id, "publish_append")

    @action(
        description="隐藏",
        url_path="hide",
        icon="visibility_off",
        permissions=["view", "moderate"],
    )
    def hide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let nobody but its writer see it."""
        return self._decide(request, object_id, "hide")

    @action(
        description="隐藏追评",
        url_path="hide_append",
        icon="visibility_off",
        permissions=["view", "moderate"],
    )
    def hide_append(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let nobody but its writer see what was added."""
        return self._decide(request, object_id, "hide_append")

    @action(
        description="回复",
        url_path="answer",
        icon="reply",
        permissions=["view", "answer"],
    )
    def answer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer for everybody to read, or better an answer."""
        review: Review | None = self.row_for(request, object_id, "answer")
        if review is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            review_answer(
                review_id=review.pk,
                operator_id=operator_id(request),
                answer=data["answer"],
                seen=data["seen"],
            )
            return "已回复"

        return self.action_page(
            request,
            review,
            title="回复评价",
            submit="回复",
            form_class=AnswerForm,
            perform=perform,
            lines=review_lines(review),
            initial={"answer": review.answer, "seen": review.answer},
        )

    @action(description="公开所选评价", permissions=["moderate"])
    def publish_chosen(self, request: HttpRequest, queryset: Any) -> None:
        """Publish what waits of the chosen ones, pictures and all."""
        published = 0
        # Of the page that was looked at alone, even if all pages are chosen.
        seen = request.POST.getlist("_selected_action")
        for review in queryset.filter(pk__in=seen):
            for is_append, text in ((False, review), (True, review.added)):
                if text is None or text.state != ReviewState.WAITING:
                    continue
                try:
                    review_publish(
                        review_id=review.pk,
                        operator_id=operator_id(request),
                        is_append=is_append,
                        seen=text.state,
                    )
                except REFUSALS:
                    # A colleague was faster.
                    continue
                self.log_change(request, review, "已公开")
                published += 1
        self.message_user(request, f"已公开{published}条", messages.SUCCESS)

    def _decide(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        review: Review | None = self.row_for(request, object_id, name)
        if review is None:
            return self.back(object_id)
        title, decide, form_class = _DECISIONS[name]

        def perform(data: Mapping[str, Any]) -> str:
            decide(
                review_id=review.pk,
                operator_id=operator_id(request),
                reason=data["reason"],
            )
            return f"已{title}"

        return self.action_page(
            request,
            review,
            title=title,
            submit=title,
            form_class=form_class,
            perform=perform,
            lines=review_lines(review),
        )
