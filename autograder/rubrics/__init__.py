"""How each exercise is judged, one module per chapter."""
