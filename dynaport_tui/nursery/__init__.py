"""The fork server that every service is born in; it runs under the service's own interpreter (3.9 and newer)."""
