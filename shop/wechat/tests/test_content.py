"""The judgement of a comment: what is asked, and how its answer is read."""

import json

import pytest

from shop.wechat.content import Suggestion, Verdict, comment_check
from shop.wechat.errors import WeChatDeclined, WeChatRefused

TOKEN = b'{"access_token": "t1", "expires_in": 7200}'


def judged(wechat, result, nickname="小明"):
    answer = {"errcode": 0, "errmsg": "ok", "result": result, "trace_id": "x"}
    wechat.answers = [TOKEN, json.dumps(answer).encode()]
    return comment_check(openid="o-1", content="茶很香", nickname=nickname)


def test_it_is_asked_as_a_comment_in_letters_that_wechat_reads(wechat):
    judged(wechat, {"suggest": "pass", "label": 100})
    assert wechat.asked[1] == "/wxa/msg_sec_check?access_token=t1"
    assert "茶很香".encode() in wechat.sent[1]
    assert json.loads(wechat.sent[1]) == {
        "version": 2,
        "scene": 2,
        "openid": "o-1",
        "content": "茶很香",
        "nickname": "小明",
    }
    assert wechat.sent_headers["Content-Type"] == "application/json"


def test_who_has_no_name_sends_none(wechat):
    judged(wechat, {"suggest": "pass", "label": 100}, nickname="")
    assert "nickname" not in json.loads(wechat.sent[1])


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        ({"suggest": "pass", "label": 100}, Verdict(Suggestion.PASS)),
        ({"suggest": "review", "label": 10001}, Verdict(Suggestion.REVIEW, "广告")),
        ({"suggest": "risky", "label": 20003}, Verdict(Suggestion.RISKY, "辱骂")),
        ({"suggest": "risky", "label": 21000}, Verdict(Suggestion.RISKY, "其他")),
        ({"suggest": "risky"}, Verdict(Suggestion.RISKY, "其他")),
    ],
)
def test_the_suggestion_counts_whatever_the_errcode(wechat, result, verdict):
    assert judged(wechat, result) == verdict


@pytest.mark.parametrize(
    "result", [None, [], {}, {"suggest": "ok"}, {"suggest": ["pass"]}, {"label": 100}]
)
def test_what_suggests_nothing_is_no_pass(wechat, result):
    with pytest.raises(WeChatRefused):
        judged(wechat, result)


@pytest.mark.parametrize("errcode", [40003, 61010, 87014])
def test_why_it_is_not_judged_is_told(wechat, errcode):
    wechat.answers = [TOKEN, json.dumps({"errcode": errcode}).encode()]
    with pytest.raises(WeChatDeclined) as refused:
        comment_check(openid="o-1", content="茶很香", nickname="")
    assert refused.value.errcode == errcode
