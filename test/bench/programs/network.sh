# shellcheck shell=sh disable=SC2016,SC2154
program sqlite3 sqlite3 /usr/bin/sqlite3 --version
program curl curl /usr/bin/curl --version
program openssl openssl /usr/bin/openssl version
program ssh openssh-client /usr/bin/ssh -V
program ssh-keygen openssh-client /usr/bin/ssh-keygen -Q -f /dev/null
program gpg gpg /usr/bin/gpg --version
program gpgv gpgv /usr/bin/gpgv --version
program gpgconf gpgconf /usr/bin/gpgconf --version
program getent libc-bin /usr/bin/getent group 0

uses_sqlite3()
{
    use 'sqlite3 db "create table t (a integer primary key, b text); insert into t (b) values (\"x\"), (\"y\"); select * from t;"; sqlite3 -header -csv db "select a, upper(b), sqlite_version() from t"; cksum db'
    use 'sqlite3 db ".schema" ".dump"; echo "select sum(a), group_concat(b), json_array(1), date(0, \"unixepoch\") from t;" | sqlite3 -json db'
    use 'sqlite3 db "select nonsense"; sqlite3 missing/db "select 1"; sqlite3 "$inputs/text" "select * from x"; sqlite3 --nonsense; sqlite3 db ".read missing"'
    use 'sqlite3 :memory: "with recursive c(n) as (select 1 union all select n + 1 from c where n < 1000) select sum(n * n), max(length(randomblob(8))) from c" ".shell echo sub" "pragma journal_mode"; sqlite3 db "pragma integrity_check; vacuum; begin; delete from t; rollback; select count(*) from t"'
}

uses_curl()
{
    use 'curl -s file://"$inputs"/text | cksum; curl -o out -sS file://"$inputs"/binary; cmp out "$inputs/binary"'
    use 'curl -sS http://127.0.0.1:1/; curl -sS https://127.0.0.1:1/; curl -sS file:///missing; curl nonsense://x; curl --nonsense; curl'
    use 'curl -sS -w "%{http_code} %{url_effective} %{exitcode}\n" file://"$inputs"/words -o /dev/null; curl -s -r 2-9 file://"$inputs"/text; curl -sSI file://"$inputs"/text | grep -v Date'
    python3 -m http.server --bind 127.0.0.1 --directory "$inputs" 47392 >/dev/null 2>&1 &
    server=$!
    tries=0
    until curl -s -o /dev/null http://127.0.0.1:47392/text || [ $tries -ge 100 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    use 'curl -sS http://127.0.0.1:47392/text | cksum; curl -sSv -o out2 http://localhost:47392/words 2>&1 | grep "^[<>]" | grep -v Date; curl -sSf http://127.0.0.1:47392/missing; curl -sS --parallel --no-progress-meter -O http://127.0.0.1:47392/main.c -O http://127.0.0.1:47392/main.cc; ls'
    kill $server
    wait $server
}

prepare_openssl()
{
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 3650 -subj /CN=example
}

uses_openssl()
{
    use 'openssl dgst -sha256 -r "$inputs/text"; openssl md5 "$inputs/binary"; openssl sha3-512 <"$inputs/words"'
    use 'openssl enc -aes-256-cbc -pbkdf2 -S 0102030405060708 -pass pass:x -in "$inputs/text" -out e; cksum e; openssl enc -d -aes-256-cbc -S 0102030405060708 -pbkdf2 -pass pass:x -in e | cksum; openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:y -in e >/dev/null 2>&1; echo $?'
    use 'openssl x509 -in "$made/cert.pem" -noout -text | cksum; openssl verify -CAfile "$made/cert.pem" "$made/cert.pem"; openssl rsa -in "$made/key.pem" -pubout 2>&1 | cksum'
    use 'openssl dgst -sign "$made/key.pem" -sha256 "$inputs/text" | cksum; openssl rand -hex 8 | wc -c; openssl prime 1000003; openssl ciphers -v | cksum; openssl s_client -connect 127.0.0.1:1 2>&1 | sed "s/^[0-9A-F]*:/X:/"'
    use 'openssl nonsense; openssl x509 -in missing 2>&1 | sed "s/^[0-9A-F]*:error/error/"; openssl version -a | grep -v date; openssl asn1parse -in "$made/cert.pem" | wc -l; openssl list -providers; echo "dgst -md5 $inputs/text" | openssl 2>&1 | wc -l'
}

