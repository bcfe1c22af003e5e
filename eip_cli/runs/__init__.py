"""A run's directory: its record, its history, what made it, its lock, and how it is found.

May not know Keras: runs are listed and compared without it.
"""
