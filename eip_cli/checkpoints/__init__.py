"""Model files: what a user's name for one means, writing them, and reading strangers' as data.

May not know how a network is trained.
"""
