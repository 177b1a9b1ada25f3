"""The text of a model: gone through once, and encoded in the model's own numbers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coterie.compat.gensim.refusals import NotSentencesError, NoVocabularyError
from coterie.compat.gensim.sentences import files_of
from coterie.config import CorpusConfig, VocabularyConfig
from coterie.errors import CorpusError

if TYPE_CHECKING:
    from coterie.corpus import EncodedCorpus

__all__ = ["Scanned", "scanned"]


class Scanned:
    """A text, encoded in numbers of its own until :meth:`numbered` gives it a model's.

    Attributes
    ----------
    words, counts
        Its distinct words, the most frequent first.
    total_words
        Words of the text, before any is dropped.
    total_sentences
        Sentences of the text.
    """

    def __init__(self, corpus: EncodedCorpus, total_sentences: int) -> None:
        self._corpus = corpus
        self.words, self.counts = corpus.vocabulary.words, corpus.vocabulary.counts
        self.total_words, self.total_sentences = corpus.raw_tokens, total_sentences

    def numbered(self, known: dict[Any, int]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """Return ids and offsets in these numbers, without words that have none; may be called once."""
        from coterie.corpus.renumbering import DROPPED, renumber

        numbers = np.fromiter((known.get(word, DROPPED) for word in self.words), np.uint32, len(self.words))
        return renumber(self._corpus, numbers)


@contextmanager
def scanned(
    sentences: Any, file: str | os.PathLike[str] | None, most_words: int | None = None
) -> Iterator[Scanned]:
    """Encode lists of words or the lines of a file; what is encoded is gone afterwards.

    Parameters
    ----------
    sentences
        Lists of words, gone through once, or None.
    file
        A text with a sentence a line, whatever its name, or None.
    most_words
        Keep only so many of the words, the most frequent.

    Raises
    ------
    NotSentencesError
        Both or none is given, or the sentences are something else.
    NoVocabularyError
        There is no word in the sentences.
    CorpusError
        There is none in the file, or it can't be read.
    """
    from coterie.corpus import encode, plain_text
    from coterie.kernels.cores import available_cores

    if (sentences is None) == (file is None):
        how_many = "neither is given" if file is None else "both are given"
        raise NotSentencesError(f"give sentences (corpus_iterable) or a corpus_file; {how_many}.")
    files = files_of(sentences) if file is None else [Path(file)]
    counted = None if files is not None else _Counted(sentences)
    source = counted if counted is not None else tuple(plain_text(path) for path in files or ())
    vocabulary = VocabularyConfig(min_count=1, max_vocab_size=most_words)
    config = CorpusConfig(tokenizer="whitespace")
    try:
        corpus = encode(source, config, vocabulary, workers=available_cores())
    except CorpusError as error:
        if counted is None or counted.words or isinstance(error, NotSentencesError):
            raise
        raise NoVocabularyError(str(error)) from error
    with corpus:
        yield Scanned(corpus, corpus.n_sentences if counted is None else counted.count)


class _Counted:
    """Sentences as they are gone through, checked and counted."""

    def __init__(self, sentences: Any) -> None:
        if isinstance(sentences, str | bytes | os.PathLike):
            raise NotSentencesError(
                f"the sentences are {str(sentences)[:60]!r}; give lists of words, or the file as corpus_file."
            )
        if not isinstance(sentences, Iterable):
            raise NotSentencesError(f"the sentences are {type(sentences).__name__}; give lists of words.")
        self._sentences, self.count, self.words = sentences, 0, 0

    def __iter__(self) -> Iterator[list[str]]:
        for sentence in self._sentences:
            self.count += 1
            if isinstance(sentence, str | bytes) or not isinstance(sentence, Iterable):
                raise NotSentencesError(
                    f"sentence {self.count:,} is {type(sentence).__name__} ({str(sentence)[:40]!r}); every "
                    "sentence must be a list of words, such as text.split()."
                )
            words = list(sentence)
            self.words += len(words)
            if words and not isinstance(words[0], str):
                raise NotSentencesError(
                    f"sentence {self.count:,} begins with {type(words[0]).__name__}; words are strings: "
                    "[str(word) for word in sentence]."
                )
            yield words
