"""The assignment: its rules, what a run's own files say of them, and the page that says it.

May not know Click.
"""
