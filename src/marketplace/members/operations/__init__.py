"""Doors of the members room: one per thing that somebody can do."""

from marketplace.members.operations.naming import NewForms, SetPointForms, set_point_forms
from marketplace.members.operations.programs import (
    ChangeMember,
    ConfirmIdentity,
    CreateProgram,
    EnrolMember,
    NewTier,
    SetPointValue,
    change_member,
    confirm_identity,
    create_program,
    enrol_member,
    set_point_value,
)
from marketplace.members.operations.tiers import (
    JudgeTier,
    NewLimit,
    SetProgramLimits,
    SetTierScheme,
    judge_tier,
    set_program_limits,
    set_tier_scheme,
)

__all__ = [
    "ChangeMember",
    "ConfirmIdentity",
    "CreateProgram",
    "EnrolMember",
    "JudgeTier",
    "NewForms",
    "NewLimit",
    "NewTier",
    "SetPointForms",
    "SetPointValue",
    "SetProgramLimits",
    "SetTierScheme",
    "change_member",
    "confirm_identity",
    "create_program",
    "enrol_member",
    "judge_tier",
    "set_point_forms",
    "set_point_value",
    "set_program_limits",
    "set_tier_scheme",
]