prepare_ssh_keygen()
{
    ssh-keygen -q -t ed25519 -N '' -C comment -f key
}

uses_ssh()
{
    use 'ssh -G -p 2222 user@host.example | cksum; ssh -Q cipher; ssh -V; ssh -G -F missing h'
    use 'ssh -o BatchMode=yes -p 1 127.0.0.1 true; echo $?; ssh; ssh -o Nonsense=1 h; ssh -T -o ProxyCommand="sh -c \"read banner; echo no ssh here\"" h; ssh -T -o BatchMode=yes -o ProxyCommand="sh -c \"read banner; missing-command\"" h'
    use 'printf "Host x\n  HostName 127.0.0.1\n  Port 1\n  ControlPath ~/c\n" >config; ssh -F config -O check x; ssh -F config -G x | grep -i "^port\|^hostname"; printf "Nonsense yes\n" >bad; ssh -F bad x'
}

uses_ssh_keygen()
{
    use 'ssh-keygen -y -f "$made/key" >pub; cut -d" " -f1,3 pub; ssh-keygen -l -f pub; ssh-keygen -l -E md5 -f pub; ssh-keygen -e -f pub'
    use 'ssh-keygen -Y sign -f "$made/key" -n file <"$inputs/text" | cksum; ssh-keygen -l -f missing; ssh-keygen -l -f "$inputs/text"; ssh-keygen -q -t rsa -b 2048 -N "" -f new; ls; rm new new.pub pub; ssh-keygen --nonsense 2>&1 | head -n 1'
}

prepare_gpg()
{
    mkdir -m 700 home &&
        gpg --homedir "$PWD/home" --batch --quiet --passphrase '' --faked-system-time 20010203T040506! \
            --quick-generate-key 'A <a@example.org>' rsa2048 sign never &&
        gpg --homedir "$PWD/home" --batch --armor --export >key.asc &&
        gpg --homedir "$PWD/home" --batch --faked-system-time 20010203T050506! --detach-sign \
            -o text.sig "$inputs/text"
    gpg_status=$?
    gpgconf --homedir "$PWD/home" --kill gpg-agent
    return $gpg_status
}
prepare_gpgv() { prepare_gpg; }

uses_gpg()
{
    mkdir -m 700 "$HOME/.gnupg"
    use 'gpg --import "$made/key.asc"; gpg --list-keys --with-colons | grep -v "^tru:"; gpg --verify "$made/text.sig" "$inputs/text"; gpg --verify "$made/text.sig" "$inputs/words"'
    use 'gpg --print-md SHA256 "$inputs/text"; gpg --list-packets "$made/text.sig"; gpg --dearmor <"$made/key.asc" | cksum; gpg --version | head -n 2'
    use 'gpg --batch --pinentry-mode loopback --passphrase x -o e --symmetric "$inputs/text"; gpg -q --batch --pinentry-mode loopback --passphrase x -d e 2>/dev/null | cksum; gpg -q --batch --pinentry-mode loopback --passphrase y -d e 2>&1 | tail -n 1; rm -f e'
    use 'gpg --list-keys nobody; gpg -d "$inputs/text"; gpg --nonsense; gpg missing; gpg --batch --gen-key </dev/null; gpgconf --list-dirs homedir'
    gpgconf --kill all
    rm -rf "$HOME/.gnupg"
}

uses_gpgv()
{
    gpg --dearmor <"$made/key.asc" >keyring
    use 'gpgv --keyring ./keyring "$made/text.sig" "$inputs/text"; gpgv --keyring ./keyring "$made/text.sig" "$inputs/words"; gpgv missing; gpgv --nonsense; gpgv --keyring ./missing "$made/text.sig" "$inputs/text"'
    rm -rf "$HOME/.gnupg"
}
uses_gpgconf() { use 'gpgconf --list-dirs; gpgconf --list-components; gpgconf --nonsense; gpgconf --list-options gpg | wc -l; gpgconf --homedir missing --list-dirs homedir | sed "s|$PWD||"'; rm -rf "$HOME/.gnupg"; }

# The name service switch, whose modules are loaded when they are asked.
uses_getent()
{
    use 'getent passwd root daemon; getent group 0; getent passwd nosuchuser; getent hosts localhost; getent services ssh/tcp'
    use 'getent -s files passwd root; getent -s files:systemd group daemon; getent nonsense; getent protocols tcp udp; getent ahosts 127.0.0.1; getent netgroup x; getent initgroups root'
}
