"""The carriers that parcels go with."""

from collections.abc import Mapping

# The most used of the thousand and more codes of WeChat's get_delivery_list, for
# `express_company` of the shipping upload. (Yunda is YUNDA in WeChat's older
# getAllDelivery, but YD in this one.) OTHER is ours: WeChat has no such code.
# Source: WX/…/industry/express/business/express_search, get_delivery_list.
OTHER = "OTHER"
CARRIERS: Mapping[str, str] = {
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
    OTHER: "其他",
}
# What their numbers look like.
TRACKING_NO = r"^[0-9A-Za-z-]{4,64}\Z"
TRACKING_NO_TOLD = "快递单号只能是4到64位字母、数字和横线"
