"""What every other room stands on: errors, validated fields, files, compiling."""
