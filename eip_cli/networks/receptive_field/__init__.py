"""Which pixels of the image a unit sees: the arithmetic along an axis, and a rule for each kind of layer."""
