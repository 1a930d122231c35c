"""How a Flask app becomes known while it serves; see `dynaport_tui.flask_integration`."""
