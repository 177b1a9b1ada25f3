"""The training loop: threads over chunks, learning-rate schedule, loss, guards."""
