"""Talks to the other services."""

import json
import urllib.error
import urllib.request


class Neighbour:
    def __init__(self, name, url):
        self.name = name
        self.url = url

    def get(self, path):
        """The JSON at `path` and None, or an empty dict and what went wrong."""
        return self._ask(urllib.request.Request(self.url + path))

    def post(self, path, data):
        body = json.dumps(data).encode()
        headers = {"Content-Type": "application/json"}
        return self._ask(urllib.request.Request(self.url + path, data=body, headers=headers))

    def _ask(self, request):
        try:
            with urllib.request.urlopen(request, timeout=3) as response:
                return json.load(response), None
        except urllib.error.HTTPError as error:
            with error:
                return {}, f"{error.code} {error.reason}"
        except (OSError, ValueError) as error:
            return {}, str(getattr(error, "reason", error))
