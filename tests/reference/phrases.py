"""A slow twin of phrase learning, from arXiv 1310.4546, section 4; it imports nothing of the package."""

import math
from collections import Counter
from itertools import pairwise


def paper_score(pair, first, second, tokens, discount):
    return (pair - discount) / (first * second) * tokens


def npmi(pair, first, second, tokens):
    """Pointwise mutual information by its greatest value (Bouma 2009)."""
    # p(ab) / (p(a) · p(b)), the N's cancelled: whole numbers, so that it is 1 exactly where it should be.
    return math.log(pair * tokens / (first * second)) / -math.log(pair / tokens)


def count(sentences):
    words = Counter(word for sentence in sentences for word in sentence)
    pairs = Counter(pair for sentence in sentences for pair in pairwise(sentence))
    return words, pairs


def find(sentences, min_count, threshold, scoring="paper", discount=None):
    """Return ``{(a, b): (count, score)}`` of one pass."""
    words, pairs = count(sentences)
    tokens = sum(words.values())
    discount = min_count if discount is None else discount
    found = {}
    for (a, b), times in pairs.items():
        if times >= min_count:
            if scoring == "paper":
                score = paper_score(times, words[a], words[b], tokens, discount)
            else:
                score = npmi(times, words[a], words[b], tokens)
            if score > threshold:
                found[a, b] = (times, score)
    return found


def join(sentence, phrases, delimiter="_"):
    """Join from the left, the longest phrase first; return the sentence and which phrases were joined."""
    phrases, made, joined = set(phrases), [], []
    longest = max(map(len, phrases), default=0)
    while sentence:
        for length in range(min(longest, len(sentence)), 1, -1):
            if tuple(sentence[:length]) in phrases:
                made.append(delimiter.join(sentence[:length]))
                joined.append(tuple(sentence[:length]))
                sentence = sentence[length:]
                break
        else:
            made.append(sentence[0])
            sentence = sentence[1:]
    return made, joined


def join_all(sentences, phrases, delimiter="_"):
    results = [join(sentence, phrases, delimiter) for sentence in sentences]
    return [made for made, _ in results], Counter(phrase for _, joined in results for phrase in joined)


def learn(sentences, min_count, thresholds, known=(), scoring="paper", discount=None, delimiter="_"):
    """Return the passes (known phrases first, ``{words: (count, score)}``) and the joined sentences."""
    sentences, hits = join_all(sentences, known, delimiter)
    passes = [{phrase: (hits[phrase], None) for phrase in known}]
    for threshold in thresholds:
        passes.append(find(sentences, min_count, threshold, scoring, discount))
        sentences, _ = join_all(sentences, passes[-1], delimiter)
    return passes, sentences
