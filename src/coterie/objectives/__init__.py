"""One file for each loss: what a chunk's plan does to the matrices."""
