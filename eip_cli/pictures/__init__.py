"""Numbers -> image files; the only importer of matplotlib.

May not know how the numbers came about, or who wants to see them.
"""
