#compdef spawn-template
# Completion of spawn-template for zsh.
# SPDX-License-Identifier: MIT

_spawn-template() {
	local context state state_descr line curcontext=$curcontext
	local ret=1 before=$CURRENT
	local -a all=("${words[@]}") subcommands common
	local -A opt_args
	local engines='(auto kernel image off)'
	local engine="--engine=[which engine to use]:engine:$engines"
	local directory='--cache-dir=[where sessions are kept]:directory:_files -/'
	local json='--json[write JSON]'

	subcommands=(
		'env:shell code that accelerates the shell'
		'stats:what the session in effect has counted'
		'inspect:what is known of a program'
		'cache:what the cache directories hold'
		'doctor:what works on this machine'
		'bake:make images now, for this boot'
	)
	_arguments -C -S -A '-*' \
		"$engine" \
		'--stats=-[print or write statistics at the end]::file:_files' \
		"$directory" \
		'--verbose[say what was found and chosen]' \
		'(- *)--help[print a summary]' \
		'(- *)--version[print the version]' \
		'(-)1: :->command' \
		'(-)*:: :->arguments' && ret=0

	case $state in
	command)
		# After "--", the name of a subcommand is a command.
		if [[ $all[before-1] == -- ]]; then
			_command_names -e && ret=0
		else
			_alternative \
				'subcommands:subcommand:{ _describe -t subcommands subcommand subcommands }' \
				'commands:command:_command_names -e' && ret=0
		fi
		;;
	arguments)
		# CURRENT now counts from COMMAND on, or from the "--" before it.
		if [[ $words[1] == -- ]]; then
			shift words
			(( CURRENT-- ))
		fi
		if [[ $all[before-CURRENT] == -- ]]; then
			_normal -p $service && ret=0
			return ret
		fi
		curcontext="${curcontext%:*}-$words[1]:"
		case $words[1] in
		env)
			_arguments -S '--off[end it]' '--shell=[the shell]:shell:(sh bash zsh fish)' \
				"$engine" "$directory" && ret=0
			;;
		stats) _arguments -S "$json" && ret=0 ;;
		inspect) _arguments -S "$json" '*:file:_files' && ret=0 ;;
		cache)
			_arguments -S "$json" "$directory" \
				'1:what to do:((ls\:list\ it clear\:remove\ it verify\:check\ it))' && ret=0
			;;
		doctor) _arguments -S "$json" "$engine" "$directory" && ret=0 ;;
		bake) _arguments -S "$directory" '*:program:_files' && ret=0 ;;
		*)
			curcontext=${curcontext%-$words[1]:}:
			_normal -p $service && ret=0
			;;
		esac
		;;
	esac
	return ret
}

_spawn-template "$@"
