"""The networks, known ones and users' own, and what follows from a network alone.

Receptive field, multiply-accumulates, summary, the text in plain Keras. May not know data or runs.
"""
