"""The pane of the logs: a bounded window of lines around what is on the screen."""
