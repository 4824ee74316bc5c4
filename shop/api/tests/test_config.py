"""GET /api/config."""

from shop.wechat.templates import template_read


def test_config(api, settings):
    settings.WECHAT_TEMPLATES = {
        "paid": template_read("paid", "t1 order_no=character_string1"),
        "refunded": template_read("refunded", "t3 amount=amount2"),
    }
    settings.WECHAT_SUBSCRIBE_TEMPLATES = ["t2", "t1"]
    settings.ORDER_PAY_MINUTES = 45
    api.credentials(HTTP_AUTHORIZATION="Bearer not.a.token")
    answer = api.get("/api/config")
    assert answer.status_code == 200
    assert answer.json() == {
        "code": 0,
        "message": "成功",
        "data": {
            "subscribeTemplates": ["t1", "t3", "t2"],
            "subscribeTemplatesByEvent": {
                "paid": "t1",
                "shipped": None,
                "refunded": "t3",
                "agreed": None,
                "rejected": None,
            },
            "payMinutes": 45,
        },
    }


def test_config_without_templates(api, settings):
    settings.WECHAT_TEMPLATES, settings.WECHAT_SUBSCRIBE_TEMPLATES = {}, []
    data = api.get("/api/config").json()["data"]
    assert data["subscribeTemplates"] == []
    assert set(data["subscribeTemplatesByEvent"].values()) == {None}


def test_config_is_read_only(api):
    assert api.post("/api/config", {}, format="json").status_code == 405


def test_limit_per_address(api, settings, still_clock):
    settings.RATELIMITS = settings.RATELIMITS | {"read": "1/900s"}
    assert [api.get("/api/config").status_code for _ in range(2)] == [200, 429]
