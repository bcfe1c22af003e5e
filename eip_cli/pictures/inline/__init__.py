"""Pictures as parts of a page: figures as SVG that stands in it, and many small images as one."""
