"""What shoppers say of what they bought: written, checked, decided on, rated."""

from orders.services.reviews.checking import review_check, reviews_resume
from orders.services.reviews.deciding import (
    review_answer,
    review_hide,
    review_publish,
)
from orders.services.reviews.forgetting import reviews_forget
from orders.services.reviews.writing import review_add_to, review_write

__all__ = [
    "review_add_to",
    "review_answer",
    "review_check",
    "review_hide",
    "review_publish",
    "review_write",
    "reviews_forget",
    "reviews_resume",
]
