#!/bin/sh
# The project's other test cases that run in every mode, with the kernel engine on the real calls
# needs: build
set -u
# shellcheck source=../inside.sh
. "$ST_SOURCE/test/kernel/inside.sh"
cases '^cases\.(hygiene|real)\.' 18
finish
