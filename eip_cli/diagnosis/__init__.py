"""What this program finds on a machine, and whether a training could start there.

May not know the terminal, and trains nothing.
"""
