"""A network as the few blocks that people think in, and the words for them."""
