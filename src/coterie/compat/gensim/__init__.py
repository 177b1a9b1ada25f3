"""gensim's names over Coterie: change the import, and the script stays.

``from coterie.compat.gensim import Word2Vec, KeyedVectors, LineSentence, Phrases`` in the place of gensim's;
``docs/gensim.md`` tells argument by argument what is the same, what differs and what is absent. gensim need
not be installed.
"""

from coterie.compat.gensim.callbacks import CallbackAny2Vec
from coterie.compat.gensim.frozen_phrases import FrozenPhrases
from coterie.compat.gensim.keyed_vectors import KeyedVectors
from coterie.compat.gensim.phrase_finding import ENGLISH_CONNECTOR_WORDS
from coterie.compat.gensim.phrases import Phrases
from coterie.compat.gensim.sentences import LineSentence, PathLineSentences, Text8Corpus
from coterie.compat.gensim.vocabulary import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP
from coterie.compat.gensim.word2vec import Word2Vec

Phraser = FrozenPhrases

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "RULE_DEFAULT",
    "RULE_DISCARD",
    "RULE_KEEP",
    "CallbackAny2Vec",
    "FrozenPhrases",
    "KeyedVectors",
    "LineSentence",
    "PathLineSentences",
    "Phraser",
    "Phrases",
    "Text8Corpus",
    "Word2Vec",
]
