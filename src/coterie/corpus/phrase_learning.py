"""Phrases learned and joined in the encoded text, pass by pass (arXiv 1310.4546, section 4).

The score of a pair is

    score(a, b) = (count(ab) − δ) / (count(a) · count(b)) · N

with N the tokens of the text, as the authors' word2phrase has it (the paper leaves N out, which only moves
the threshold), or its normalised pointwise mutual information (Bouma 2009),

    npmi(a, b) = ln( p(ab) / (p(a) · p(b)) ) / −ln p(ab),    p(x) = count(x) / N.

While phrases are learned, id 0 stands for every word too rare to be in one: it keeps its neighbours apart.
The other ids are ranks plus one; words that phrases become follow behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from coterie.config import PhraseConfig, VocabularyConfig
from coterie.corpus.counting import Ranking
from coterie.corpus.joining import join_on_disk
from coterie.corpus.pair_counting import PairCounter, pairs_of
from coterie.corpus.remarks import shown_words
from coterie.corpus.rewriting import CHUNK, TextOnDisk, marking_gaps, rewrite
from coterie.corpus.selection import DROPPED, Selection
from coterie.phrases import Phrase, PhraseModel

__all__ = ["PhraseJoiner", "scores", "wanted_words"]

# A pair at rest takes 16 bytes, and as many again while the table is copied to take in new ones. Half of the
# memory is for the table, the other half for the stretch that is being counted, some 60 bytes a token.
_PAIR_BYTES, _TOKEN_BYTES = 64, 128
_LONGEST_STRETCH = 1 << 22


def wanted_words(
    vocabulary: VocabularyConfig, phrases: PhraseConfig, model: PhraseModel | None
) -> VocabularyConfig:
    """Return which words the text must keep apart until phrases are joined: those that any step asks for."""
    parts = [*phrases.known_phrases, *(phrase.words for phrase in model or ())]
    keep = (*vocabulary.keep_words, *(vocabulary.words or ()), *(word for words in parts for word in words))
    least = [vocabulary.min_count] if vocabulary.words is None else []
    if phrases.phrases:
        least.append(phrases.phrase_min_count)
    if not least:
        return VocabularyConfig(words=keep)
    return VocabularyConfig(min_count=min(least), keep_words=keep)


def scores(
    config: PhraseConfig,
    pair_counts: NDArray[np.int64],
    first_counts: NDArray[np.int64],
    second_counts: NDArray[np.int64],
    tokens: int,
) -> NDArray[np.float64]:
    """Return the scores of pairs from the counts of pair, first and second word, in ``tokens`` tokens.

    Examples
    --------
    >>> one = np.array([8]), np.array([10]), np.array([16])
    >>> scores(PhraseConfig(phrases=1, phrase_min_count=3), *one, tokens=1000)
    array([31.25])
    >>> scores(PhraseConfig(phrases=1, phrase_scoring="npmi"), *one, tokens=1000).round(3)
    array([0.81])
    """
    if config.phrase_scoring == "paper":
        discount = config.phrase_discount or 0.0
        return (pair_counts - discount) / first_counts / second_counts * tokens
    # Of words that are independent of each other both quotients are the same number, and the score is 0.
    information = np.log(pair_counts / first_counts) - np.log(second_counts / tokens)
    normalised: NDArray[np.float64] = information / -np.log(pair_counts / tokens)
    return normalised


@dataclass
class _Lexicon:
    """The words by id, 0 being the gap; grows by what phrases become."""

    words: list[str]
    counts: NDArray[np.int64]
    delimiter: str
    made: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A joined word that the text has already, or that two phrases become, is one word.
        self.made = {word: i for i, word in enumerate(self.words) if i and self.delimiter in word}

    def ids(self, wanted: Iterable[str]) -> dict[str, int]:
        """Return the ids of those of ``wanted`` that occur."""
        wanted = set(wanted)
        return {word: i for i, word in enumerate(self.words) if i and word in wanted and self.counts[i]}

    def add(self, words: Sequence[str]) -> list[int]:
        """Return the ids of joined words, new where they must be."""
        ids = []
        for word in words:
            if word not in self.made:
                self.made[word] = len(self.words)
                self.words.append(word)
            ids.append(self.made[word])
        self.counts = np.append(self.counts, np.zeros(len(self.words) - len(self.counts), np.int64))
        return ids


class PhraseJoiner:
    """Learns phrases in an encoded text and joins them, or joins those of a model.

    Parameters
    ----------
    folder
        Holds ``ids.u32`` and ``offsets.i64`` with provisional ids.
    ranking
        The words that :func:`wanted_words` keeps, and how provisional ids become ranks.
    delimiter
        Stands between the words of a phrase.
    tell, warn
        Called with messages: what is normal, what the user should know.
    """

    def __init__(
        self,
        folder: Path,
        ranking: Ranking,
        delimiter: str,
        tell: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        self._folder, self._tell, self._warn = folder, tell, warn
        self._tokens, _ = rewrite(folder, marking_gaps(ranking))
        gaps = self._tokens - int(ranking.counts.sum())
        counts = np.concatenate(([gaps], ranking.counts)).astype(np.int64)
        self._lexicon = _Lexicon(["", *ranking.words.to_pylist()], counts, delimiter)
        self._rare_words = ranking.raw_words - len(ranking.words)

    @property
    def tokens(self) -> int:
        """Tokens of the text as it is now."""
        return self._tokens

    def learn(self, config: PhraseConfig, memory_limit: int) -> PhraseModel:
        """Join the known phrases, then learn and join pass by pass.

        Pairs are counted in ``memory_limit`` bytes.
        """
        passes = [self._join_known(config.known_phrases)]
        undercounts, tokens = [], []
        for number, threshold in enumerate(config.phrase_threshold or (), 1):
            tokens.append(self._tokens)
            counter = self._count_pairs(config.phrase_min_count, memory_limit)
            undercounts.append(counter.undercount)
            found, ids = self._choose(counter, config, threshold)
            passes.append(found)
            before = self._tokens
            self._join(found, ids)
            self._tell(
                f"phrases, pass {number}: {len(counter.pairs):,} distinct pairs, {len(found):,} are phrases; "
                f"{before - self._tokens:,} times joined"
            )
        facts = {**config.to_dict(), "tokens": tokens, "undercounts": undercounts}
        facts["phrase_threshold"] = list(config.phrase_threshold or ())  # as a file gives it back
        del facts["known_phrases"], facts["phrase_delimiter"]
        if any(undercounts):
            self._warn(
                f"counts of pairs are up to {max(undercounts):,} too low, since more pairs occur than "
                "memory_limit holds; rarer phrases may be missing. Raise memory_limit to find them."
            )
        return PhraseModel(passes, delimiter=config.phrase_delimiter, facts=facts)

    def apply(self, model: PhraseModel) -> None:
        """Join the phrases of a model."""
        before = self._tokens
        for phrases in model.passes:
            self._join(*self._occurring(phrases))
        self._tell(f"phrases: {len(model):,} in the model; {before - self._tokens:,} times joined")

    def finish(self, vocabulary: VocabularyConfig) -> Ranking:
        """Decide which words, joined ones included, are kept."""
        lexicon = self._lexicon
        present = np.flatnonzero(lexicon.counts[1:]) + 1
        words = pa.array([lexicon.words[i] for i in present.tolist()], pa.large_string())
        first_seen = _first_seen(self._folder, len(lexicon.words))
        selection = Selection(vocabulary)
        numbers = np.full(len(lexicon.words), DROPPED)
        numbers[present] = selection.admit(words, lexicon.counts[present], first_seen[present])
        kept, counts, ranks = selection.finish()
        chosen = numbers != DROPPED
        numbers[chosen] = ranks[numbers[chosen]]
        raw_words = len(present) + self._rare_words
        return Ranking(kept, counts, [(self._tokens, numbers)], raw_words, selection.best)

    def _join_known(self, known: Sequence[tuple[str, ...]]) -> list[Phrase]:
        found, ids = self._occurring([Phrase(words, 0) for words in known])
        counted = {
            phrase.words: int(hits) for phrase, hits in zip(found, self._join(found, ids), strict=True)
        }
        phrases = [Phrase(words, counted.get(words, 0)) for words in known]
        missing = [" ".join(phrase.words) for phrase in phrases if not phrase.count]
        if missing:
            self._warn(
                f"known_phrases holds {len(missing):,} that are nowhere joined in the text: "
                f"{shown_words(missing)}"
            )
        return phrases

    def _occurring(self, phrases: Sequence[Phrase]) -> tuple[list[Phrase], list[list[int]]]:
        """Return the phrases whose words all occur, with their ids."""
        ids = self._lexicon.ids(word for phrase in phrases for word in phrase.words)
        found = [phrase for phrase in phrases if all(word in ids for word in phrase.words)]
        return found, [[ids[word] for word in phrase.words] for phrase in found]

    def _count_pairs(self, min_count: int, memory_limit: int) -> PairCounter:
        counter = PairCounter(max(memory_limit // _PAIR_BYTES, 1))
        stretch = min(max(memory_limit // _TOKEN_BYTES, 1), _LONGEST_STRETCH)
        eligible = self._lexicon.counts >= min_count  # no rarer word is in a pair that counts
        eligible[0] = False
        with TextOnDisk(self._folder) as text:
            for start in range(0, text.n_tokens - 1, stretch):
                ids = text.read(start, start + stretch + 1)
                counter.add(pairs_of(ids, text.starts(start, start + len(ids)), eligible))
        return counter

    def _choose(
        self, counter: PairCounter, config: PhraseConfig, threshold: float
    ) -> tuple[list[Phrase], list[list[int]]]:
        """Return the pairs that are phrases, the best first, and their ids."""
        words, counts = self._lexicon.words, self._lexicon.counts
        often = counter.counts >= config.phrase_min_count
        first, second = (ids[often] for ids in counter.split())
        pair_counts = counter.counts[often]
        score = scores(config, pair_counts, counts[first], counts[second], self._tokens)
        chosen = np.flatnonzero(score > threshold)
        chosen = chosen[np.argsort(-score[chosen], kind="stable")]
        ids = np.column_stack((first[chosen], second[chosen])).tolist()
        found = [
            Phrase((words[a], words[b]), count, value)
            for (a, b), count, value in zip(
                ids, pair_counts[chosen].tolist(), score[chosen].tolist(), strict=True
            )
        ]
        return found, ids

    def _join(self, phrases: Sequence[Phrase], ids: Sequence[Sequence[int]]) -> NDArray[np.int64]:
        """Join phrases in the text and move their counts; return how often each was joined."""
        lexicon = self._lexicon
        joined = lexicon.add([lexicon.delimiter.join(phrase.words) for phrase in phrases])
        hits = join_on_disk(self._folder, ids, joined, len(lexicon.words))
        np.add.at(lexicon.counts, np.array(joined, np.int64), hits)
        lengths = np.array([len(parts) for parts in ids], np.int64)
        parts = np.array([part for some in ids for part in some], np.int64)
        np.subtract.at(lexicon.counts, parts, np.repeat(hits, lengths))
        self._tokens -= int(hits @ (lengths - 1))
        return hits


def _first_seen(folder: Path, n_words: int) -> NDArray[np.int64]:
    """Return where each id stands first; -1 for those that don't occur."""
    first: NDArray[Any] = np.full(n_words, -1, np.int64)
    with TextOnDisk(folder) as text:
        for start in range(0, text.n_tokens, CHUNK):
            ids = text.read(start, start + CHUNK)
            new = np.flatnonzero(first[ids] < 0)[::-1]  # written backwards, the first place stays
            first[ids[new]] = start + new
    return first
