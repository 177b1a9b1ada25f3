"""All readers there are."""

from __future__ import annotations

from fuzzing.corpora import CORPORA
from fuzzing.folders import FOLDERS
from fuzzing.gensims import GENSIMS
from fuzzing.sets import SETS
from fuzzing.vectors import VECTORS

__all__ = ["READERS"]

READERS = {reader.name: reader for reader in (*CORPORA, *VECTORS, *FOLDERS, *SETS, *GENSIMS)}
