"""Reports: suggestions of lines with which one may begin."""
