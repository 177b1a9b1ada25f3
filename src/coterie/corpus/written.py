"""An encoded corpus as text again: a sentence a line, blanks between the words."""

from __future__ import annotations

import os
from itertools import pairwise

from coterie.corpus.encoded import EncodedCorpus
from coterie.formats.replacing import replacing_file

__all__ = ["write_text"]

# Sentences at once, and the most tokens of a sentence: some 50 MB of strings.
_SENTENCES = 1 << 12
_TOKENS = 1 << 20


def write_text(corpus: EncodedCorpus, path: str | os.PathLike[str]) -> None:
    """Write the words of a corpus as plain text; the name may end in ``.gz .bz2 .xz .zst``.

    Raises
    ------
    ResourceError
        The system refuses; an earlier file is as it was.
    """
    words = corpus.vocabulary.words
    with replacing_file(path) as file:
        for first in range(0, corpus.n_sentences, _SENTENCES):
            offsets = corpus.offsets[first : first + _SENTENCES + 1].tolist()
            lines = []
            for begin, end in pairwise(offsets):
                for at in range(begin, end, _TOKENS):
                    ids = corpus.ids[at : min(at + _TOKENS, end)].tolist()
                    lines.append(" ".join([words[i] for i in ids]))
                    lines.append("\n" if at + _TOKENS >= end else " ")
            file.write("".join(lines).encode("utf-8", "surrogatepass"))
