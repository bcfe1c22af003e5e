"""What a stranger's model file holds, checked before anything is made of it; nothing in it can run."""
