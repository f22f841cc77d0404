"""The one router: calls that share an address must be registered together."""

from ninja import Router

router = Router()
