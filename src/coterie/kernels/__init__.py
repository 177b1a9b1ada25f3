"""Compiled loops: the logistic block that every pairwise objective is made of, and what it stands on."""
