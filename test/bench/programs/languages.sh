# shellcheck shell=sh disable=SC2016,SC2154
program perl perl /usr/bin/perl -e 1
program python3 python3-minimal /usr/bin/python3 -c pass
program ruby ruby /usr/bin/ruby -e 1
program node nodejs /usr/bin/node -e 1
small lua lua5.4 /usr/bin/lua5.4 -v
small tclsh tcl /usr/bin/tclsh /dev/null
small m4 m4 /usr/bin/m4 --version
small bc bc /usr/bin/bc --version

uses_perl()
{
    use 'perl -lane "\$n{\$F[0]}++; END { print \"\$_ \$n{\$_}\" for sort keys %n }" "$inputs/text"'
    use 'perl -MPOSIX -MList::Util=sum -MData::Dumper -MStorable -MTime::HiRes -e "\$Data::Dumper::Sortkeys = 1; print strftime(q(%F), gmtime 0), sum(1..9), Dumper(Storable::dclone({a => [1, {}]}))"'
    use 'perl -MSocket -MDigest::SHA=sha1_hex -MEncode -MFile::Temp=tempfile -e "my (\$f, \$n) = tempfile(UNLINK => 1); print \$f sha1_hex(q(x)); close \$f; open \$g, q(<), \$n; print <\$g>, encode(q(UTF-8), chr 233), \$0"'
    use 'perl -e "print qq(pid\n) if fork; wait; print \$?, \`echo back; exit 3\`, \$? >> 8, system(q(false)), exec q(missing-command)"; perl -e "die q(dead)"; perl -e "use Missing::Module"'
    use 'cp "$inputs/words" "$inputs/text" .; perl -i.orig -pe "s/line/LINE/" words text 2>&1; perl -c -e "1 +"; perl -V:version -V:useithreads; perl -e "print \$^X, qq(\n), -x \$^X"'
    use 'perl -Mthreads -e "print join q(,), map { \$_->join } map { my \$n = \$_; threads->create(sub { \$n * 2 }) } 1..4"; perl -e "kill 15, \$\$"; perl -e "local \$SIG{ALRM} = sub { print 1; exit }; alarm 1; sleep 9"'
}

uses_python3()
{
    printf 'import sys\ndef f(n):\n    return n * 2\n\nif __name__ == "__main__":\n    print(f(int(sys.argv[1])))\n' >module.py
    touch -d @1000000000 module.py
    use 'python3 -c "import sys, module; print(module.f(2), sys.executable, sys.prefix, sys.argv, sys.flags.hash_randomization)"; ls __pycache__'
    use 'python3 -c "import ssl, sqlite3, zlib, lzma, bz2, hashlib, decimal, ctypes, json, datetime, multiprocessing; print(ssl.OPENSSL_VERSION, sqlite3.connect(\":memory:\").execute(\"select 6*7\").fetchall(), hashlib.sha3_256(b\"x\").hexdigest(), decimal.Decimal(2).sqrt(), ctypes.CDLL(None).abs(-3), datetime.date(2000,1,1))"'
    use 'python3 -c "import numpy; a = numpy.arange(16.).reshape(4, 4); print(a @ a.T, numpy.linalg.det(a + numpy.eye(4)).round(6))"'
    use 'python3 -c "import subprocess, sys, os; print(subprocess.run([\"sh\", \"-c\", \"echo x; exit 3\"], capture_output=True), os.system(\"exit 2\"), subprocess.run([sys.executable, \"-c\", \"print(1)\"]).returncode, flush=True); os.execvp(\"echo\", [\"echo\", \"gone\"])"'
    use 'python3 -c "1/0"; python3 missing.py; python3 -c "import missing"; python3 -c "import os; os.kill(os.getpid(), 9)"; python3 -c "raise SystemExit(7)"; python3 module.py 21 </dev/null'
    use 'python3 -c "import threading, concurrent.futures as c, multiprocessing as m; print(list(c.ThreadPoolExecutor(4).map(lambda x: x * x, range(5)))); p = m.Process(target=print, args=(\"child\",)); p.start(); p.join(); print(p.exitcode)"'
    use 'python3 -m json.tool --sort-keys <<END
{"b": 1, "a": [2]}
END
python3 -m venv --without-pip --symlinks v; v/bin/python -c "import sys; print(sys.prefix != sys.base_prefix)"; rm -r v; PYTHONHASHSEED=0 python3 -c "print(set(\"abc\"), hash(\"x\"))"'
    use 'python3 -X faulthandler -c "import ctypes; ctypes.string_at(0)" 2>&1 | head -n 2; python3 -E -S -I -c "import sys; print(sys.path)"; python3 -m timeit -n 1 -r 1 pass | cut -c 1-6; echo "print(input())" >i.py; echo hello | python3 i.py'
}

uses_ruby()
{
    use 'ruby -ne "puts \$_.upcase if /1/" "$inputs/text" | head -n 3; ruby -e "p RUBY_VERSION, \$0, __FILE__, ARGV" a b'
    use 'ruby -rjson -rdigest -rset -rsecurerandom -ropenssl -rzlib -e "puts JSON.pretty_generate({a: [1, nil]}), Digest::SHA256.hexdigest(%q(x)), OpenSSL::Digest.hexdigest(%q(MD5), %q(x)), Zlib.crc32(%q(x)), SecureRandom.hex(4).size"'
    use 'ruby -e "puts %x(echo sub; exit 3), \$?.exitstatus; pid = fork { exit 4 }; Process.wait pid; p \$?.exitstatus, system(%q(missing-command)); Process.wait spawn(%q(echo spawned)); STDOUT.flush; exec %q(echo), %q(gone)"'
    use 'ruby -e "p (1..4).map { |n| Thread.new { n * n } }.map(&:value), 2 ** 100, %q(abc).encode(%q(UTF-16LE)).bytes, GC.stat.key?(:count); at_exit { puts :end }; trap(:TERM) { puts :term; exit 5 }; Process.kill :TERM, \$\$; sleep 1"'
    use 'ruby -e "raise %q(dead)"; ruby missing.rb; ruby -c -e "1 +"; ruby -e "require %q(missing)" 2>&1 | tail -n 1 | cut -c 1-30; ruby --nonsense; ruby -rrbconfig -e "puts RbConfig.ruby, Gem.ruby"'
}

