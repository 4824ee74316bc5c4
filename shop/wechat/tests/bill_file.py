"""Trade bills as WeChat writes them, for tests."""

from decimal import Decimal

COLUMNS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,"
    "交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,"
    "商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
SUM_COLUMNS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,"
    "申请退款总金额"
)
APPID, MCHID = "wx0000000000000001", "1900000001"


def payment_line(**changes):
    """Return the values of a payment's row; a coupon of WeChat's paid 1.00 of it."""
    values = {
        "交易时间": "2026-11-25 12:00:05",
        "公众账号ID": APPID,
        "商户号": MCHID,
        "特约商户号": "0",
        "设备号": "",
        "微信订单号": "4200001",
        "商户订单号": "PAY001",
        "用户标识": "openid-a",
        "交易类型": "JSAPI",
        "交易状态": "SUCCESS",
        "付款银行": "OTHERS",
        "货币种类": "CNY",
        "应结订单金额": "98.00",
        "代金券金额": "1.00",
        "微信退款单号": "0",
        "商户退款单号": "0",
        "退款金额": "0.00",
        "充值券退款金额": "0.00",
        "退款类型": "",
        "退款状态": "",
        "商品名称": "龙井茶",
        "商户数据包": "",
        "手续费": "0.59000",
        "费率": "0.60%",
        "订单金额": "99.00",
        "申请退款金额": "0.00",
        "费率备注": "",
    }
    assert ",".join(values) == COLUMNS
    assert set(changes) <= set(values)
    return values | changes


def refund_line(**changes):
    """Return the values of a refund's row."""
    return payment_line(
        **{
            "交易时间": "2026-11-25 23:59:59",
            "交易状态": "REFUND",
            "应结订单金额": "0.00",
            "代金券金额": "0.00",
            "微信退款单号": "5030001",
            "商户退款单号": "REF001R01",
            "退款金额": "12.40",
            "充值券退款金额": "0.10",
            "退款类型": "ORIGINAL",
            "退款状态": "PROCESSING",
            "手续费": "-0.07000",
            "订单金额": "0.00",
            "申请退款金额": "12.50",
        }
        | changes
    )


def bill_file(*lines, columns=COLUMNS, sums=None, end="\r\n"):
    """Return the file, its sums right unless they are given."""
    sums = sums or {
        "总交易单数": str(len(lines)),
        "应结订单总金额": "0.00",
        "退款总金额": "0.00",
        "充值券退款总金额": "0.00",
        "手续费总金额": "0.00000",
        "订单总金额": str(sum((Decimal(one["订单金额"]) for one in lines), Decimal())),
        "申请退款总金额": str(
            sum((Decimal(one["申请退款金额"]) for one in lines), Decimal())
        ),
    }
    names = columns.split(",")
    rows = [",".join(f"`{one[name]}" for name in names) for one in lines]
    tail = [",".join(sums), ",".join(f"`{value}" for value in sums.values())]
    return "".join(text + end for text in [columns, *rows, *tail]).encode()
