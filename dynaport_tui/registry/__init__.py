"""What the registry of services is made of; see `dynaport_tui.service_registry`."""
