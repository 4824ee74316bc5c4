"""How Django writes days and moments: as `shop.back_office.figures.moment` does."""

DATETIME_FORMAT = "Y-m-d H:i:s"
DATE_FORMAT = "Y-m-d"
