# Completion of spawn-template for fish.
# SPDX-License-Identifier: MIT

# COMMAND, or the subcommand, and its arguments before the cursor, one a line, after a first line
# that is "--" if these dashes stand before it, else empty.  Fails if there is none yet, with the
# first line all the same.
function __spawn_template_rest
    set -l tokens (commandline -opc)
    set -e tokens[1]
    set -l dashes ''
    while set -q tokens[1]
        switch $tokens[1]
            case --
                set dashes --
                set -e tokens[1]
                break
            case --engine --cache-dir
                set -e tokens[1]
            case '-*'
            case '*'
                break
        end
        set -e tokens[1]
    end
    printf '%s\n' "$dashes" $tokens
    set -q tokens[1]
end

# True before any COMMAND, where options of our own may stand.
function __spawn_template_before
    set -l rest (__spawn_template_rest)
    test (count $rest) -eq 1 -a -z "$rest[1]"
end

# True after the subcommand $argv[1]...
function __spawn_template_in
    set -l rest (__spawn_template_rest)
    or return
    test -z "$rest[1]"; and contains -- $rest[2] $argv
end

# True where a COMMAND, or an argument of it, stands.
function __spawn_template_in_command
    not __spawn_template_in env stats inspect cache doctor bake
end

function __spawn_template_complete_command
    set -l rest (__spawn_template_rest)
    # An option of our own.
    test (count $rest) -eq 1 -a -z "$rest[1]"; and string match -q -- '-*' (commandline -ct)
    and return
    set -e rest[1]
    __fish_complete_subcommand --commandline $rest (commandline -ct)
end

complete -c spawn-template -f
complete -c spawn-template -n __spawn_template_in_command -a '(__spawn_template_complete_command)'

set -l before -c spawn-template -n __spawn_template_before
complete $before -a env -d 'Shell code that accelerates the shell'
complete $before -a stats -d 'What the session in effect has counted'
complete $before -a inspect -d 'What is known of a program'
complete $before -a cache -d 'What the cache directories hold'
complete $before -a doctor -d 'What works on this machine'
complete $before -a bake -d 'Make images now, for this boot'
complete $before -l stats -F -d 'Print a table at the end; with a file, write JSON into it'
complete $before -l verbose -d 'Say what was found and chosen'
complete $before -l help -d 'Print a summary'
complete $before -l version -d 'Print the version'

set -l engine -l engine -x -a 'auto kernel image off' -d 'Which engine to use'
set -l directory -l cache-dir -x -a '(__fish_complete_directories)' -d 'Where sessions are kept'
complete $before $engine
complete $before $directory
complete -c spawn-template -n '__spawn_template_in env doctor' $engine
complete -c spawn-template -n '__spawn_template_in env cache doctor bake' $directory

set -l in_env -c spawn-template -n '__spawn_template_in env'
complete $in_env -l off -d 'End it'
complete $in_env -l shell -x -a 'sh bash zsh fish' -d 'The shell'

set -l in_cache -c spawn-template -n '__spawn_template_in cache'
complete $in_cache -a ls -d 'List it'
complete $in_cache -a clear -d 'Remove it'
complete $in_cache -a verify -d 'Check it'

complete -c spawn-template -n '__spawn_template_in stats inspect cache doctor' -l json \
    -d 'Write JSON'
complete -c spawn-template -n '__spawn_template_in inspect bake' -F
