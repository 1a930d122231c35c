"""The few questions that the dashboard asks, and its help."""
