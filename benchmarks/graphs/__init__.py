"""Graphs and sessions, as walks, sentences and pairs, beside gensim: ``python -m benchmarks.graphs``."""
