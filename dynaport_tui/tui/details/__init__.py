"""What there is to know of one service beside its row and its log."""
