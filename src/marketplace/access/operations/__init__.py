"""Doors of access: API keys, and the people who hold them."""

from marketplace.access.operations.keys import (
    IssueApiKey,
    RevokeApiKey,
    RotateApiKey,
    issue_api_key,
    revoke_api_key,
    rotate_api_key,
    text_of,
)
from marketplace.access.operations.people import (
    AddStaffMember,
    ChangeStaffMember,
    add_staff_member,
    change_staff_member,
)

__all__ = [
    "AddStaffMember",
    "ChangeStaffMember",
    "IssueApiKey",
    "RevokeApiKey",
    "RotateApiKey",
    "add_staff_member",
    "change_staff_member",
    "issue_api_key",
    "revoke_api_key",
    "rotate_api_key",
    "text_of",
]
