"""Files against the stores that hold them: moved from one store to another, checked, made again."""
