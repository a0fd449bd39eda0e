"""The mouth of one picture: measured, moved and put back."""
