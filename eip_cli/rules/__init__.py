"""Rules of an assignment as data, and what they find of a network, a run, or predictions.

May not know how results are shown.
"""
