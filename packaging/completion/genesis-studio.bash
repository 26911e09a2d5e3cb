# The completion of all chaoschain programs is in one file.
. "${BASH_SOURCE[0]%/*}/chaoschain.bash"
