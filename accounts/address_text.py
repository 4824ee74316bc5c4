"""Take apart what a shopper pastes: name, phone and address in any sequence."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from accounts.places import Place, place_find

# Those of a hundred families and then some; a surname tells a name from a place.
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎"
    "鲁韦昌马苗凤花方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和"
    "穆萧肖尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭"
    "梅盛林刁钟徐邱丘骆高夏蔡田樊胡凌霍虞万支柯管卢莫房裘缪干解应宗丁宣邓郁单杭洪包诸左石崔吉龚程邢裴陆"
    "荣翁荀羊甄曲封芮储靳段焦巴牧隗山谷车侯全班仰秋仲伊宫宁仇栾甘祖武符刘景詹束龙叶幸司黎薄印白怀蒲从鄂"
    "索籍赖卓蔺屠蒙池乔阴胥苍闻党翟谭贡劳逄姬申冉桑桂牛寿通边燕冀尚农温庄晏柴瞿阎充慕连茹习艾鱼容向古"
    "易慎戈廖庾终暨居衡步都耿满匡国文寇广禄东欧沃利蔚越师巩聂晁敖冷辛那简饶曾关相查红游权岳付闫代涂佟"
)
_COMPOUND = "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|端木|南宫|独孤"
_NAME = re.compile(
    rf"(?:(?:{_COMPOUND})[\u4e00-\u9fff]{{1,2}}|[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}"
    rf"|[{_SURNAMES}](?:先生|女士|小姐|老师|总)|[\u4e00-\u9fff]{{2,8}}[··•][\u4e00-\u9fff]{{1,8}})"
)
# What a part of an address ends with; a name of two or three characters does not.
_ADDRESS_END = re.compile(
    "[路道街巷弄里号栋幢楼层室户座村镇乡庄寨屯组队区县市省园苑院府厦场店城堂馆站库厂校口坊桥港湾]$|"
    "单元$|公司$|驿站$|小学$|中学$|大学$|学院$|酒店$|宾馆$"
)
# A name that stands right behind the end of an address, without anything between.
_STUCK = re.compile(rf"(.*(?:[号栋幢楼层室户座\dA-Za-z]|单元))({_NAME.pattern})")

# They stand where a name was announced, and where the phone was.
_NAME_MARK, _PHONE_MARK = "\x01", "\x02"
_PLAIN = str.maketrans(
    f"０１２３４５６７８９：＋－　\u200b\ufeff{_NAME_MARK}{_PHONE_MARK}",
    "0123456789:+-     ",
)
_PHONE = re.compile(
    r"(?<!\d)(?:[(]?(?:\+|00)?86[)]?[\s-]*)?(1[3-9]\d(?:[\s-]?\d){8})(?!\d)"
)
_ZIP = re.compile(r"(?:邮政编码|邮编)[\s:]*\d{6}|(?<![^\s,，;；])\d{6}(?![^\s,，;；])")
_NAME_LABELS = "收货人姓名|收件人姓名|收货人|收件人|联系人|姓名|名字"
_LABELS = (
    "手机号码|手机号|联系电话|联系方式|联系手机|电话号码|收货电话|电话|手机|"
    "收货地址|收件地址|详细地址|所在地区|所在地址|邮寄地址|地址|省市区|地区|请?(?:寄|发|送)到"
)
# With a colon anywhere, without one where a part begins.
_LABEL = r"(?:(?<![^\s,，;；。])(?:{0})[\s:]*|(?:{0})\s*:\s*)"
_NAME_LABEL = re.compile(_LABEL.format(_NAME_LABELS))
_OTHER_LABEL = re.compile(_LABEL.format(_LABELS))
# White space ends a part, but not between the words of a name in Latin letters.
_ENDS = re.compile(r"[\n,，;；|。]+|(?<![A-Za-z])\s+|\s+(?![A-Za-z])")
_EDGES = " \t,，、。;；:-/／|·"
_AROUND_NAME = f"{_EDGES}{_NAME_MARK}()（）[]【】<>《》\"'“”"
_CALLED_FOR = re.compile(r"[(（]?收[)）]?$")


class AddressRead(NamedTuple):
    """What a text says; a field is empty when it says nothing of it."""

    name: str = ""
    phone: str = ""
    province: str = ""
    city: str = ""
    district: str = ""
    detail: str = ""


def address_read(text: str) -> AddressRead:
    """Take a pasted text apart; what can't be placed stays in the detail."""
    text = text.translate(_PLAIN)
    phone = ""
    if match := _PHONE.search(text):
        phone = re.sub(r"[\s-]", "", match[1])
        text = f"{text[: match.start()]}\n{_PHONE_MARK}\n{text[match.end() :]}"
    text = _ZIP.sub("\n", text)
    text = _NAME_LABEL.sub(f"\n{_NAME_MARK}", text)
    text = _OTHER_LABEL.sub("\n", text)
    place = place_find(text)
    before, behind = _around(text, place)
    name = _name_take(before, behind, has_place=place is not None)
    detail = _joined(part for part in [*before, *behind] if part != _PHONE_MARK)
    return AddressRead(
        name, phone, *(place.division if place else ("", "", "")), detail
    )


