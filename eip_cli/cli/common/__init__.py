"""What commands share: the group that finds them, options and parameter types, texts of the help."""