uses_node()
{
    use 'node -e "console.log(process.execPath, process.argv0, process.argv.length, process.version, process.title)" a b'
    use 'node -e "const c = require(\"crypto\"), z = require(\"zlib\"), fs = require(\"fs\"); console.log(c.createHash(\"sha256\").update(\"x\").digest(\"hex\"), z.gzipSync(\"x\").length); fs.writeFileSync(\"out\", \"text\"); console.log([3,1,2].sort(), new Intl.DateTimeFormat(\"en\", {timeZone: \"UTC\"}).format(0))"'
    use 'node -e "const { execSync, spawnSync, fork } = require(\"child_process\"); console.log(execSync(\"echo sub\") + \"\", spawnSync(\"sh\", [\"-c\", \"exit 3\"]).status, spawnSync(\"missing-command\").error.code, spawnSync(process.execPath, [\"-p\", \"6*7\"]).stdout + \"\")"'
    use 'node -e "const { Worker } = require(\"worker_threads\"); new Worker(\"require(\\\"worker_threads\\\").parentPort.postMessage(42)\", { eval: true }).on(\"message\", m => console.log(m)); process.on(\"exit\", c => console.log(\"exit\", c)); setTimeout(() => process.exitCode = 5, 20)"'
    use 'node -e "throw new Error(\"dead\")" 2>&1 | grep -v "node:\\|^    at"; node missing.js 2>&1 | grep Cannot; echo "console.log(1" >bad.js; node --check bad.js; node --nonsense; node -e "process.kill(process.pid, 15); setTimeout(() => 0, 999)"'
    use 'echo "export const x = 7; console.log(import.meta.url.length > 5, await Promise.resolve(x))" >m.mjs; node m.mjs; echo "console.log([...require(\"fs\").readFileSync(0)].length)" | node - ; node --experimental-wasm-threads -p "new WebAssembly.Memory({initial: 1}).buffer.byteLength" 2>&1 | tail -n 1'
}

uses_lua()
{
    use '"$program" -e "print(_VERSION, 7 // 2, 2^53 | 0, string.format(\"%q\", \"a\\nb\"), #arg)" - </dev/null'
    use '"$program" -e "local n = 0; for l in io.lines(arg[1]) do n = n + #l end; print(n, os.execute(\"exit 3\")); local p = io.popen(\"echo sub\"); print(p:read(\"a\"), p:close()); os.exit(4)" /dev/null 2>&1'
    use 'echo "local t = {}; for i = 1, 9 do t[#t + 1] = i * i end; table.sort(t, function(a, b) return a > b end); print(table.concat(t, \" \"), os.date(\"!%F\", 0), ...)" >s.lua; "$program" s.lua one two'
    use '"$program" -e "error(\"dead\")"; "$program" missing.lua; "$program" -e "x = ="; "$program" -l missing 2>&1 | head -n 2; "$program" -e "print(pcall(coroutine.wrap(function() error({}) end)))" | cut -c 1-5; echo "print(1)" | "$program" -i 2>&1 | head -n 2'
}

uses_tclsh()
{
    use 'echo "puts [info patchlevel]; puts [expr {2**70}]; puts [lsort -integer {3 1 2}]; puts [info nameofexecutable]; puts \$argv" >s.tcl; tclsh s.tcl one "two three"'
    use 'printf "%s\n" "puts [exec sh -c {echo sub}]" "catch {exec false} m o; puts \$m; puts [dict get \$o -errorcode]" "set f [open out w]; puts \$f text; close \$f; puts [file size out]; exit 3" | sed "s/CHILDSTATUS [0-9]*/CHILD/" >s.tcl; tclsh s.tcl | sed "s/CHILDSTATUS [0-9]*/CHILD/"'
    use 'printf "%s\n" "after 10 {set done 1}; vwait done; puts [clock format 0 -gmt 1 -format %F]" "puts [encoding system] ; puts [regexp -inline {a(.)} xab]; package require http; puts [string length [zlib compress x]]" | tclsh'
    use 'echo "error dead" | tclsh; echo "error dead" >s.tcl; tclsh s.tcl; tclsh missing.tcl; echo "nonsense-command" | tclsh'
}

uses_m4()
{
    use 'printf "define(x, \`y\$1\`x\\047\\047)dnl\nx(1) eval(2**10) esyscmd(echo sub)sysval incr(41)\n" | m4; m4 missing; echo "ifelse(" | m4; m4 -DA=1 -E - <<END
A include(missing)
END'
    use 'echo "forloop: patsubst(abc, b, x) index(abc, c) syscmd(exit 3)sysval m4exit(5)" | m4; m4 --nonsense 2>&1 | head -n 1'
}

uses_bc() { use 'echo "scale=40; 4*a(1); 2^200; 1/0" | bc -l; echo "define f(n) { if (n < 2) return 1; return n * f(n - 1); } f(30)" | bc -q; bc missing; echo "1 +" | bc'; }
