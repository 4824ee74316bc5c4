import hashlib
import json

import pytest
import requests


@pytest.fixture
def ask(wechat):
    """Return a way to ask where a parcel is, signed unless something else is said."""

    def ask(param, **changes):
        text = param if isinstance(param, str) else json.dumps(param)
        customer, key = wechat.world["mchid"], wechat.world["secret"]
        sign = hashlib.md5(f"{text}{key}{customer}".encode(), usedforsecurity=False)
        form = {
            "customer": customer,
            "param": text,
            "sign": sign.hexdigest().upper(),
            **changes,
        }
        reply = requests.post(f"{wechat.base_url}/poll/query.do", form, timeout=30)
        assert reply.status_code == 200
        return reply.json()

    return ask


def test_a_trace_goes_on_with_the_parcels_age(wechat, ask):
    parcel = {"com": "yuantong", "num": "YT8800000000"}
    new = ask(parcel)
    assert (new["status"], new["message"], new["nu"]) == ("200", "ok", parcel["num"])
    assert (new["state"], new["ischeck"], len(new["data"])) == ("1", "0", 1)
    ages = {1: ("1", 1), 3: ("0", 2), 21: ("0", 4), 29: ("5", 5), 33: ("3", 6)}
    for hours, (state, steps) in ages.items():
        wechat.shift_clock(hours * 3600)
        told = ask(parcel)
        assert (told["state"], len(told["data"])) == (state, steps), hours
    # Newest first, and what was told stays so.
    assert told["data"][-1] == new["data"][0]
    assert told["data"][0]["ftime"] > told["data"][1]["ftime"]


def test_a_number_says_how_old_its_parcel_is(ask):
    young, old = (ask({"com": "ems", "num": f"EM55000{n}"}) for n in ("029", "099"))
    assert (young["state"], old["state"]) == ("5", "3")


@pytest.mark.parametrize(
    ("param", "changes", "code"),
    [
        ({"com": "ems", "num": "EM5500001"}, {"sign": "0" * 32}, "503"),
        ({"com": "ems", "num": "EM5500001"}, {"customer": "somebody"}, "601"),
        ({"com": "ems", "num": "EM550"}, {}, "400"),
        ({"com": "EMS", "num": "EM5500001"}, {}, "400"),
        ("{", {}, "400"),
        ({"com": "shunfeng", "num": "SF5500001"}, {}, "408"),
    ],
)
def test_what_kuaidi100_refuses(ask, param, changes, code):
    told = ask(param, **changes)
    assert (told["result"], told["returnCode"]) == (False, code)
