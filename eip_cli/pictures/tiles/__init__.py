"""Small images with words under them: as a picture, and as a page."""
