"""What everything stands on: errors, whole files, quiet streams, interruption, the door to Keras.

May not know any other package of this program.
"""
