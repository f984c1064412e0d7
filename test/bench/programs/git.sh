# shellcheck shell=sh disable=SC2016,SC2154
program git git /usr/bin/git --version
program git-remote-http git /usr/lib/git-core/git-remote-http
program git-upload-pack git /usr/lib/git-core/git-upload-pack -h
program git-sh-i18n--envsubst git /usr/lib/git-core/git-sh-i18n--envsubst --variables x

# A commit's name follows from what it says, when and by whom.
git_repository()
{
    GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_AUTHOR_DATE='2001-02-03T04:05:06Z'
    GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org GIT_COMMITTER_DATE='2001-02-03T04:05:07Z'
    GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat GIT_EDITOR=true GIT_TERMINAL_PROMPT=0
    export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_AUTHOR_DATE GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL \
        GIT_COMMITTER_DATE GIT_CONFIG_NOSYSTEM GIT_PAGER GIT_EDITOR GIT_TERMINAL_PROMPT
    git config --global init.defaultBranch main
    git config --global gc.auto 0
    git config --global advice.detachedHead false
    git config --global protocol.file.allow always
    git init -q work
    cp "$inputs/text" "$inputs/words" "$inputs/main.c" work
    git -C work add .
    git -C work commit -q -m 'first commit'
}

# An index has the times and inodes of files in it, and packs follow the clock.
git_forget()
{
    find . -name index -path '*.git/*' -exec rm -f {} +
}

uses_git()
{
    git_repository
    use 'cd work; git log --stat -p; git status; echo change >>words; git status -s; git diff; git add -A; git commit -m second; git show --format=raw HEAD'
    use 'cd work; git checkout -b topic; echo t >topic.txt; git add .; git commit -qm topic; git checkout main; echo m >text; git commit -qam main; git merge topic -m merged; git log --graph --oneline --all'
    use 'cd work; git rebase -q topic~1 topic; git cherry-pick main~1; git stash list; git bisect start -q; git bisect reset; git tag -am v1 v1; git describe; git blame -s words | tail -n 2'
    use 'git clone -q work copy; git -C copy log --oneline -1; git -C copy fetch -v; cd copy; git checkout -qb push; git commit -q --allow-empty -m e; git push -q origin push; git submodule status; git submodule add -q ../work sub; git submodule foreach "echo at \$sm_path"; rm -rf sub/.git'
    use 'cd work; git grep -n include; git ls-files -s; git archive --format=tar HEAD | cksum; git rev-parse HEAD missing; git nonsense; git commit -m nothing'
    use 'cd work; git fsck --no-progress; git gc -q --prune=now; git count-objects -v | grep -v size; git format-patch -1 --stdout HEAD | tail -n 5 | grep -v "^[0-9]"; printf "#!/bin/sh\necho hook \$#\nexit 1\n" >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit; git commit --allow-empty -m x'
    use 'git -C missing status; git --exec-path; GIT_TRACE=1 git --no-pager -c alias.s="!echo shell alias" s 2>&1 | sed "s/^[0-9:.]* //"; git config --list --global; git hash-object "$inputs/binary"'
    git_forget
    rm -rf ./*/.git
}

uses_git_remote_http()
{
    git_repository
    git -C work update-server-info
    port=47391
    (cd work/.git && exec python3 -m http.server --bind 127.0.0.1 $port >/dev/null 2>&1) &
    server=$!
    tries=0
    until curl -s -o ready http://127.0.0.1:$port/HEAD || [ $tries -ge 100 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    use 'git ls-remote http://127.0.0.1:$port/; git clone -q http://127.0.0.1:$port/ copy; git -C copy log --oneline; git -C copy fetch -q'
    use 'git ls-remote http://127.0.0.1:1/; git clone -q http://127.0.0.1:$port/missing'
    use 'printf "capabilities\nlist\n\n" | "$program" origin http://127.0.0.1:$port/; "$program"'
    kill $server
    wait $server
    git_forget
    rm -rf ./*/.git
}

uses_git_upload_pack()
{
    git_repository
    use '"$program" work/.git </dev/null | tr "\0" "\n" | cut -c 5- | head -n 2 | cut -d= -f1; "$program" missing; "$program"'
    use 'git clone -q --upload-pack="$program" "file://$PWD/work" copy; git -C copy log --oneline; git ls-remote "file://$PWD/work"'
    git_forget
    rm -rf ./*/.git
}

uses_git_sh_i18n__envsubst()
{
    use 'A=1 "$program" "\$A \$B" <<END
x \$A y \$B
END'
    use '"$program" --variables "\$A \$B"; "$program"'
}
