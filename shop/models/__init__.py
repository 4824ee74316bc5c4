"""What the shop package keeps itself: sheets that staff import and export."""

from shop.models.sheet import (
    SheetDirection,
    SheetFile,
    SheetFormat,
    SheetPart,
    SheetRole,
    SheetState,
    SheetTask,
)

__all__ = [
    "SheetDirection",
    "SheetFile",
    "SheetFormat",
    "SheetPart",
    "SheetRole",
    "SheetState",
    "SheetTask",
]
