# Completion of spawn-template for bash 4.4 or later.
# SPDX-License-Identifier: MIT

# The index of COMMAND or the subcommand in COMP_WORDS, in "first"; it is that of the cursor or
# beyond if there is none before the cursor.  "dashes" is set if "--" stands before it.  Options may
# be one word, or three if "=" separates words (COMP_WORDBREAKS).
_spawn_template_find_first()
{
	first=1 dashes=
	while ((first < COMP_CWORD)); do
		case ${COMP_WORDS[first]} in
		--)
			((first++))
			dashes=1
			return
			;;
		--engine | --cache-dir | --stats)
			if [[ ${COMP_WORDS[first + 1]} == "=" ]]; then
				((first += 3))
			elif [[ ${COMP_WORDS[first]} == --stats ]]; then
				((first++))
			else
				((first += 2))
			fi
			;;
		-*) ((first++)) ;;
		*) return ;;
		esac
	done
}

# Sets "option" to the option whose value is being completed, or "", and "cur" to what is there of
# the value, or of the word; "prefix" is what must stand before each value.
_spawn_template_find_option()
{
	local previous=${COMP_WORDS[COMP_CWORD - 1]}

	cur=${COMP_WORDS[COMP_CWORD]} option='' prefix=''
	if [[ $cur == "=" ]]; then
		option=$previous cur=
	elif [[ $previous == "=" ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	elif [[ $cur == --*=* ]]; then
		option=${cur%%=*} prefix=${cur%%=*}= cur=${cur#*=}
	elif [[ $previous == --engine || $previous == --cache-dir || $previous == --shell ]]; then
		option=$previous
	fi
}

_spawn_template_files()
{
	mapfile -t COMPREPLY < <(compgen "$1" -P "$prefix" -- "$cur")
	compopt -o filenames 2>/dev/null
}

_spawn_template_words()
{
	mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$1" -- "$cur")
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
}

# True if the cursor was in the value of an option.
_spawn_template_value()
{
	case $option in
	--engine) _spawn_template_words 'auto kernel image off' ;;
	--shell) _spawn_template_words 'sh bash zsh fish' ;;
	--cache-dir) _spawn_template_files -d ;;
	--stats) _spawn_template_files -f ;;
	*) return 1 ;;
	esac
	return 0
}

_spawn_template_subcommand()
{
	local words=
	local files=

	case $1 in
	env) words='--off --shell= --engine= --cache-dir=' ;;
	stats) words='--json' ;;
	inspect) words='--json' files=1 ;;
	cache) words='--json --cache-dir=' ;;
	doctor) words='--json --engine= --cache-dir=' ;;
	bake) words='--cache-dir=' files=1 ;;
	esac
	if [[ $cur == -* ]]; then
		_spawn_template_words "$words"
	elif [[ $files ]]; then
		_spawn_template_files -f
	elif [[ $1 == cache ]]; then
		_spawn_template_words 'ls clear verify'
	fi
}

# COMMAND at index $1, and its arguments.
_spawn_template_command()
{
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$1"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif ((COMP_CWORD == $1)); then
		_spawn_template_files -c
	else
		_spawn_template_files -f
	fi
}

_spawn_template()
{
	local cur option prefix first dashes IFS=$' \t\n'

	COMPREPLY=()
	_spawn_template_find_first
	_spawn_template_find_option
	if ((first < COMP_CWORD)); then
		case $dashes${COMP_WORDS[first]} in
		env | stats | inspect | cache | doctor | bake)
			_spawn_template_value ||
				_spawn_template_subcommand "${COMP_WORDS[first]}"
			;;
		*) _spawn_template_command "$first" ;;
		esac
	elif [[ $dashes ]]; then
		_spawn_template_command "$first"
	elif _spawn_template_value; then
		:
	elif [[ $cur == -* ]]; then
		_spawn_template_words '--engine= --stats --stats= --cache-dir= --verbose --help
			--version --'
	elif [[ $cur == */* ]]; then
		_spawn_template_command "$first"
	else
		mapfile -t COMPREPLY < <(
			compgen -W 'env stats inspect cache doctor bake' -- "$cur"
			compgen -c -- "$cur"
		)
	fi
}

complete -F _spawn_template spawn-template
