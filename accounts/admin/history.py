"""What the history page of a staff account tells."""

from accounts.admin.forms import permission_named, permissions_on_offer
from accounts.services.history import STAFF
from shop.back_office.history import Chapter


def staff_chapter(user_id: int) -> Chapter:
    """Tell of an account: its name, its rights, whether it is let in."""
    labels = {
        f"{one.content_type.app_label}.{one.codename}": permission_named(one)
        for one in permissions_on_offer()
    }
    return Chapter(
        STAFF,
        {"id": user_id},
        new=("username", "is_superuser", "role_names"),
        sets=("role_names", "permission_names"),
        shown={
            "permission_names": lambda names: "、".join(
                labels.get(name, name) for name in names
            )
        },
    )