def _around(text: str, place: Place | None) -> tuple[list[str], list[str]]:
    """Return the parts before the place and those behind it."""
    if place is None:
        return _parts(text), []
    before = re.sub(r"中国\s*$", "", text[: place.start])
    return _parts(before), _parts(text[place.end :])


def _parts(text: str) -> list[str]:
    parts = (part.strip(_EDGES) for part in _ENDS.split(text))
    return [part for part in parts if part.strip(_NAME_MARK)]


def _name_take(before: list[str], behind: list[str], *, has_place: bool) -> str:
    """Take the name out of the parts of which it is one."""
    for parts in (before, behind):
        for name in _candidates(parts, is_before=has_place and parts is before):
            parts.remove(name)
            return _called(name)
    return _stuck_take(behind or before)


def _candidates(parts: list[str], *, is_before: bool) -> list[str]:
    """Return what may be the name, the likeliest first.

    The name was announced, or looks like one, best beside the phone. Before a place it
    may be any word; behind it, any that the phone sets apart from the address.
    """
    announced = [part for part in parts if part.startswith(_NAME_MARK)]
    at = parts.index(_PHONE_MARK) if _PHONE_MARK in parts else len(parts)
    aside = [*parts[max(at - 1, 0) : at], *parts[at + 1 : at + 2]]
    alike = [part for part in [*aside, *parts[::-1]] if _is_name(part)]
    if is_before:
        any_word = [part for part in parts[::-1] if not _is_address(part)]
    else:
        # The first is the address itself.
        alike = [part for part in alike if part != parts[0]] or alike[: len(parts) > 1]
        any_word = [part for part in parts[at + 1 : at + 2] if not _is_address(part)]
    return [*announced, *alike, *any_word]


def _stuck_take(parts: list[str]) -> str:
    """Cut a name off the end of an address."""
    for place, part in enumerate(parts):
        match = _STUCK.fullmatch(_called(part))
        if match and _is_name(match[2]):
            parts[place] = match[1]
            return match[2]
    return ""


def _is_name(part: str) -> bool:
    name = _called(part)
    return bool(_NAME.fullmatch(name)) and not _ADDRESS_END.search(name)


def _is_address(part: str) -> bool:
    is_numbered = any(letter.isdigit() for letter in part)
    return part == _PHONE_MARK or is_numbered or bool(_ADDRESS_END.search(part))


def _called(part: str) -> str:
    """Return a part without brackets around it and 收 behind it."""
    return _CALLED_FOR.sub("", part.strip(_AROUND_NAME)).strip(_AROUND_NAME)


def _joined(parts: Iterable[str]) -> str:
    """Put parts together, with a space where words of Latin letters meet."""
    text = ""
    for part in parts:
        is_latin = text[-1:].isascii() and part[:1].isascii()
        text += f" {part}" if text and is_latin else part
    return text
