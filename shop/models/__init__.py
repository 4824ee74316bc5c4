"""What the shop package keeps itself: staff's sheets, and their filters."""

from shop.models.saved_filter import SavedFilter
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
    "SavedFilter",
    "SheetDirection",
    "SheetFile",
    "SheetFormat",
    "SheetPart",
    "SheetRole",
    "SheetState",
    "SheetTask",
]
