"""/api/addresses: the address book."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Address

HOME = {
    "name": "王小明",
    "phone": "13800138000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "龙井路1号",
}


def add(api, **fields):
    return api.post("/api/addresses", HOME | fields, format="json")


def added(api, **fields):
    return add(api, **fields).json()["data"]["id"]


def put(api, pk, body):
    return api.put(f"/api/addresses/{pk}", body, format="json")


def book(api):
    rows = api.get("/api/addresses").json()["data"]["list"]
    return [(row["detail"], row["isDefault"]) for row in rows]


def test_add(shopper_api, shopper):
    answer = add(shopper_api)
    address = Address.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "code": 0,
        "message": "创建成功",
        "data": {"id": address.pk, **HOME, "isDefault": True},
    }
    assert address.user == shopper


def test_a_double_tap_adds_one(shopper_api):
    first = added(shopper_api)
    other = added(shopper_api, detail="龙井路2号", isDefault=True)
    answers = [add(shopper_api), add(shopper_api, isDefault=False)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json()["data"]["id"] for answer in answers] == [first, first]
    assert book(shopper_api) == [("龙井路2号", True), (HOME["detail"], False)]
    # It is told now that it is the default.
    assert add(shopper_api, isDefault=True).json()["data"]["isDefault"] is True
    assert book(shopper_api) == [(HOME["detail"], True), ("龙井路2号", False)]
    # Somebody else's name is another address.
    assert added(shopper_api, name="王小红") not in {first, other}


def test_read(shopper_api):
    pk = added(shopper_api)
    answer = shopper_api.get(f"/api/addresses/{pk}")
    assert answer.status_code == 200
    assert answer.json()["data"] == {"id": pk, **HOME, "isDefault": True}


def test_list_is_a_page(shopper_api, other_api):
    added(other_api)
    for number in range(3):
        added(shopper_api, detail=str(number))
    answer = shopper_api.get("/api/addresses?page=1&size=2")
    data = answer.json()["data"]
    assert answer.status_code == 200
    assert [row["detail"] for row in data["list"]] == ["0", "2"]
    assert data["pagination"] == {"total": 3, "page": 1, "size": 2, "totalPages": 2}
    assert shopper_api.get("/api/addresses?page=9").json()["data"]["list"] == []
    assert shopper_api.get("/api/addresses?size=101").status_code == 400


def test_default_first_then_newest(shopper_api):
    added(shopper_api, detail="a")
    added(shopper_api, detail="b")
    added(shopper_api, detail="c", isDefault=True)
    added(shopper_api, detail="d")
    assert book(shopper_api) == [("c", True), ("d", False), ("b", False), ("a", False)]


def test_first_is_default_whatever_is_sent(shopper_api):
    assert add(shopper_api, isDefault=False).json()["data"]["isDefault"] is True


@pytest.mark.parametrize("method", ["put", "patch"])
def test_change_only_what_is_sent(shopper_api, method):
    pk = added(shopper_api)
    send = getattr(shopper_api, method)
    answer = send(f"/api/addresses/{pk}", {"detail": "龙井路2号"}, format="json")
    changed = {"id": pk, **HOME, "detail": "龙井路2号", "isDefault": True}
    assert answer.status_code == 200
    assert answer.json() == {"code": 0, "message": "更新成功", "data": changed}
    assert shopper_api.get(f"/api/addresses/{pk}").json()["data"] == changed


def test_new_default_unsets_the_old(shopper_api):
    added(shopper_api, detail="a")
    second = added(shopper_api, detail="b")
    put(shopper_api, second, {"isDefault": True})
    assert book(shopper_api) == [("b", True), ("a", False)]
    put(shopper_api, second, {"isDefault": True})
    assert book(shopper_api) == [("b", True), ("a", False)]


def test_default_may_be_unset(shopper_api):
    pk = added(shopper_api, detail="a")
    put(shopper_api, pk, {"isDefault": False})
    assert book(shopper_api) == [("a", False)]


def test_delete(shopper_api):
    pk = added(shopper_api)
    answer = shopper_api.delete(f"/api/addresses/{pk}")
    assert answer.status_code == 200
    assert answer.json() == {"code": 0, "message": "删除成功", "data": None}
    assert Address.objects.count() == 0
    assert shopper_api.delete(f"/api/addresses/{pk}").status_code == 404


def test_deleting_the_default_leaves_none(shopper_api):
    first = added(shopper_api, detail="a")
    added(shopper_api, detail="b")
    shopper_api.delete(f"/api/addresses/{first}")
    assert book(shopper_api) == [("b", False)]


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_somebody_elses(shopper_api, other_api, method):
    pk = added(other_api)
    send = getattr(shopper_api, method)
    body = {} if method == "get" else {"detail": "x"}
    answer = send(f"/api/addresses/{pk}", body, format="json")
    assert answer.status_code == 404
    assert answer.json() == {
        "code": 404,
        "message": "资源不存在",
        "data": {"error": "not_found"},
    }
    address = Address.objects.get()
    assert (address.pk, address.detail) == (pk, HOME["detail"])


def test_somebody_elses_default_stays(shopper_api, other_api):
    added(other_api, detail="a")
    added(shopper_api, detail="b")
    added(shopper_api, detail="c", isDefault=True)
    assert book(other_api) == [("a", True)]


def test_owner_and_id_cannot_be_sent(shopper_api, shopper, other_shopper):
    pk = added(shopper_api, user=other_shopper.pk, user_id=other_shopper.pk, id=1)
    put(shopper_api, pk, {"user": other_shopper.pk, "id": 1, "userId": 1})
    address = Address.objects.get()
    assert (address.pk, address.user) == (pk, shopper)


@pytest.mark.parametrize("pk", ["0", "10" + "0" * 21, "9" * 19, "-1", "1.5", "x", "١"])
@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_id_that_is_none(shopper_api, pk, method):
    answer = getattr(shopper_api, method)(f"/api/addresses/{pk}", format="json")
    assert (answer.status_code, answer.json()["code"]) == (404, 404)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "收货人不能为空"),
        ("name", "<b></b>", "收货人不能为空"),
        ("name", None, "收货人不能为空"),
        ("name", "x" * 51, "收货人长度不能超过50"),
        ("phone", "", "手机号不能为空"),
        ("phone", "12345678901", "手机号格式不正确"),
        ("province", " ", "省份不能为空"),
        ("city", [], "城市格式不正确"),
        ("district", "x" * 51, "区县长度不能超过50"),
        ("detail", "x" * 201, "详细地址长度不能超过200"),
        ("isDefault", "maybe", "默认地址格式不正确"),
        ("isDefault", None, "默认地址不能为空"),
    ],
)
def test_invalid(shopper_api, field, value, message):
    pk = added(shopper_api)
    for answer in (
        add(shopper_api, **{field: value}),
        put(shopper_api, pk, {field: value}),
    ):
        assert answer.status_code == 400
        assert answer.json() == {
            "code": 400,
            "message": message,
            "data": {"error": "invalid", "fields": {field: [message]}},
        }
    rows = shopper_api.get("/api/addresses").json()["data"]["list"]
    assert rows == [{"id": pk, **HOME, "isDefault": True}]


def test_every_field_is_required(shopper_api):
    answer = shopper_api.post("/api/addresses", {}, format="json")
    assert answer.status_code == 400
    assert list(answer.json()["data"]["fields"]) == list(HOME)


def test_no_html(shopper_api):
    data = add(shopper_api, detail="<img src=x onerror=a()>龙井路").json()["data"]
    assert data["detail"] == "龙井路"


def test_at_most_twenty(shopper_api, other_api):
    for number in range(20):
        assert add(shopper_api, detail=str(number)).status_code == 201
    answer = add(shopper_api)
    assert answer.status_code == 409
    assert answer.json() == {
        "code": 409,
        "message": "最多保存20个地址",
        "data": {"error": "address_limit"},
    }
    # What is there already needs no room.
    assert add(shopper_api, detail="5").status_code == 201
    assert add(other_api).status_code == 201


def test_needs_a_shopper(api, staff_api):
    for client, status in ((api, 401), (staff_api, 403)):
        assert client.get("/api/addresses").status_code == status
        assert add(client).status_code == status
    assert Address.objects.count() == 0


def test_limit_counts_writes_alone(shopper_api, settings, still_clock):
    settings.RATELIMITS = settings.RATELIMITS | {"write": "1/900s"}
    assert [add(shopper_api).status_code for _ in range(2)] == [201, 429]
    assert shopper_api.get("/api/addresses").status_code == 200


def test_list_takes_three_statements(shopper_api):
    for number in range(5):
        added(shopper_api, detail=str(number))
    with CaptureQueriesContext(connection) as queries:
        shopper_api.get("/api/addresses")
    assert len(queries) == 3
