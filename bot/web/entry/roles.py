"""Which role a visitor has.

    signed in                      what their user may do
    at this machine                visitor; admin if the operator says so
    from elsewhere                 stranger, who may only sign in; visitor if the page is a public demo

Knows visitors and users. Does not know HTTP.
"""

from dataclasses import replace

from bot.web.entry.users import Users
from bot.web.entry.visitors import Role, Visitor


class Roles:
    """`local_admin` says that whoever is at this machine may do everything. `demo` says that everybody may try."""

    def __init__(self, users: Users, *, local_admin: bool = False, demo: bool = False):
        self._users = users
        self._local_admin = local_admin
        self._demo = demo

    def known(self, visitor: Visitor) -> Visitor:
        """`visitor` with their role. A user who is gone is nobody."""
        if visitor.user and (role := self._users.role_of(visitor.user)):
            return replace(visitor, role=role)
        return replace(visitor, role=self._without_user(visitor), user="")

    def _without_user(self, visitor: Visitor) -> Role:
        if visitor.here:
            return Role.ADMIN if self._local_admin else Role.VISITOR
        return Role.VISITOR if self._demo else Role.STRANGER
