"""The programs that dynaport is measured beside: where they are, and how each is told to run."""
