"""A network as a diagram: where its blocks stand, how large all is in inches, and the drawing of it."""
