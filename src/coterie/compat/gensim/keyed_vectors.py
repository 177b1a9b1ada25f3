"""KeyedVectors, with gensim's names."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from coterie.compat.gensim.judgement import Judgement
from coterie.compat.gensim.keyed_files import (
    check_layout,
    check_mmap,
    read_attributes,
    refuse_pickle,
    write_keyed,
    write_without_header,
)
from coterie.compat.gensim.refusals import refuse_unless
from coterie.errors import ConfigError
from coterie.formats import read
from coterie.formats.detect import detect
from coterie.formats.table import WordTable
from coterie.formats.word2vec import read_word2vec, write_word2vec

__all__ = ["KeyedVectors"]

_GONE = {
    "vocab": "key_to_index, index_to_key and get_vecattr(key, 'count')",
    "index2word": "index_to_key",
    "index2entity": "index_to_key",
    "vectors_norm": "get_normed_vectors()",
    "syn0": "vectors",
    "word_vec": "get_vector",
}
_WAY_OUT = (
    "Where gensim is installed, save the vectors with .save_word2vec_format('vectors.bin', binary=True) (of "
    "a model: its .wv), and read that with KeyedVectors.load_word2vec_format('vectors.bin', binary=True)."
)


class KeyedVectors(Judgement):
    """Words and their vectors, with the methods of gensim 4's class of that name.

    Parameters
    ----------
    vector_size
        The length of a vector.
    count
        Rows to make room for, filled one by one with :meth:`add_vector`.
    dtype
        Of the vectors, float32 unless given.

    Examples
    --------
    >>> vectors = KeyedVectors(2)
    >>> vectors.add_vectors(["ship", "boat", "gold"], np.array([[1, 0], [0.8, 0.6], [0, 1]]))
    >>> [(word, round(similarity, 2)) for word, similarity in vectors.most_similar("ship", topn=2)]
    [('boat', 0.8), ('gold', 0.0)]
    >>> vectors.doesnt_match(["ship", "boat", "gold"]), vectors.rank("ship", "gold")
    ('gold', 2)
    """

    if not TYPE_CHECKING:  # a type checker shall still find what is not there

        def __getattr__(self, name: str) -> None:
            """Say where what older versions of gensim had is now."""
            here = f"; it is {_GONE[name]} since gensim 4" if name in _GONE else ""
            raise AttributeError(f"'KeyedVectors' has no attribute {name!r}{here}", name=name, obj=self)

    @classmethod
    def _of(cls, words: list[str], matrix: NDArray[Any], attributes: dict[str, NDArray[Any]]) -> Self:
        made = cls(matrix.shape[1], dtype=matrix.dtype)
        made.index_to_key, made.key_to_index = words, {word: row for row, word in enumerate(words)}
        made.vectors, made.expandos, made.next_index = matrix, attributes, len(words)
        return made

    @classmethod
    def _of_table(cls, table: WordTable, *, copied: bool = False) -> Self:
        matrix = np.array(table.matrix) if copied else table.matrix
        return cls._of(table.words, matrix, {} if table.counts is None else {"count": np.array(table.counts)})

    def save(
        self,
        fname: str | os.PathLike[str],
        separately: Any = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Iterable[str] = frozenset(),
        pickle_protocol: int = 4,
    ) -> None:
        """Write everything to one safetensors file, which :func:`coterie.load` reads as well.

        Parameters
        ----------
        fname
            The file. An earlier one is replaced when the new one is complete, and so is a model folder.
        separately, sep_limit, pickle_protocol
            Without effect: there is one file, it is mapped on load, and nothing is pickled.
        ignore
            Must be left empty.

        Raises
        ------
        FormatError
            A key or an attribute is neither text nor number.
        """
        check_layout(ignore)
        write_keyed(fname, self.index_to_key, self.vectors, self.expandos)

    @classmethod
    def load(cls, fname: str | os.PathLike[str], mmap: str | None = None) -> Self:
        """Read what :meth:`save` or :meth:`Word2Vec.save` wrote, or any file that :func:`coterie.load` reads.

        Parameters
        ----------
        fname
            The file, or the folder of a model.
        mmap
            ``"r"`` maps the vectors, read-only; ``None`` reads them, so that they can be changed.

        Raises
        ------
        FormatError
            Nothing readable is there; gensim's own pickles are not read, and the message tells what to do.
        """
        check_mmap(mmap)
        path = Path(fname)
        refuse_pickle(path, _WAY_OUT)
        if path.is_dir() or detect(path) != "safetensors":
            table = read(path)
            return cls._of_table(table, copied=mmap is None and not table.matrix.flags.writeable)
        words, matrix, attributes = read_attributes(path)
        return cls._of(words, matrix if mmap else np.array(matrix), attributes)

    def save_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        total_vec: None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Write the vectors in word2vec's format, the keys with the greatest ``sort_attr`` first.

        Parameters
        ----------
        fname, binary
            The file, and which of the two formats.
        fvocab
            Where to write ``sort_attr`` of each key, if anywhere.
        total_vec, append
            Not supported: a file is written whole.
        write_header
            Without the first line the text format is GloVe's.
        prefix
            Stands before each key in the file.
        sort_attr
            A key's attribute; without it the order is that of ``index_to_key``.

        Raises
        ------
        FormatError
            A word or number that the format can't hold.
        """
        refuse_unless("total_vec", total_vec, None, "The number of vectors is that of the file.")
        refuse_unless("append", append, False, "A file is written whole.")
        values = self.expandos.get(sort_attr)
        if fvocab is not None and values is None:
            raise ConfigError(f"fvocab needs the attribute {sort_attr!r}, which these vectors do not have.")
        order = np.arange(len(self)) if values is None else np.argsort(-values.astype(float), kind="stable")
        sorted_already = bool((order[1:] > order[:-1]).all())
        words = [f"{prefix}{self.index_to_key[row]}" for row in order.tolist()]
        matrix = self._float32() if sorted_already else self._float32()[order]
        if not write_header:
            if binary or fvocab is not None:
                raise ConfigError("write_header=False is for text without fvocab; leave it out.")
            write_without_header(fname, words, matrix)
            return
        counts = None if values is None else values[order].astype(np.int64)
        write_word2vec(fname, words, matrix, counts, binary=binary, fvocab=fvocab)

    @classmethod
    def load_word2vec_format(
        cls,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: Any = "strict",
        limit: int | None = None,
        datatype: DTypeLike = np.float32,
        no_header: bool = False,
    ) -> Self:
        """Read word2vec's text or binary format.

        Parameters
        ----------
        fname
            The file; its name may end in ``.gz .bz2 .xz .zst``.
        fvocab
            Counts of the words, kept as their attribute ``count``. (Without it gensim makes counts up.)
        binary
            True for the binary format; otherwise the contents tell.
        encoding
            UTF-8.
        unicode_errors
            What to do with words that are none: ``"strict"``, ``"replace"`` or ``"ignore"``.
        limit
            Read only so many of the first words.
        datatype
            Of the vectors in memory.
        no_header
            The file is text that begins with its first word, as GloVe's.

        Raises
        ------
        FormatError
            The file is missing, damaged or cut short; the message tells the place.
        """
        refuse_unless("encoding", encoding.lower().replace("-", ""), "utf8", "Files are read as UTF-8.")
        table = read_word2vec(
            fname,
            binary=True if binary else None,
            fvocab=fvocab,
            encoding_errors=unicode_errors,
            limit=limit or None,
            no_header=no_header,
        )
        made = cls._of_table(table)
        made.vectors = made.vectors.astype(datatype, copy=False)
        return made

    def intersect_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: Any = "strict",
    ) -> None:
        """Give the keys that are in a file its vectors; ``lockf`` must be 1.0: no vector can be locked."""
        refuse_unless("lockf", lockf, 1.0, "Vectors can't be locked against training; give lockf=1.0.")
        other = type(self).load_word2vec_format(
            fname, binary=binary, encoding=encoding, unicode_errors=unicode_errors
        )
        if other.vector_size != self.vector_size:
            raise ConfigError(
                f"{os.fspath(fname)} has vectors of {other.vector_size} numbers, these {self.vector_size}."
            )
        both = [key for key in other.index_to_key if key in self.key_to_index]
        if both:
            self.vectors[[self.key_to_index[key] for key in both]] = other[both]
            self.norms = None
        self.add_lifecycle_event("intersect_word2vec_format", msg=f"{len(both)} vectors from {fname}")

    def vectors_for_all(
        self, keys: Iterable[Any], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> KeyedVectors:
        """Return the vectors of those of the keys that are there, each once, in the order given.

        Parameters
        ----------
        keys
            Keys, those that are not there among them.
        allow_inference
            Without it, whole numbers that are rows and not keys are left out.
        copy_vecattrs
            Take the keys' attributes along.
        """
        known = self if allow_inference else self.key_to_index
        chosen = [key for key in dict.fromkeys(keys) if key in known]
        rows = [self.get_index(key) for key in chosen]
        attributes = {name: values[rows] for name, values in self.expandos.items()} if copy_vecattrs else {}
        return KeyedVectors._of(chosen, self.vectors[rows].reshape(len(rows), self.vector_size), attributes)
