"""Scripts that turn raw data, generated or downloaded, into the processed files that `gnnjax.data` reads."""
