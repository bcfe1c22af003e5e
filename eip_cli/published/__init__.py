"""What others measured and published: the number to beat, its scatter, the logs of 2019.

May not know networks or runs: these are facts, and nothing here is computed.
"""
