"""How the admin looks: django-unfold's settings, loaded with the settings."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
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
# Models without a desk whose permission shows something: the home page's figures.
SHOWN_WITHOUT_DESK = ["orders.dailyfigures"]
# What a list says that has nothing in it, where more can be said than that.
NOTHING_HERE = {
    "orders.order": "还没有订单。买家下单后会出现在这里",
    "orders.refund": "没有待处理的退款",
    "orders.review": "没有待审核的评价",
    "orders.payment": "还没有支付。买家付款后会出现在这里",
    "orders.paymentanomaly": "没有待处理的支付异常",
    "orders.billcheck": "还没有对账。每天上午会核对前一天的账单",
    "orders.billdifference": "没有待处理的对账差异",
    "orders.shippingupload": "没有需要处理的发货上报",
    "orders.subscribemessage": "还没有发送过订阅消息",
    "orders.coupon": "还没有优惠券。点“新增优惠券”开始",
    "orders.paymentnotice": "没有需要处理的微信通知",
    "catalog.product": "还没有商品。点“新增商品”开始",
    "catalog.category": "还没有分类。点“新增分类”开始",
    "catalog.stockmovement": "还没有库存变动",
    "catalog.freighttemplate": "还没有运费模板,商品都不收运费。点“新增运费模板”开始",
    "catalog.flashsale": "还没有限时活动。点“新增限时活动”安排秒杀或团购",
    "catalog.banner": "还没有轮播图。点“新增轮播图”开始",
    "catalog.homesection": "还没有首页板块。点“新增首页板块”开始",
    "catalog.searchword": "还没有搜索词。点“新增搜索词”开始",
    "catalog.popularword": "还没有热门搜索。7天内有5位以上买家搜索的词会出现在这里",
    "accounts.shopper": "还没有用户。首次登录小程序后会出现在这里",
    "accounts.loginfailure": "没有登录失败的记录",
    "procrastinate.procrastinatejob": "没有等待或失败的任务",
}


def _environment(request: HttpRequest) -> list[str] | None:
    """Mark a shop that sells nothing."""
    return ["演示环境", "info"] if settings.IS_DEVELOPMENT else None


UNFOLD: dict[str, Any] = {
    # Teal, dark enough for white letters and light enough on a dark page.
    "COLORS": {
        "primary": {
            "50": "#f0fdfa",
            "100": "#ccfbf1",
            "200": "#99f6e4",
            "300": "#5eead4",
            "400": "#2dd4bf",
            "500": "#14b8a6",
            "600": "#0f766e",
            "700": "#115e59",
            "800": "#134e4a",
            "900": "#042f2e",
            "950": "#022c22",
        }
    },
    "ENVIRONMENT": _environment,
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
                    {
                        **_link("评价", "reviews", "orders.review"),
                        "badge": "orders.admin.badges.waiting_reviews",
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
                    _link("运费模板", "local_shipping", "catalog.freighttemplate"),
                ],
            },
            {
                "title": "营销",
                "items": [
                    _link("优惠券", "confirmation_number", "orders.coupon"),
                    _link("限时活动", "bolt", "catalog.flashsale"),
                ],
            },
            {
                "title": "内容",
                "items": [
                    _link("轮播图", "view_carousel", "catalog.banner"),
                    _link("首页板块", "view_agenda", "catalog.homesection"),
                    _link("搜索词", "manage_search", "catalog.searchword"),
                    _link("热门搜索", "trending_up", "catalog.popularword"),
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
