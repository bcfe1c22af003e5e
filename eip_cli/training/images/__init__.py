"""Training images as an epoch sees them: what is drawn for each, and what is made of it."""
