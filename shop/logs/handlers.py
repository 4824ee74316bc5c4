"""Where the lines go."""

import logging
import os
import threading

_TO_THE_END = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class RotatableFileHandler(logging.Handler):
    """A file that logrotate may move away; a full disk fails no request.

    Each line is one write to the end of the file, which the kernel does whole, so it
    takes no lock: threads waited longer for that of Python's own handlers, held over
    two calls of the system, than for PostgreSQL.
    """

    def __init__(self, filename: str | os.PathLike[str]) -> None:
        super().__init__()
        self._path = os.path.abspath(filename)
        self._file = os.open(self._path, _TO_THE_END, 0o666)
        self._place = _place(os.fstat(self._file))
        self._changing = threading.Lock()

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record that the filters let pass."""
        passes = bool(self.filter(record))
        if passes:
            self.emit(record)
        return passes

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line; whatever fails is logging's to complain of."""
        try:
            line = f"{self.format(record)}\n".encode(errors="backslashreplace")
            self._follow()
            os.write(self._file, line)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Close the file; a line that comes later is complained of."""
        with self._changing:
            closed, self._file = self._file, -1
            if closed >= 0:
                os.close(closed)
        super().close()

    def _follow(self) -> None:
        """Go over to a new file when this one was moved away.

        Raises: OSError.
        """
        try:
            place = _place(os.stat(self._path))
        except FileNotFoundError:
            place = None
        if place == self._place:
            return
        with self._changing:
            fresh = os.open(self._path, _TO_THE_END, 0o666)
            try:
                # Under the same number, to which others may be writing right now.
                os.dup2(fresh, self._file, inheritable=False)
                self._place = _place(os.fstat(fresh))
            finally:
                os.close(fresh)


def _place(file: os.stat_result) -> tuple[int, int]:
    return file.st_dev, file.st_ino


class OneLineFilter(logging.Filter):
    """Cut the traceback from what outsiders can cause at will: the message says it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            record.msg = f"{record.getMessage()}: {type(error).__name__}"
            record.args = None
            record.exc_info = record.exc_text = None
        return True


class RefusalFilter(OneLineFilter):
    """Cut the traceback of what a caller was refused; a fault of ours keeps it."""

    def filter(self, record: logging.LogRecord) -> bool:
        is_refusal = getattr(record, "status_code", 500) < 500
        return super().filter(record) if is_refusal else True
