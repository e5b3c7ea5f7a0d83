"""Model answers, one function per concept, in teaching order."""
