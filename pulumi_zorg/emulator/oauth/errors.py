"""Errors of the OAuth endpoints."""

from __future__ import annotations


class OAuthError(Exception):
    """An error that the OAuth endpoints answer with."""

    def __init__(self, status: int, error: str, description: str = "") -> None:
        super().__init__(description or error)
        self.status = status
        self.body = {"error": error, **({"error_description": description} if description else {})}
