"""Where WeChat Pay tells us that somebody paid, and that a refund has arrived."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from orders.services.notices import notice_take
from shop.api.exceptions import as_shop_error, crash_log
from shop.metrics import NOTIFICATIONS
from shop.wechat import pay
from shop.wechat.errors import NotificationRefused


@method_decorator(csrf_exempt, name="dispatch")
class PaymentNotificationView(View):
    """WeChat's form, not the envelope: an empty 204, else FAIL under a 4xx or 5xx.

    What it is about, its own event tells, so all addresses lead here.

    Nobody is authenticated here; the signature is the proof. WeChat waits 5 seconds
    and tries again for a day, so a failure of ours loses nothing.
    """

    http_method_names = ("post",)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Turn whatever goes wrong into WeChat's FAIL; the status is what counts."""
        response = self._answer(request, *args, **kwargs)
        NOTIFICATIONS.labels(_outcome(response.status_code)).inc()
        return response

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            response = super().dispatch(request, *args, **kwargs)
        except RequestDataTooBig:
            return _fail(413, "通知过大")
        except Exception as error:
            # What the database refuses for now is known, too.
            if known := as_shop_error(error):
                return _fail(known.http_status, known.message)
            crash_log(error)
            return _fail(500, "系统异常")
        return _fail(405, "方法不允许") if response.status_code == 405 else response

    def post(self, request: HttpRequest) -> HttpResponse:
        """Verify, decrypt, store, book."""
        length = request.headers.get("Content-Length", "")
        if length.isdigit() and int(length) > pay.NOTIFICATION_MAX_BYTES:
            raise NotificationRefused
        notice_take(notification=pay.notification_read(request.headers, request.body))
        return HttpResponse(status=204)


def _outcome(status: int) -> str:
    if status < 400:
        return "accepted"
    return "refused" if status < 500 else "failed"


def _fail(status: int, message: str) -> JsonResponse:
    return JsonResponse({"code": "FAIL", "message": message}, status=status)
