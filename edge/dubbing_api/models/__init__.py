"""What each endpoint of the dubbing dialect takes (`…In`) and answers in its envelope (`…Out`)."""
