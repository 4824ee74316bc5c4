"""POST /api/addresses/parse: a pasted text becomes the fields of an address."""

import logging
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.address_text import address_read
from accounts.models import Address
from accounts.places import place_find
from shop.divisions import Division, divisions

PHONE = "13800138000"
NANSHAN = ("广东省", "深圳市", "南山区", "科技园1号")
# A text, the name in it, and province, city, district and detail.
WITH_PHONE: list[tuple[str, str, tuple[str, ...]]] = [
    # The name before the phone, between the two, behind the address.
    ("张三 13800138000 广东省深圳市南山区科技园1号", "张三", NANSHAN),
    ("13800138000 张三 广东省深圳市南山区科技园1号", "张三", NANSHAN),
    ("广东省深圳市南山区科技园1号 张三 13800138000", "张三", NANSHAN),
    ("广东省深圳市南山区科技园1号 13800138000 张三", "张三", NANSHAN),
    ("13800138000,广东省深圳市南山区科技园1号,张三", "张三", NANSHAN),
    # Nothing between them.
    ("张三13800138000广东省深圳市南山区科技园1号", "张三", NANSHAN),
    ("广东省深圳市南山区科技园1号张三13800138000", "张三", NANSHAN),
    # Separators, lines, full-width characters, a zip code, a country.
    ("张三，13800138000，广东省 深圳市 南山区，科技园1号", "张三", NANSHAN),
    ("张三\n13800138000\n广东省\n深圳市\n南山区\n科技园1号", "张三", NANSHAN),
    ("张三；１３８００１３８０００；广东省／深圳市", "张三", (*NANSHAN[:2], "", "")),
    ("张三 13800138000 中国广东省深圳市南山区科技园1号 518000", "张三", NANSHAN),
    # The phone in groups, with the country's prefix.
    ("张三 138 0013 8000 广东省深圳市南山区科技园1号", "张三", NANSHAN),
    ("张三 138-0013-8000 广东省深圳市南山区科技园1号", "张三", NANSHAN),
    ("张三 +86 13800138000 广东省深圳市南山区科技园1号", "张三", NANSHAN),
    ("张三 (+86)138-0013-8000 广东省深圳市南山区科技园1号", "张三", NANSHAN),
    ("张三 8613800138000 广东省深圳市南山区科技园1号", "张三", NANSHAN),
    ("130室 13800138000 张三 深圳市南山区", "张三", (*NANSHAN[:3], "130室")),
    # Labels, with colons or without.
    (
        "收货人: 张三\n手机号码: 13800138000\n所在地区: 广东省深圳市南山区粤海街道\n"
        "详细地址: 科技园1号",
        "张三",
        (*NANSHAN[:3], "粤海街道科技园1号"),
    ),
    (
        "收货人张三 手机13800138000 收货地址广东省深圳市南山区科技园1号",
        "张三",
        NANSHAN,
    ),
    (
        "邮编：518000 地址：深圳市南山区科技园1号 联系人：张三 联系电话：13800138000",
        "张三",
        NANSHAN,
    ),
    ("姓名：科技园 电话：13800138000 地址：深圳市南山区科技园1号", "科技园", NANSHAN),
    (
        "请寄到：江苏苏州昆山市花桥镇1号 孙悦 13800138000",
        "孙悦",
        ("江苏省", "苏州市", "昆山市", "花桥镇1号"),
    ),
    # 省, 市 and 区 left out; the province or the city left out.
    ("张三 13800138000 广东深圳南山科技园1号", "张三", NANSHAN),
    ("张三 13800138000 深圳市南山区科技园1号", "张三", NANSHAN),
    ("张三 13800138000 广东省南山区科技园1号", "张三", NANSHAN),
    (
        "张三 13800138000 浙江义乌江东街道1号",
        "张三",
        ("浙江省", "金华市", "义乌市", "江东街道1号"),
    ),
    (
        "张三 13800138000 义乌市江东街道1号",
        "张三",
        ("浙江省", "金华市", "义乌市", "江东街道1号"),
    ),
    # There are two of that name: which, nobody can tell.
    ("张三 13800138000 朝阳区建设路1号", "张三", ("", "", "朝阳区", "建设路1号")),
    # Municipalities.
    (
        "李四 13800138000 北京朝阳区建国路88号SOHO现代城 B座 1201",
        "李四",
        ("北京市", "北京市", "朝阳区", "建国路88号SOHO现代城B座1201"),
    ),
    (
        "李四 13800138000 北京市 市辖区 东城区 东直门内大街1号",
        "李四",
        ("北京市", "北京市", "东城区", "东直门内大街1号"),
    ),
    (
        "李四 13800138000 上海上海市浦东新区碧波路690号",
        "李四",
        ("上海市", "上海市", "浦东新区", "碧波路690号"),
    ),
    (
        "李四 13800138000 重庆市 县 城口县 土城路1号",
        "李四",
        ("重庆市", "重庆市", "城口县", "土城路1号"),
    ),
    (
        "李四 13800138000 天津滨海新区第三大街1号",
        "李四",
        ("天津市", "天津市", "滨海新区", "第三大街1号"),
    ),
    # Autonomous regions, prefectures, leagues and counties.
    (
        "阿凡提 13800138000 新疆伊犁霍尔果斯市亚欧路1号",
        "阿凡提",
        ("新疆维吾尔自治区", "伊犁哈萨克自治州", "霍尔果斯市", "亚欧路1号"),
    ),
    (
        "买买提·艾力 13800138000 新疆维吾尔自治区乌鲁木齐市天山区解放路1号",
        "买买提·艾力",
        ("新疆维吾尔自治区", "乌鲁木齐市", "天山区", "解放路1号"),
    ),
    (
        "13800138000 内蒙锡林郭勒锡林浩特市团结大街1号 包玉",
        "包玉",
        ("内蒙古自治区", "锡林郭勒盟", "锡林浩特市", "团结大街1号"),
    ),
    (
        "韦春 13800138000 广西桂林恭城县城中路1号",
        "韦春",
        ("广西壮族自治区", "桂林市", "恭城瑶族自治县", "城中路1号"),
    ),
    (
        "西藏拉萨城关区北京中路1号 13800138000 扎西",
        "扎西",
        ("西藏自治区", "拉萨市", "城关区", "北京中路1号"),
    ),
    (
        "贵州黔东南州凯里市北京西路1号 13800138000 何芳",
        "何芳",
        ("贵州省", "黔东南苗族侗族自治州", "凯里市", "北京西路1号"),
    ),
    # The same word on two levels, and the words of one place in another's streets.
    (
        "张三 13800138000 吉林省吉林市昌邑区解放大路1号",
        "张三",
        ("吉林省", "吉林市", "昌邑区", "解放大路1号"),
    ),
    (
        "张三 13800138000 青海海南州共和县青海湖路1号",
        "张三",
        ("青海省", "海南藏族自治州", "共和县", "青海湖路1号"),
    ),
    (
        "张三 13800138000 唐山路南区新华道1号",
        "张三",
        ("河北省", "唐山市", "路南区", "新华道1号"),
    ),
    (
        "张三 13800138000 上海市南京西路1266号",
        "张三",
        ("上海市", "上海市", "", "南京西路1266号"),
    ),
    (
        "张三 13800138000 广州白云大道北1号",
        "张三",
        ("广东省", "广州市", "", "白云大道北1号"),
    ),
    # Cities without districts, counties without a city, what was a 市 before.
    (
        "陈先生 13800138000 东莞长安镇振安路1号",
        "陈先生",
        ("广东省", "东莞市", "长安镇", "振安路1号"),
    ),
    (
        "湖北省仙桃市沔阳大道1号，刘女士，13800138000",
        "刘女士",
        ("湖北省", "省直辖县", "仙桃市", "沔阳大道1号"),
    ),
    (
        "张三 13800138000 海南省省直辖县级行政区划文昌市文清大道1号",
        "张三",
        ("海南省", "省直辖县", "文昌市", "文清大道1号"),
    ),
    (
        "张三 13800138000 浙江杭州临安市锦城街道1号",
        "张三",
        ("浙江省", "杭州市", "临安区", "锦城街道1号"),
    ),
    (
        "13800138000,香港特别行政区九龙油尖旺区弥敦道1号,陈大文",
        "陈大文",
        ("香港特别行政区", "九龙", "油尖旺区", "弥敦道1号"),
    ),
    # Filled twice; other names; what is told besides.
    (
        "广东省深圳市南山区广东省深圳市南山区科技园1号 张三 13800138000",
        "张三",
        NANSHAN,
    ),
    (
        "John Smith 13800138000 上海市静安区南京西路1266号 Room 1201",
        "John Smith",
        ("上海市", "上海市", "静安区", "南京西路1266号Room 1201"),
    ),
    (
        "【张三】13800138000 深圳市南山区科技园1号(南门)",
        "张三",
        (*NANSHAN[:3], "科技园1号(南门)"),
    ),
    ("小甜甜 13800138000 深圳市南山区科技园1号", "小甜甜", NANSHAN),
    (
        "浙江杭州余杭区文一西路969号 欧阳娜娜收 13800138000",
        "欧阳娜娜",
        ("浙江省", "杭州市", "余杭区", "文一西路969号"),
    ),
    (
        "四川省成都市武侯区天府三街199号 高新园 1栋 13800138000 周杰",
        "周杰",
        ("四川省", "成都市", "武侯区", "天府三街199号高新园1栋"),
    ),
    ("科技园1号 13800138000 张三", "张三", ("", "", "", "科技园1号")),
    ("13800138000", "", ("", "", "", "")),
]


