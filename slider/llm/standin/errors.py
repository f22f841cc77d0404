"""Errors as the OpenAI API words them."""

from __future__ import annotations


class ApiError(Exception):
    """A request that is answered with an error body."""

    def __init__(
        self, status: int, message: str, *, param: str | None = None, code: str | None = None, retry_after_s: float = 0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.retry_after_s = retry_after_s

    @property
    def body(self) -> dict[str, object]:
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        if self.status == 429:
            kind = "requests"
        inner = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return {"error": inner}


def bad_parameter(param: str, message: str) -> ApiError:
    """A 400 that names the parameter at fault."""
    return ApiError(400, message, param=param, code="invalid_value")
