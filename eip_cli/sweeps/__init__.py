"""Many trainings: what is planned, and who trains it, on this machine or on Ray's.

May not know what happens inside a run.
"""
