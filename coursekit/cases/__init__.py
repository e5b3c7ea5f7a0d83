"""Special *when* and *then* functions of each chapter, and the recorded public cases."""
