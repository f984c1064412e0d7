# shellcheck shell=sh disable=SC2016,SC2154
small tar tar /usr/bin/tar --version
small gzip gzip /usr/bin/gzip --version
small xz xz-utils /usr/bin/xz --version
small bzip2 bzip2 /usr/bin/bzip2 --help
small zstd zstd /usr/bin/zstd --version
small cpio cpio /usr/bin/cpio --version
program rsync rsync /usr/bin/rsync --version

uses_tar()
{
    cp -R "$inputs/dir" d
    use 'tar --sort=name --mtime=@1000000000 --owner=0 --group=0 -cf a.tar d; cksum a.tar; tar tvf a.tar --utc'
    use 'mkdir x; tar xvf a.tar -C x --wildcards "*.txt" | sort; tar -xf a.tar -O d/a.txt | cksum; rm -rf x'
    use 'tar --sort=name --mtime=@1 -czf a.tgz d; tar tzf a.tgz | wc -l; tar --mtime=@1 --sort=name -cJf a.txz d; tar xJf a.txz -O d/a.txt | wc -c; rm a.tgz a.txz'
    use 'tar -rf a.tar -C "$inputs" words --mtime=@5; tar -df a.tar 2>&1 | sort | wc -l; tar --delete -f a.tar d/a.txt; tar tf a.tar'
    use 'tar xf missing.tar; tar tf "$inputs/words"; tar; tar cf x.tar missing; rm -f x.tar'
    use 'tar cf - d | tar xf - --transform="s/^d/moved/" --no-same-owner -m; ls moved; tar -I "gzip -n" -cf y.tgz --mtime=@0 "$inputs/text" 2>&1; gzip -dc y.tgz | wc -c; rm -r moved'
    rm -f ./*.tar ./*.tgz
}

# Each by the path in $program: options that all of these have.
uses_of_compressor()
{
    cp -p "$inputs/text" "$inputs/binary" .
    use '"$program" -k -c text >t.c; "$program" -dc t.c | cmp - text; cksum t.c'
    use '"$program" -9 -f -k binary; ls; "$program" -t binary.*; "$program" -d -f binary.*; cmp binary "$inputs/binary"'
    use '"$program" <"$inputs/text" | "$program" -d | cksum; "$program" -d <"$inputs/text"'
    use '"$program" missing; "$program" -d text; "$program" --nonsense </dev/null 2>&1 | head -n 1'
    rm -f binary.*
}
uses_gzip() { uses_of_compressor; use 'gzip -nc text | gzip -l; gzip -nc1 text | zcat | wc -c; gunzip -c text; gzip --rsyncable -nc binary | cksum'; }
uses_xz() { uses_of_compressor; use 'xz -kc -T 2 --block-size=1000 text | xz -dc -T 2 | cksum; xz --format=lzma -c text | unlzma | wc -l; xz -k -c text >l.xz; xz --list l.xz; rm l.xz'; }
uses_bzip2() { uses_of_compressor; use 'bzip2 -c text | bunzip2 -c | wc -c; bzcat text'; }
uses_zstd() { uses_of_compressor; use 'zstd -q -T2 -19 -c text | zstd -dc | wc -c; zstd --train "$inputs"/dir/* -o dict; zstd -q -b1 -i0 -e1 missing; zstd -lq text'; }

uses_cpio()
{
    cp -R "$inputs/dir" d
    touch -h -d @1000000000 d/* d
    use 'find d -name "*.txt" | sort | cpio -o -H newc --reproducible 2>&1 >a.cpio; cpio -t <a.cpio; cpio -i --to-stdout d/a.txt <a.cpio | cksum'
    use 'mkdir x; (cd x && cpio -idv <../a.cpio); find d | cpio -pd y; ls -R x y; cpio -i <"$inputs/words"; cpio'
    rm -f a.cpio
}

uses_rsync()
{
    cp -R "$inputs/dir" d
    use 'rsync -a d/ copy; rsync -av --delete d/ copy | grep -v "bytes\|total"; diff -r d copy'
    use 'echo changed >d/a.txt; touch -d @1000000000 d/a.txt; rsync -ai --checksum d/ copy; rsync -n -avc --exclude="*.txt" d other | head -n 4'
    use 'rsync missing nowhere 2>&1 | sed "s/(code.*//"; rsync --nonsense; echo $?; rsync -r --files-from=- d sub <<END
a.txt
END
ls sub'
    use 'rsync --list-only --no-motd d/a.txt | wc -l; printf "#!/bin/sh\nshift\nexec \"\$@\"\n" >rsh; chmod +x rsh; rsync -az -e ./rsh d/a.txt host:"$PWD/remote"; ls; cat remote'
}
