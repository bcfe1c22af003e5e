"""The report as one page of HTML: what it shows, the pictures in it, and how it is written."""
