"""Find the province, city and district that an address names, however it writes them.

People leave out 省, 市 and 区, the province or the city; write counties by the suffix
that they had before, and autonomous ones without their peoples.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from shop.divisions import Division, divisions

_PEOPLES = (
    "蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|拉祜|水|东乡"
    "|纳西|景颇|柯尔克孜|土|达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|普米|塔吉克|怒|保安|裕固|独龙|各"
)
_AUTONOMOUS = re.compile(rf"(.{{2,}}?)族?(?:(?:{_PEOPLES})族?)*自治[州县旗区]")
_SUFFIX = re.compile(
    r"(.{2,}?)(?:特别行政区|街道办事处|街道|林区|新区|特区|矿区|地区|[省市区县旗盟镇])"
)
# In a picker these stand for a city where there is none.
_NO_CITY = re.compile("省直辖|自治区直辖")
_ZONE = re.compile("开发区|园区|高新区|示范区|实验区|管理区")
_BETWEEN = re.compile(
    r"[\s,，、/／|·-]*(?:(?:市辖区|(?:省|自治区)直辖县(?:级行政区划)?|县(?=\s))[\s,，、/／|·-]*)?"
)
# After a bare name: then it is the name of something else, 北京路 or 中山大厦.
_SOMETHING_ELSE = re.compile(
    "[东南西北中]?(?:大?[路道街巷弄]|胡同|大厦|大学|学院|酒店|饭店|花园|小区|广场)"
)
# After a bare district, whose names are more common, these too.
_SOMETHING_SMALL = re.compile("[村镇乡山湖桥门]")
_LONGEST_NAME = 20


@dataclass(frozen=True)
class Place:
    """What a text names, and where in it."""

    division: Division
    start: int
    end: int
    levels: int


@dataclass(frozen=True)
class _Match:
    """A name that was read: what it may mean, and whether it is without its suffix."""

    meanings: tuple[Division, ...]
    end: int
    is_bare: bool = False


# By a way of writing it: what it may mean, and whether that is without its suffix.
_Names = Mapping[str, tuple[tuple[Division, ...], bool]]


def place_find(text: str) -> Place | None:
    """Return the place that a text names most fully, the first of those alike.

    The same place once more, as in forms that are filled twice, belongs to it.
    """
    best = _best(
        place for start in range(len(text)) for place in _places_at(text, start)
    )
    if best is None:
        return None
    again = _best(_places_at(text, _after(text, best.end)))
    if again and again.levels > 1 and again.division == best.division:
        return replace(best, end=again.end)
    return best


def _best(places: Iterable[Place]) -> Place | None:
    return max(
        places,
        key=lambda place: (place.levels, place.end - place.start, -place.start),
        default=None,
    )


def _places_at(text: str, start: int) -> Iterator[Place]:
    """Return each way to read a place from here, with one level to three."""
    nothing = _Match((Division(),), start)
    for province in [*_read(_provinces(), text, start), nothing]:
        [known] = {meaning.province for meaning in province.meanings}
        at = start if province is nothing else _after(text, province.end)
        for city in [*_read(_cities(known), text, at), province]:
            yield from _with_districts(text, start, province, city)


def _with_districts(
    text: str, start: int, province: _Match, city: _Match
) -> Iterator[Place]:
    levels = (province.end > start) + (city is not province)
    at = _after(text, city.end) if levels else start
    known = _common(city)
    names = _districts(known.province, known.city)
    for district in [*_read(names, text, at), city]:
        count = levels + (district is not city)
        if count and not _is_something_else(text, district, is_small=count > levels):
            yield Place(_common(district), start, district.end, count)


def _read(names: _Names, text: str, start: int) -> Iterator[_Match]:
    """Return the names that a text goes on with."""
    for end in range(start + 2, min(start + _LONGEST_NAME, len(text)) + 1):
        if found := names.get(text[start:end]):
            meanings, is_bare = found
            yield _Match(meanings, end, is_bare)


def _after(text: str, end: int) -> int:
    between = _BETWEEN.match(text, end)
    return between.end() if between else end


def _is_something_else(text: str, last: _Match, *, is_small: bool) -> bool:
    if not last.is_bare:
        return False
    is_small = is_small and bool(_SOMETHING_SMALL.match(text, last.end))
    return is_small or bool(_SOMETHING_ELSE.match(text, last.end))


def _common(match: _Match) -> Division:
    """Return what all meanings of a name have in common; 北京市 is its own city."""
    fields = (set(values) for values in zip(*match.meanings, strict=True))
    known = Division(*(one.pop() if len(one) == 1 else "" for one in fields))
    is_city = known.province.endswith("市")
    return known._replace(city=known.province) if is_city else known


# --- The names, each with its ways of being written -------------------------------


@cache
def _provinces() -> _Names:
    provinces = {Division(one.province) for one in divisions()}
    names = _named((bare, one, True) for one in provinces for bare in _bare(one[0]))
    # 内蒙 is said for 内蒙古; and what was a 省 before is still called so.
    names |= {"内蒙": (names["内蒙古"][0], True)}
    names |= {f"{bare}省": (one, False) for bare, (one, _) in names.items()}
    return names | {one.province: ((one,), False) for one in provinces}


@cache
def _cities(province: str) -> _Names:
    """Return the names of a province's cities, or of all."""
    cities = {
        Division(one.province, one.city)
        for one in divisions()
        if province in ("", one.province) and not _NO_CITY.match(one.city)
    }
    names = _named((bare, one, True) for one in cities for bare in _bare(one.city))
    states = {one: _bare(one.city) for one in cities if one.city.endswith("自治州")}
    names |= {f"{bare}州": ((one,), False) for one in states for bare in states[one]}
    return names | _named((one.city, one, False) for one in cities)


@cache
def _districts(province: str, city: str) -> _Names:
    """Return the names of the districts of a city, of a province, or of all.

    Of all, those alone that say by themselves what they are.
    """
    known = [
        one
        for one in divisions()
        if province in ("", one.province) and city in ("", one.city)
    ]
    if not city:
        known = [one for one in known if not _ZONE.search(one.district)]
    if not province:
        known = [one for one in known if one.district[-1] in "区县市旗"]
        return _named((one.district, one, False) for one in known)
    names = _named((bare, one, True) for one in known for bare in _bare(one.district))
    earlier = _named(
        (f"{bare}{suffix}", one, False)
        for one in known
        for bare in _bare(one.district)
        for suffix in ("区", "县", "市", "新区")
        if f"{bare}{suffix}" != city
    )
    return names | earlier | _named((one.district, one, False) for one in known)


def _named(
    names: Iterable[tuple[str, Division, bool]],
) -> dict[str, tuple[tuple[Division, ...], bool]]:
    found: dict[str, tuple[list[Division], bool]] = {}
    for name, meaning, is_bare in names:
        found.setdefault(name, ([], is_bare))[0].append(meaning)
    return {name: (tuple(one), is_bare) for name, (one, is_bare) in found.items()}


def _bare(name: str) -> list[str]:
    """Return a name without its suffix, if something is left of it."""
    match = _AUTONOMOUS.fullmatch(name) or _SUFFIX.fullmatch(name)
    return [match[1]] if match else []
