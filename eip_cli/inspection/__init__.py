"""What a network makes of single images: those it gets wrong, where it looks, what it says of one's own.

May not know how a result is shown, nor who asked for it.
"""
