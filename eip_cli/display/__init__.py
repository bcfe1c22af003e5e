"""Results -> tables, JSON, CSV, Markdown, data frames, live progress; the only importer of Rich.

May not know how results come about.
"""
