"""The dashboard in the terminal: a view of an engine, over its control socket."""
