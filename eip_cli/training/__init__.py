"""A training's life: prepared, begun or continued, committed epoch by epoch, ended well.

May not know the terminal: who watches is told through ``observers``.
"""
