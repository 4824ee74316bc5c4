"""The carriers that get_delivery_list tells of: a few of WeChat's thousand and more."""

CARRIERS = {
    "SF": "顺丰速运",
    "ZTO": "中通快递",
    "YTO": "圆通速递",
    "STO": "申通快递",
    "YD": "韵达速递",
    "JTSD": "极兔速递",
    "EMS": "EMS",
    "YZPY": "邮政快递包裹",
    "JD": "京东快递",
    "DBL": "德邦快递",
    "ZJS": "宅急送",
    "HTKY": "百世快递",
    "UC": "优速快递",
    "DHL": "DHL",
}
