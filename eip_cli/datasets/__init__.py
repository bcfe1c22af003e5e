"""Images and labels: one file a data set, downloads, and strangers' files read as data.

May not know networks or trainings.
"""
