"""What a user's own code does wrong, in the words of one line; none of it needs Keras."""
