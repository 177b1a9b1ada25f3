"""From text to sentences of local token ids: ``words``, ``whitespace``, or a Python callable.

Each piece of text gets its own small dictionary (Arrow splits and dictionary-encodes some 12 million tokens a
second on one thread), which :mod:`coterie.corpus.counting` then merges into the one of the whole text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from coterie.config import CorpusConfig, Lowercase
from coterie.corpus.pieces import Piece, Place, TextPiece, TokenPiece
from coterie.corpus.words import lower, spaced_words
from coterie.errors import ConfigError, CorpusError

__all__ = ["TOKENIZERS", "Sentences", "Tokenizer", "make_tokenizer"]

TOKENIZERS = ("words", "whitespace")

# Arrow's string arrays address 2 GiB with 32-bit offsets.
_SMALL = 2**31 - 1
_SPACES = bytes.maketrans(b"\t\n\v\f\r", b"     ")


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences as ids into their own dictionary.

    Attributes
    ----------
    words
        Arrow strings: the distinct tokens, by first appearance.
    ids
        int32, shape ``(n_tokens,)``: positions in ``words``.
    lengths
        int64, shape ``(n_sentences,)``: tokens in each sentence; the last one may go on (``continues``).
    weights
        float32, shape ``(n_sentences,)``; ``None``: all are 1.
    """

    words: pa.Array
    ids: NDArray[np.int32]
    lengths: NDArray[np.int64]
    continues: bool = False
    skipped: int = 0
    weights: NDArray[np.float32] | None = None


class Tokenizer(Protocol):
    """Makes sentences of a piece of text."""

    whole_lines: bool  # must see a line in one piece
    parallel: bool  # may run in several threads

    def sentences(self, piece: Piece) -> Sentences:
        """Return the sentences of ``piece``."""


def make_tokenizer(
    config: CorpusConfig, tokenizer: Callable[[str], Iterable[str]] | None = None
) -> Tokenizer:
    """Return the tokenizer that the settings name, or the one around a Python callable.

    Raises
    ------
    ConfigError
        If there is no tokenizer of that name.
    """
    if tokenizer is not None:
        if not callable(tokenizer):
            raise ConfigError(
                f"tokenizer is {tokenizer!r}; pass a callable that takes a string and returns its tokens."
            )
        return _CallableTokenizer(tokenizer, config.lowercase or "none")
    if config.tokenizer == "words":
        return _WordTokenizer(config.lowercase or "unicode", config.lowercase or "none")
    if config.tokenizer == "whitespace":
        return _WhitespaceTokenizer(config.lowercase or "none")
    raise ConfigError(
        f"tokenizer is {config.tokenizer!r}; choose one of {', '.join(TOKENIZERS)}, or pass a Python "
        "callable."
    )


class _WhitespaceTokenizer:
    """Splits at ASCII white space, the convention of word2vec.c and fastText."""

    whole_lines = False
    parallel = True

    def __init__(self, lowercase: Lowercase) -> None:
        self._lowercase: Lowercase = lowercase

    def sentences(self, piece: Piece) -> Sentences:
        found = _token_lists(piece) if isinstance(piece, TokenPiece) else _split(piece)
        return _lowered(found, self._lowercase)


class _WordTokenizer:
    """Finds the words of each distinct white-space-separated chunk, once."""

    whole_lines = False
    parallel = True

    def __init__(self, lowercase: Lowercase, token_lowercase: Lowercase) -> None:
        self._lowercase: Lowercase = lowercase
        # Token lists are taken as they are; only an explicit setting lower-cases them.
        self._token_lowercase: Lowercase = token_lowercase

    def sentences(self, piece: Piece) -> Sentences:
        if isinstance(piece, TokenPiece):
            return _lowered(_token_lists(piece), self._token_lowercase)
        chunks = _split(piece)
        if not len(chunks.words):
            return chunks
        text = "\n".join(chunks.words.to_pylist())
        inside = _split(TextPiece(spaced_words(text, self._lowercase).encode(), piece.place))
        per_token = inside.lengths[chunks.ids]
        before = np.concatenate(([0], np.cumsum(per_token)))
        starts = np.cumsum(inside.lengths) - inside.lengths
        if len(inside.lengths) == len(inside.ids) and (inside.lengths == 1).all():
            ids = inside.ids[chunks.ids]
        else:
            at = np.repeat(starts[chunks.ids] - before[:-1], per_token) + np.arange(before[-1])
            ids = inside.ids[at]
        ends = np.cumsum(chunks.lengths)
        lengths = np.diff(before[np.concatenate(([0], ends))])
        return replace(inside, ids=ids, lengths=lengths, continues=chunks.continues, **_beside(piece))


