"""What the tests that take long did to the shop and found, and the page of it."""
