"""What each endpoint of the platform dialect takes (`…In`) and answers (`…Out`)."""
