"""How Django writes moments: as `shop.back_office.figures.moment` does."""

DATETIME_FORMAT = "Y-m-d H:i:s"
