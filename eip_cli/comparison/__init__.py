"""Is it better? Statistics, samples of runs, rows against the published numbers, verdicts in words.

May not know Keras, but where a checkpoint is evaluated.
"""
