"""What people typed into a contact field becomes a recipient, or the reason why it does not."""
