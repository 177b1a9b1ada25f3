"""The end of an installation's log as a page may show it: without the machine's places and hosts."""

from __future__ import annotations

import re

__all__ = ["log_lines"]

_LINES, _WIDTH = 12, 110
_URL = re.compile(r"\w[\w+.-]*://[^\s'\"<>)\]]+")
_PATH = re.compile(r"(?<![\w.])(?:~|\.{1,2})?(?:/[\w.+@%:=~-]+)+/?")
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b")
_WITH_PORT = re.compile(r"\b[\w-]+(?:\.[\w-]+)+(?<!\.c)(?<!\.h)(?<!\.cc)(?<!\.cpp)(?<!\.py):\d{2,5}\b(?!:)")
# In a line about the network every name that could be a host's is taken for one.
_NETWORK = re.compile(r"host|resol|proxy|index|connect|certificate|retr", re.IGNORECASE)
_HOST = re.compile(
    r"\b[a-zA-Z][\w-]*(?:\.[\w-]+)*\.[a-zA-Z]{2,}(?::\d+)?\b|\b[\w-]+:\d{2,5}\b|(?<=host=)['\"]?[\w.-]+['\"]?"
)
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


def log_lines(log: str) -> list[str]:
    r"""Return the last lines that say something.

    Examples
    --------
    >>> log_lines("Looking in indexes: https://me:secret@host/simple\n  cc1: /home/me/word2vec.c: no\n")
    ['Looking in indexes: URL', 'cc1: …/word2vec.c: no']
    """
    lines = [_without_places(line).strip() for line in _COLOUR.sub("", log).splitlines()]
    kept = [line for line in lines if line and not line.startswith("[notice]")][-_LINES:]
    return [line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…" for line in kept]


def _without_places(line: str) -> str:
    line = _URL.sub("URL", line)
    network = _NETWORK.search(line)
    line = _PATH.sub(lambda path: "…/" + path[0].rstrip("/").rpartition("/")[2], line)
    line = _WITH_PORT.sub("HOST", _ADDRESS.sub("HOST", line))
    return _HOST.sub("HOST", line) if network else line
