"""A disk without room: a small one, mounted for the test, which fills up."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

# A folder and the head of a file find room; a picture of noise does not.
_ROOM_BYTES = 32 * 1024


@contextmanager
def small_disk(folder: Path, size_bytes: int = _ROOM_BYTES) -> Iterator[None]:
    """Give a folder so much room and no more.

    Who may not mount is held to files of that size: the write fails as far on its way,
    for another reason.
    """
    with (
        disk_mounted(folder, size_bytes) as is_mounted,
        nullcontext() if is_mounted else _short_files(size_bytes),
    ):
        yield


@contextmanager
def disk_mounted(folder: Path, size_bytes: int) -> Iterator[bool]:
    """Mount a disk of that size over a folder; tell whether this account may."""
    folder.mkdir(exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={size_bytes}"]
    mounted = subprocess.run(
        ["mount", *options, "tmpfs", str(folder)], check=False, capture_output=True
    )
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            # Lazily: a traceback may still hold a file that was being written.
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def _short_files(size_bytes: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
