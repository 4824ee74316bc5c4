"""Hot words, suggestions, and the words that a shopper has searched for."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from catalog.hot_words import hot_words, search_suggestions
from catalog.models import SearchHistory
from catalog.pages import ShortListPagination
from catalog.serializers import (
    HotWordSerializer,
    SearchedWordSerializer,
    SuggestionSerializer,
    TypedSerializer,
)
from catalog.services.search_history import (
    search_history_add,
    search_history_clear,
    search_history_delete,
    search_history_list,
)
from catalog.views.person import shopper_id
from shop.api.envelope import success
from shop.api.kept.views import KeptReads
from shop.api.pagination import SIZE_DEFAULT
from shop.api.ratelimit import CartLimit, ReadLimit

_PAGE = {"page": "1", "size": str(SIZE_DEFAULT)}


class _Words(KeptReads, GenericViewSet[Any]):
    """A few words for everybody."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ReadLimit,)
    pagination_class = ShortListPagination
    kept_query = _PAGE

    def page(self, words: Any) -> Any:
        """Return a page of what was found."""
        rows: Any = self.paginate_queryset(words)
        shown = self.get_serializer_class()(rows, many=True)
        page: Any = self.paginator
        return page.paged(shown.data)


class HotWordViewSet(_Words):
    """What shoppers are offered to search for; public."""

    serializer_class = HotWordSerializer

    def list(self, request: Request) -> Any:
        """List what finds something: pinned words, then staff's and shoppers' own."""
        return self.page(hot_words())


class SuggestionViewSet(_Words):
    """What the text that somebody types may become; public."""

    serializer_class = SuggestionSerializer
    kept_query = {**_PAGE, "keyword": ""}

    @extend_schema(parameters=[TypedSerializer])
    def list(self, request: Request) -> Any:
        """List ten hot words and names at most: what begins with the text, first."""
        typed = TypedSerializer(data=request.query_params)
        typed.is_valid(raise_exception=True)
        text = typed.validated_data.get("keyword", "")
        return self.page(search_suggestions(text) if text else [])


class SearchHistoryViewSet(GenericViewSet[SearchHistory]):
    """A shopper's own words; anyone else's do not exist."""

    queryset = SearchHistory.objects.none()
    serializer_class = SearchedWordSerializer
    throttle_classes = (CartLimit,)

    def get_queryset(self) -> QuerySet[SearchHistory]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return search_history_list(user_id=shopper_id(self.request))

    def list(self, request: Request) -> Response:
        """List the words, the newest first."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(SearchedWordSerializer(page, many=True).data)

    @extend_schema(responses={201: SearchedWordSerializer})
    def create(self, request: Request) -> Response:
        """Keep a word that was searched for; one that is there comes to the top."""
        body = SearchedWordSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        word = search_history_add(
            user_id=shopper_id(request), keyword=body.validated_data["keyword"]
        )
        return success(SearchedWordSerializer(word).data, "创建成功", 201)

    @extend_schema(operation_id="search_history_destroy", responses={200: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete one word."""
        search_history_delete(user_id=shopper_id(request), history_id=int(pk))
        return success(None, "删除成功")

    @extend_schema(operation_id="search_history_clear", responses={200: None})
    def clear(self, request: Request) -> Response:
        """Delete all words."""
        search_history_clear(user_id=shopper_id(request))
        return success(None, "删除成功")
