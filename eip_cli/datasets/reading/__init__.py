"""Strangers' data files, read as data: nothing in them runs, and nothing they say is believed unchecked."""
