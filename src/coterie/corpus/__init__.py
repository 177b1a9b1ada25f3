"""From anything to an encoded corpus: sources, tokenisation, counting, and the cache of encoded corpora."""

from coterie.corpus.cache import CacheConfig, CachedCorpus, clear_caches, list_caches
from coterie.corpus.encoded import EncodedCorpus
from coterie.corpus.encoding import EncodeProgress, Source, encode
from coterie.corpus.phrase_file import read_phrase_file
from coterie.corpus.sources import Paths, plain_text
from coterie.corpus.tokenize import TOKENIZERS
from coterie.corpus.vocabulary_file import read_vocabulary_file
from coterie.corpus.written import write_text

__all__ = [
    "TOKENIZERS",
    "CacheConfig",
    "CachedCorpus",
    "EncodeProgress",
    "EncodedCorpus",
    "Paths",
    "Source",
    "clear_caches",
    "encode",
    "list_caches",
    "plain_text",
    "read_phrase_file",
    "read_vocabulary_file",
    "write_text",
]
