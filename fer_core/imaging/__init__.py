"""Pictures as arrays: crops, scaling, drawing."""