@pytest.mark.parametrize(("text", "name", "place"), WITH_PHONE)
def test_a_text_is_taken_apart(text: str, name: str, place: tuple[str, ...]) -> None:
    assert address_read(text) == (name, PHONE, *place)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("广东省深圳市南山区科技园1号", ("", "", *NANSHAN)),
        ("张三 0755-1234567 深圳", ("张三", "", *NANSHAN[:2], "", "0755-1234567")),
        ("张三 12800138000 深圳", ("张三", "", *NANSHAN[:2], "", "12800138000")),
        ("北京路1号", ("", "", "", "", "", "北京路1号")),
        ("\x01\x02", ("", "", "", "", "", "")),
    ],
)
def test_what_is_not_there_is_empty(text: str, found: tuple[str, ...]) -> None:
    assert address_read(text) == found


def test_every_city_is_known_in_full_and_by_its_own_name() -> None:
    """Each with a district; the 333 prefectures of the mainland are among them."""
    districts = {(one.province, one.city): one for one in divisions()}
    assert [one for one in districts.values() if _found("".join(one)) != one] == []
    beyond = ("台湾省", "香港特别行政区", "澳门特别行政区")
    cities = [one for one in districts if "直辖" not in one[1] and one[0] not in beyond]
    assert len(cities) == 333 + 4
    assert len({city for _, city in cities}) == 333 + 4
    assert [one for one in cities if _found(one[1]) != (*one, "")] == []


def _found(words: str) -> Division | None:
    place = place_find(f"{words}人民路1号")
    return place and place.division


def test_over_the_api(
    shopper_api: APIClient, api: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = "/api/addresses/parse"
    sent = {"text": "<b>张三</b> 13800138000\n广东省深圳市南山区科技园1号"}
    answer = shopper_api.post(url, sent, format="json")
    assert (answer.status_code, answer.json()["data"]) == (
        200,
        {
            "name": "张三",
            "phone": PHONE,
            **dict(
                zip(("province", "city", "district", "detail"), NANSHAN, strict=True)
            ),
        },
    )
    bad: list[dict[str, Any]] = [
        {},
        {"text": " "},
        {"text": "长" * 501},
        {"text": 1.5e9},
    ]
    for body in bad[:3]:
        answer = shopper_api.post(url, body, format="json")
        assert answer.json()["data"]["fields"].keys() == {"text"}
    assert api.post(url, sent, format="json").status_code == 401
    assert Address.objects.count() == 0
    assert "张三" not in caplog.text
    assert PHONE not in caplog.text
