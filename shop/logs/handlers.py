"""Where the lines go."""

import logging
from logging.handlers import WatchedFileHandler


class RotatableFileHandler(WatchedFileHandler):
    """A file that logrotate may move away; a full disk fails no request."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line; looking whether the file was moved can fail, too."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)


class OneLineFilter(logging.Filter):
    """Cut the traceback from records whose message says it all.

    For what outsiders can cause at will, or what a dead Valkey causes at each request.
    """

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
