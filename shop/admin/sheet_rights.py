"""Who may do what with sheets."""

from django.http import HttpRequest

from shop.back_office.masking import shows_people
from shop.models import SheetDirection, SheetTask
from shop.sheets.kinds import SheetKind, sheet_kinds

SEE_ALL = "shop.view_every_sheet"


def may_see_sheets(request: HttpRequest) -> bool:
    """Say whether somebody has anything to do with sheets."""
    return request.user.has_perm("shop.view_sheettask") or has_kind(request)


def has_kind(request: HttpRequest) -> bool:
    """Say whether there are sheets that somebody may import or export."""
    return any(
        kind.is_open_to(request.user, direction)
        for kind in sheet_kinds().values()
        for direction in SheetDirection
    )


def kinds_to_import(request: HttpRequest) -> list[type[SheetKind]]:
    """Return what somebody may import."""
    kinds = sheet_kinds().values()
    return [k for k in kinds if k.is_open_to(request.user, SheetDirection.IMPORT)]


def may_act(request: HttpRequest, task: SheetTask) -> bool:
    """Say whether somebody may do such tasks, their own or another's."""
    kind = sheet_kinds().get(task.kind)
    return kind is not None and kind.is_open_to(request.user, task.direction)


def may_download(request: HttpRequest, task: SheetTask) -> bool:
    """Say whether somebody may have the result, which may show shoppers whole."""
    may_read = not task.shows_people or shows_people(request)
    return may_read and may_act(request, task)
