"""What the shop is made of besides its own code: pins, licences, bill of materials."""
