"""Training where the images lie in the device's memory: many steps, and a whole validation, in one call."""
