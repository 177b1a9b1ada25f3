"""All the randomness of training, as data: drawn by counters, so that it depends on no thread."""
