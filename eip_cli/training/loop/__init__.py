"""The training loop: what it does at each step, by which rate, and what becomes of the weights."""