class _CallableTokenizer:
    """Calls a Python function once a sentence, in the main thread: it need not be thread-safe."""

    whole_lines = True
    parallel = False

    def __init__(self, function: Callable[[str], Iterable[str]], lowercase: Lowercase) -> None:
        self._function = function
        self._lowercase: Lowercase = lowercase

    def sentences(self, piece: Piece) -> Sentences:
        if isinstance(piece, TokenPiece):
            return _lowered(_token_lists(piece), self._lowercase)
        index: dict[str, int] = {}
        ids: list[int] = []
        lengths: list[int] = []
        for number, line in enumerate(piece.data.decode().split("\n")):
            sentence = lower(line.removesuffix("\r"), self._lowercase)
            tokens = self._tokens(sentence, piece.place, number) if sentence.strip() else []
            ids += [index.setdefault(token, len(index)) for token in tokens]
            lengths.append(len(tokens))
        words = pa.array(list(index), pa.string())
        return Sentences(words, np.array(ids, np.int32), np.array(lengths, np.int64), **_beside(piece))

    def _tokens(self, sentence: str, place: Place, number: int) -> list[str]:
        where = place.later(number) if place.unit == "line" else f"{place} or later"
        try:
            found: Any = self._function(sentence)
        except Exception as error:
            error.add_note(f"raised by the tokenizer, called on {where}")
            raise
        if isinstance(found, str | bytes) or not isinstance(found, Iterable):
            kind = "a string" if isinstance(found, str) else f"{type(found).__name__}"
            raise CorpusError(
                f"{where}: the tokenizer returned {kind}; it must return a list of strings, one a token."
            )
        tokens: list[str] = []
        for token in found:
            if not isinstance(token, str):
                raise CorpusError(
                    f"{where}: the tokenizer returned a token that is {type(token).__name__} ({token!r}); "
                    "every token "
                    "must be a string (of a spaCy document: [t.text for t in doc])."
                )
            if token:
                tokens.append(token)
        return tokens


def _split(piece: TextPiece) -> Sentences:
    """Split at ASCII white space.

    With all white space made spaces, the text as it lies in memory is an Arrow array of tokens, each with the
    space that ends it; the spaces are cut off the distinct ones afterwards. That is twice as fast as Arrow's
    own split, which copies every token.
    """
    data = piece.data.translate(_SPACES)
    if data and not data.endswith(b" "):
        data += b" "
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord(" ")) + 1
    newlines = np.flatnonzero(np.frombuffer(piece.data, np.uint8) == ord("\n"))
    bounds = np.concatenate(([0], np.searchsorted(ends, newlines + 1) + 1, [len(ends)]))
    small = len(data) <= _SMALL
    offsets = np.concatenate(([0], ends)).astype(np.int32 if small else np.int64)
    kind = pa.StringArray if small else pa.LargeStringArray
    encoded = kind.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(data)).dictionary_encode()
    ids, words = np.asarray(encoded.indices), pc.ascii_rtrim(encoded.dictionary, " ")
    # White space after white space (or a line end after it) makes an empty token.
    empty = pc.index(words, pa.scalar("", words.type)).as_py()
    if empty < 0:
        return Sentences(words, ids, np.diff(bounds), piece.continues, **_beside(piece))
    full = ids != empty
    lengths = np.diff(bounds - np.searchsorted(np.flatnonzero(~full), bounds))
    ids = ids[full]
    ids -= ids > empty
    words = pa.concat_arrays([words[:empty], words[empty + 1 :]])
    return Sentences(words, ids, lengths, piece.continues, **_beside(piece))


def _beside(piece: Piece) -> dict[str, Any]:
    """Return what is known of a piece whatever its words."""
    return {"skipped": piece.skipped, "weights": piece.weights}


def _token_lists(piece: TokenPiece) -> Sentences:
    encoded = piece.tokens.dictionary_encode()
    words, ids = encoded.dictionary, np.asarray(encoded.indices)
    return Sentences(words, ids, piece.lengths, **_beside(piece))


def _lowered(found: Sentences, how: Lowercase) -> Sentences:
    if how == "none" or not len(found.words):
        return found
    encoded = pa.array(
        [lower(word, how) for word in found.words.to_pylist()], pa.string()
    ).dictionary_encode()
    ids = np.asarray(encoded.indices)[found.ids]
    return replace(found, words=encoded.dictionary, ids=ids)
