import pytest

from .merchant import TEMPLATE_ID


def sent(wechat):
    return wechat.state()["messages"]


def test_a_message_stands_in_the_state(wechat, merchant):
    body = merchant.message()
    answer = merchant.message_send(body)
    assert {**answer, "msgid": 0} == {"errcode": 0, "errmsg": "ok", "msgid": 0}
    assert sent(wechat)[-1] == {
        "msgid": answer["msgid"],
        "touser": body["touser"],
        "templateId": TEMPLATE_ID,
        "page": "pages/order/detail?orderNo=7",
        "data": {"thing1": {"value": "云南小粒咖啡 两包"}},
        "miniprogramState": "formal",
        "lang": "zh_CN",
    }


def test_oldest_first(wechat, merchant):
    for page in ("pages/a", "pages/b", "pages/c"):
        merchant.message_send(merchant.message(page=page))
    assert [one["page"] for one in sent(wechat)[-3:]] == [
        "pages/a",
        "pages/b",
        "pages/c",
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"touser": None}, 40003),
        ({"touser": "oNobodyHasEverLoggedInAsThis"}, 40003),
        ({"touser": 7}, 40003),
        ({"template_id": None}, 40037),
        ({"template_id": TEMPLATE_ID[1:]}, 40037),
        ({"page": "https://shop.example/"}, 41030),
        ({"page": "pages//order"}, 41030),
        ({"page": 7}, 41030),
        ({"miniprogram_state": "release"}, 40097),
        ({"lang": "de_DE"}, 40097),
        ({"data": None}, 47003),
        ({"data": {}}, 47003),
        ({"data": []}, 47003),
        ({"data": {"thing1": "text"}}, 47003),
        ({"data": {"thing": {"value": "text"}}}, 47003),
        ({"data": {"word1": {"value": "text"}}}, 47003),
    ],
)
def test_a_wrong_parameter_is_refused_and_nothing_sent(
    wechat, merchant, changed, expected
):
    before = len(sent(wechat))
    answer = merchant.message_send(merchant.message(**changed))
    assert answer["errcode"] == expected, answer
    assert len(sent(wechat)) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("thing1", "咖" * 20),
        ("thing12", "两包, 500 g!"),
        ("character_string1", "A" * 32),
        ("character_string2", "260101-000007#1"),
        ("number1", "12.50"),
        ("letter1", "abc"),
        ("symbol1", "!!"),
        ("amount1", "¥99.00"),
        ("amount2", "99.00元"),
        ("phrase1", "配送中"),
        ("time1", "2026年11月25日 15:01"),
        ("time2", "15:01"),
        ("time3", "2026-11-25 15:01:59"),
        ("time4", "15:01~16:30"),
        ("date1", "2026年11月25日"),
        ("date2", "2026-11-25 15:01"),
        ("phone_number1", "+86-0766-66888866"),
        ("car_number1", "粤A8Z888挂"),
        ("name1", "王小明"),
        ("name2", "Wang Xiaoming Anton"),
    ],
)
def test_what_just_fits_a_field(merchant, field, value):
    body = merchant.message(data={field: {"value": value}})
    assert merchant.message_send(body)["errcode"] == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("thing1", ""),
        ("thing1", "咖" * 21),
        ("thing1", "two\nlines"),
        ("thing1", 7),
        ("thing1", None),
        ("character_string1", "A" * 33),
        ("character_string1", "中文"),
        ("character_string1", "two words"),
        ("number1", "1,000"),
        ("number1", "1" * 33),
        ("letter1", "a1"),
        ("symbol1", "!!!!!!"),
        ("amount1", "99.00 yuan"),
        ("amount1", "12345678901"),
        ("phrase1", "正在配送途中"),
        ("phrase1", "sent"),
        ("time1", "2026-11-25T15:01:59+08:00"),
        ("time1", "2026年11月25日"),
        ("date1", "15:01"),
        ("phone_number1", "1" * 18),
        ("name1", "王" * 11),
    ],
)
def test_what_does_not_fit_a_field(wechat, merchant, field, value):
    before = len(sent(wechat))
    answer = merchant.message_send(merchant.message(data={field: {"value": value}}))
    assert answer["errcode"] == 47003
    assert answer["errmsg"].startswith(f"argument invalid! data.{field}.value ")
    assert len(sent(wechat)) == before


def test_a_shopper_refuses_and_accepts_again(wechat, merchant):
    openid = merchant.login("sim-wary").json()["openid"]
    body = merchant.message(touser=openid)
    wechat.accept_messages(openid, accepts=False)
    assert merchant.message_send(body)["errcode"] == 43101
    assert merchant.message_send(merchant.message())["errcode"] == 0
    wechat.accept_messages(openid, accepts=True)
    assert merchant.message_send(body)["errcode"] == 0


def test_a_shopper_refuses_by_name(wechat, merchant):
    openid = merchant.login("sim-shy").json()["openid"]
    wanted = {"name": "shy", "accepts": False}
    answer = wechat.call("POST", "/_sim/subscribe", wanted).json()
    assert answer == {"openid": openid, "accepts": False}
    body = merchant.message(touser=openid)
    assert merchant.message_send(body)["errcode"] == 43101


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"name": "shy"},
        {"accepts": False},
        {"name": 7, "accepts": False},
        {"openid": "o", "accepts": "no"},
    ],
)
def test_a_senseless_subscription_is_refused(wechat, wanted):
    assert wechat.call("POST", "/_sim/subscribe", wanted).status_code == 400


def test_a_message_is_posted_as_json(merchant):
    url = f"{merchant.base_url}/cgi-bin/message/subscribe/send"
    query = {"access_token": merchant.token()}
    assert merchant.http.get(url, params=query, timeout=60).json()["errcode"] == 43002
    answer = merchant.http.post(url, params=query, data=b"[1]", timeout=60)
    assert answer.json()["errcode"] == 47001


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_ended_tokens_are_refused_until_a_new_one_is_fetched(wechat, merchant, errcode):
    old, body = merchant.token(), merchant.message()
    wechat.expire_tokens(errcode)
    for _ in range(2):
        assert merchant.message_send(body, token=old)["errcode"] == errcode
    wechat.expire_tokens()
    assert merchant.message_send(body, token=old)["errcode"] == errcode
    new = merchant.token()
    assert new != old
    assert merchant.message_send(body, token=new)["errcode"] == 0


@pytest.mark.parametrize(
    "path",
    [
        "/cgi-bin/message/subscribe/send",
        "/wxa/sec/order/upload_shipping_info",
        "/wxa/sec/order/get_order",
        "/cgi-bin/express/delivery/open_msg/get_delivery_list",
        "/wxa/msg_sec_check",
    ],
)
def test_every_route_asks_for_a_token(wechat, merchant, path):
    before = wechat.state()["messages"], wechat.state()["shippingUploads"]
    assert merchant.ask(path, {}, token="made-up")["errcode"] == 40001
    answer = merchant.http.post(merchant.base_url + path, json={}, timeout=60)
    assert answer.json()["errcode"] == 41001
    state = wechat.state()
    assert (state["messages"], state["shippingUploads"]) == before


def test_a_token_ends_with_no_other_errcode(wechat):
    answer = wechat.call("POST", "/_sim/tokens/expire", {"errcode": 40029})
    assert answer.status_code == 400
