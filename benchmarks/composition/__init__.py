"""Sums of word vectors: examples that the program finds, and controls."""
