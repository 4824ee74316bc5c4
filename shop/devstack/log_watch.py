"""Show errors of a growing log as they come."""

from pathlib import Path

MARKS_OF_AN_ERROR = (" ERROR ", " CRITICAL ", "[ERROR]", "[CRITICAL]")


class LogWatch:
    """Reads the new lines of a log file, and keeps those that tell of an error."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._position = log.stat().st_size if log.exists() else 0
        self._rest = ""
        self._in_error = False

    def errors(self) -> list[str]:
        """Return the error lines since the last call, tracebacks included."""
        if not self._log.exists():
            return []
        if self._log.stat().st_size < self._position:
            # Put aside when its program was started again.
            self._position = 0
        with self._log.open(errors="replace") as file:
            file.seek(self._position)
            text = self._rest + file.read()
            self._position = file.tell()
        *lines, self._rest = text.split("\n")
        return [line for line in lines if self._is_error(line)]

    def _is_error(self, line: str) -> bool:
        """A line without a date of its own belongs to the one above it."""
        if line[:1].isdigit() or line.startswith("["):
            self._in_error = any(mark in line for mark in MARKS_OF_AN_ERROR)
        return self._in_error
