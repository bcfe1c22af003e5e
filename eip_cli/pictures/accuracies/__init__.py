"""Accuracies with their intervals: of whole networks against their size, and of single classes."""
