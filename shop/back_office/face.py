"""How the admin looks: django-unfold's settings, loaded with the settings."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy


def _link(title: str, icon: str, model: str) -> dict[str, Any]:
    """Return an entry of the sidebar for those who may see the model, `app.model`."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
    }


# What the search box asks, in the sequence of what it shows.
BACK_OFFICE_SEARCHES = [
    "orders.admin.search.orders_found",
    "orders.admin.search.payments_found",
    "orders.admin.search.refunds_found",
    "catalog.admin.search.products_found",
    "accounts.admin.search.shoppers_found",
]
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "商城后台",
    "SITE_HEADER": "商城后台",
    "SITE_SYMBOL": "storefront",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("shop/favicon.svg"),
        }
    ],
    "DASHBOARD_CALLBACK": "orders.admin.home.home",
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "ACCOUNT": {
        "navigation": [
            {"title": "修改密码", "link": reverse_lazy("admin:password_change")},
            {"title": "两步验证", "link": reverse_lazy("admin:second_factor")},
        ]
    },
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": [
            {
                "title": "订单",
                "items": [
                    {
                        **_link("订单", "receipt", "orders.order"),
                        "badge": "orders.admin.badges.to_ship",
                    },
                    {
                        **_link("发货上报", "outbox", "orders.shippingupload"),
                        "badge": "orders.admin.badges.failed_uploads",
                    },
                    _link("订阅消息", "chat", "orders.subscribemessage"),
                ],
            },
            {
                "title": "资金",
                "items": [
                    _link("支付", "payments", "orders.payment"),
                    {
                        **_link("退款", "currency_exchange", "orders.refund"),
                        "badge": "orders.admin.badges.waiting_refunds",
                    },
                    {
                        **_link("支付异常", "report", "orders.paymentanomaly"),
                        "badge": "orders.admin.badges.open_anomalies",
                    },
                    _link("对账", "account_balance", "orders.billcheck"),
                    {
                        **_link("对账差异", "difference", "orders.billdifference"),
                        "badge": "orders.admin.badges.open_differences",
                    },
                    _link("微信通知", "notifications", "orders.paymentnotice"),
                ],
            },
            {
                "title": "商品",
                "items": [
                    _link("商品", "inventory_2", "catalog.product"),
                    _link("分类", "category", "catalog.category"),
                    {
                        **_link("库存", "warehouse", "catalog.sku"),
                        "badge": "orders.admin.badges.low_stock",
                    },
                    _link("库存流水", "receipt_long", "catalog.stockmovement"),
                ],
            },
            {
                "title": "用户",
                "items": [_link("用户", "person", "accounts.shopper")],
            },
            {
                "title": "系统",
                "items": [
                    {
                        **_link("导入导出", "swap_vert", "shop.sheettask"),
                        "permission": "shop.admin.may_see_sheets",
                    },
                    _link("员工", "badge", "accounts.staff"),
                    _link("用户组", "group", "auth.group"),
                    _link("登录失败记录", "lock", "accounts.loginfailure"),
                    {
                        **_link(
                            "后台任务", "schedule", "procrastinate.procrastinatejob"
                        ),
                        "badge": "shop.admin.failed_jobs_badge",
                    },
                ],
            },
        ],
    },
}
