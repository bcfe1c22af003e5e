"""A folder of submissions, each checked against the rules of one assignment, and ranked.

May not know how results are shown.
"""
