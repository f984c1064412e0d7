# shellcheck shell=sh disable=SC2016,SC2154
program rustc rustc /usr/bin/rustc --version
program cargo cargo /usr/bin/cargo --version
program java openjdk-17-jre-headless\|default-jre-headless /usr/bin/java -version
program javac openjdk-17-jdk-headless\|default-jdk-headless /usr/bin/javac -version
program go golang-go /usr/bin/go version
program cgo-program golang-go "$made/cgo"

uses_rustc()
{
    printf '%s\n' 'use std::collections::BTreeMap;' 'fn main() {' \
        '    let mut m = BTreeMap::new();' \
        '    for (i, a) in std::env::args().skip(1).enumerate() { m.insert(a, i); }' \
        '    let t = std::thread::spawn(move || { println!("{:?}", m); 7 });' \
        '    let s = std::process::Command::new("sh").args(["-c", "exit 3"]).status().unwrap();' \
        '    println!("{} {:?}", t.join().unwrap(), s.code());' \
        '    assert!(std::panic::catch_unwind(|| panic!("caught")).is_err());' '}' >main.rs
    use 'rustc -O main.rs -o main && ./main b a; rustc --crate-type lib --emit=metadata,asm -o lib main.rs; ls'
    use 'rustc --print sysroot; rustc --print cfg; rustc -vV; rustc --print target-libdir'
    use 'echo "fn main() { let x: i32 = \"s\"; y }" >bad.rs; rustc bad.rs; rustc missing.rs; rustc --nonsense; rustc --explain E0308 | head -n 5'
    use 'rustc -C prefer-dynamic -C linker=clang main.rs -o dynamic && LD_LIBRARY_PATH=$(rustc --print sysroot)/lib ./dynamic; rustc --test main.rs -o tests && ./tests | grep -v finished; rm -f tests dynamic'
    rm -f lib main
}

uses_cargo()
{
    # shellcheck disable=SC2034
    export CARGO_NET_OFFLINE=true
    use 'cargo init --name example --vcs none project; cat project/Cargo.toml; cargo --list | wc -l; cargo -V'
    use 'cd project; cargo build 2>&1 | sed "s/ in .*//"; target/debug/example; cargo run -q; cargo test 2>&1 | grep "^test result" | sed "s/;.*//"'
    use 'cd project; cargo check --message-format=short 2>&1 | sed "s/ in .*//"; cargo metadata --format-version 1 --no-deps | cksum; cargo tree; cargo nonsense; cargo build --release -v 2>&1 | grep -c Running'
    use 'cargo locate-project; cargo build --manifest-path missing/Cargo.toml; cd project; echo "fn main() { 1 + }" >src/main.rs; cargo build 2>&1 | head -n 9; cargo clean'
    rm -rf project/target "$HOME/.cargo"
}

java_source()
{
    printf '%s\n' 'import java.util.stream.*;' 'public class Main {' \
        '    public static void main(String[] a) throws Exception {' \
        '        System.out.println(IntStream.range(0, 9).mapToObj(i -> "" + i * i).collect(Collectors.joining(",")));' \
        '        Process p = new ProcessBuilder("sh", "-c", "echo sub $0; exit 3", "x").inheritIO().start();' \
        '        System.out.println(p.waitFor() + " " + a.length + " " + System.getProperty("java.home"));' \
        '        Thread t = new Thread(() -> System.out.println("thread")); t.start(); t.join();' \
        '        if (a.length > 1) throw new IllegalStateException(a[1]);' '    }' '}' >Main.java
}

uses_java()
{
    java_source
    natively javac -d . Main.java
    use 'java Main; java -cp . Main one two; echo $?'
    use 'java -Xint -Xmx64m -XX:+UseSerialGC Main x; java -XshowSettings:vm -version 2>&1 | grep -c VM; java -Xshare:off -version 2>&1 | wc -l'
    use 'java Missing; java -jar missing.jar; java -nonsense; java Main.java source | head -n 1; java --list-modules | wc -l'
    rm -rf "$TMPDIR"/hsperfdata*
}

uses_javac()
{
    java_source
    use 'javac -Xlint:all -d out Main.java; cksum out/Main.class; java -cp out Main | head -n 1'
    use 'echo "class X { int y = \"s\"; }" >X.java; javac X.java; javac Missing.java; javac -nonsense; javac -version; javac -d out -g -parameters -verbose Main.java 2>&1 | grep -c loading'
    rm -rf "$TMPDIR"/hsperfdata*
}

# A compiled program that calls C, and so is dynamically linked and uses glibc's threads.
prepare_cgo_program()
{
    mkdir src &&
        cp "$families/cgo.go" src &&
        (cd src && GOCACHE=$PWD/cache GOFLAGS=-mod=mod GO111MODULE=off go build -o ../cgo cgo.go) &&
        rm -rf src
}

uses_go()
{
    export GOFLAGS=-mod=mod GOCACHE="$HOME/gocache" GOPROXY=off CGO_ENABLED=1
    mkdir p
    cp "$families/cgo.go" p
    use 'cd p; go mod init example.org/p; go build -trimpath -ldflags=-buildid= -o out; ./out a b; cat go.mod'
    use 'cd p; go vet; go env GOROOT GOOS; go fmt; go list -f "{{.Imports}}"; go version out | cut -d" " -f2-'
    use 'cd p; go run . x; printf "package main\nfunc main() { x := 1 }\n" >cgo.go; go build; go nonsense; go build missing.go; go doc fmt.Println'
    chmod -R u+w "$HOME/gocache"
    rm -rf "$HOME/gocache" "$HOME/go" p/out "$HOME/.config" "$HOME/.cache"
}

uses_cgo_program()
{
    use '"$program"; "$program" one "two three"; echo "$?"'
    use '"$program" panic 2>&1 | head -n 2; "$program" exit; echo "$?"'
    use 'GOMAXPROCS=1 "$program" x; GODEBUG=madvdontneed=1 "$program" y; "$program" signal; echo "$?"'
}
