"""What a training is asked to be: its configuration, the networks' own protocols, schedules.

May not know files or devices; a configuration comes back here only as the command that repeats it.
"""
