"""The fork server that services are born in; it runs under their own interpreter (3.9+)."""
