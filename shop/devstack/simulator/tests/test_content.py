import pytest

SAMPLE = "特3456书yuuo莞6543李zxcz蒜7782法fgnv级"


@pytest.mark.parametrize(
    ("changed", "suggest", "label"),
    [
        ({}, "pass", 100),
        ({"content": "茶" * 2500}, "pass", 100),
        ({"content": f"好茶{SAMPLE}"}, "risky", 20006),
        ({"nickname": "sim-risky"}, "risky", 20006),
        ({"content": "sim-review 加我"}, "review", 10001),
    ],
)
def test_a_text_is_judged(merchant, changed, suggest, label):
    answer = merchant.judge(merchant.comment(**changed))
    assert (answer["errcode"], len(answer["trace_id"])) == (0, 32)
    assert answer["result"] == {"suggest": suggest, "label": label}
    assert answer["detail"][0]["suggest"] == suggest


def test_the_first_version_refuses_what_is_risky(merchant):
    answers = [merchant.judge({"content": text}) for text in ("茶很香", SAMPLE)]
    assert [answer["errcode"] for answer in answers] == [0, 87014]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"content": None}, 44002),
        ({"content": ""}, 44002),
        ({"content": 7}, 47001),
        ({"content": "茶" * 2501}, 47001),
        ({"version": 3}, 47001),
        ({"scene": None}, 40129),
        ({"scene": 5}, 40129),
        ({"openid": None}, 40003),
        ({"openid": "oNobodyHasEverLoggedInAsThis"}, 40003),
    ],
)
def test_a_wrong_parameter_is_refused(merchant, changed, expected):
    assert merchant.judge(merchant.comment(**changed))["errcode"] == expected


def test_only_who_was_there_within_two_hours(wechat, merchant):
    body = merchant.comment(openid=merchant.login("sim-away").json()["openid"])
    for seconds, expected in ((7_100, 0), (7_300, 61010)):
        wechat.shift_clock(seconds)
        assert merchant.judge(body)["errcode"] == expected
    merchant.login("sim-away")
    assert merchant.judge(body)["errcode"] == 0
