"""What a network, or a file of its answers, is worth on the test images: measured, doubted, written down."""
