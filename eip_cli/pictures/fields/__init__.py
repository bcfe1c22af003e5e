"""Where a network's units look: fields as squares on an image, against depth, and as they truly weigh."""
