"""What networks make of single images, in every form: tables, CSV, JSON, and the words under a picture."""
