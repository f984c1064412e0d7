#!/bin/sh
# The project's reporter cases, with the kernel engine on the real calls: no difference may show
# needs: build
set -u
# shellcheck source=../inside.sh
. "$ST_SOURCE/test/kernel/inside.sh"
# Nine mechanisms, each with two states of the caller, at the least.
cases '^cases\.report\.' 18
finish
