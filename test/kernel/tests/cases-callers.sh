#!/bin/sh
# The project's test cases of what a caller sees, with the kernel engine on the real calls
# needs: build
set -u
# shellcheck source=../inside.sh
. "$ST_SOURCE/test/kernel/inside.sh"
cases '^cases\.(caller|path)\.' 18
finish
