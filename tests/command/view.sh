# larmor view: what it prints, serves and refuses, how it ends
# SPDX-License-Identifier: Apache-2.0
command -v bash >/dev/null || skip "bash is missing, which opens connections"
cat >ask.bash <<'END'
# ask.bash PORT TARGET [COOKIE [TOKEN]]: the answer on stdout; a token is posted
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
method=GET
[ -z "$4" ] || method=POST
printf '%s %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n%s%s\r\n%s' $method "$2" "$1" \
    "${3:+Cookie: $3
}" "${4:+Content-Length: ${#4}
}" "$4" >&3
cat <&3
END
# serve ARGUMENT ...: sets process, port, token and cookie
serve() {
    : >address
    larmor view "$@" --no-browser >address 2>said &
    process=$!
    for _ in $(seq 300); do
        [ -s address ] && break
        kill -0 $process 2>/dev/null || { cat said; fail "'larmor view $*' ended"; }
        sleep 0.1
    done
    port=$(sed 's|.*:\([0-9]*\)/#.*|\1|' address)
    token=$(sed 's|.*#||' address)
    bash ask.bash "$port" /session "" "$token" >answer
    cookie=$(sed -n 's/^Set-Cookie: \([^;]*\);.*/\1/p' answer)
    [ -n "$cookie" ] || { cat address answer; fail "no cookie for the token"; }
}
get() { bash ask.bash "$port" "$1" "$cookie" >answer || fail "nobody answers at port $port"; }
answers() { grep -aq -- "$1" answer || { head -c 2000 answer; fail "the answer is not '$1'"; }; }
body() { awk 'found; /^\r?$/ { found = 1 }' answer; } # of text
# ends SIGNAL: with 0, and nothing to see
ends() {
    kill -"$1" $process
    wait $process
    got=$?
    [ $got -eq 0 ] || fail "SIG$1 ends it with $got"
    [ "$(cat said)" = "ctrl-C ends it" ] || { cat said; fail "it says more"; }
}

status 0 larmor phantom heads --subjects 2 --spacing 8 --seed 3 -q
cp heads/t1/sub-01_T1.nii.gz t1.nii.gz
cp heads/truth/sub-01_labels.nii.gz labels.nii.gz

# two images and labels
serve t1.nii.gz heads/flair/sub-01_FLAIR.nii.gz --overlay labels.nii.gz
grep -qx 'http://127.0.0.1:[0-9]*/#[0-9a-f]\{32\}' address || { cat address; fail "not an address"; }
get /list
answers '"name":"t1.nii.gz","role":"image"'
answers '"name":"sub-01_FLAIR.nii.gz","role":"image"'
answers '"name":"labels.nii.gz","role":"overlay"'
get /about/2
answers '"labels":true'
get /
answers '^HTTP/1.1 200 OK'
answers '^Content-Type: text/html'
get /volume/0.nii
answers '^HTTP/1.1 200 OK'
status 0 larmor convert t1.nii.gz -o t1.nii
size=$(wc -c <t1.nii)
tail -c "$size" answer >sent.nii
cmp -s t1.nii sent.nii || fail "/volume is not what larmor convert writes"
get '/slice/0.png?plane=sagittal&over=2'
answers '^Content-Type: image/png'
get '/value/0?at=0,0,0'
answers '"inside":true'
get /report
answers '^HTTP/1.1 404'
cookie=
get /list
answers '^HTTP/1.1 401'
ends INT
bash ask.bash "$port" /list >answer 2>&1 && fail "it still answers"

# what changed on the way is no reason to end: the file is read when it is asked for
serve t1.nii.gz labels.nii.gz
rm labels.nii.gz
get /volume/1.nii
answers '^HTTP/1.1 422'
answers "labels.nii.gz"
get /volume/0.nii
answers '^HTTP/1.1 200'
ends TERM

# a folder, and the report in it
echo '<p>report one' >heads/report.html
serve heads
get /list
answers '"report":true'
answers '"name":"t1/sub-02_T1.nii.gz","role":"page"'
get /report
answers 'report one'
answers '^Content-Security-Policy: .*; sandbox'
echo '<p>report two' >heads/report.html
get /report
answers 'report two'
ends INT
mkdir started && echo '<p>no image yet' >started/report.html
serve started
get /list
answers '"entries":\[\]'
ends INT

# a study stands for its work folder
status 66 larmor view heads/study.yaml
complains "has no results yet"
complains "try larmor prepare"
mkdir heads/study && cp t1.nii heads/study
serve heads/study.yaml
get /list
answers '"name":"t1.nii","role":"page"'
ends INT
rm -r heads/study

# a token of one's own; the file is made where there is none
serve t1.nii.gz --token-file token
[ "$(cat token)" = "$token" ] || fail "the token is not that of the file"
case $(ls -l token) in -rw-------*) ;; *) fail "others can read the token" ;; esac
ends INT
serve t1.nii.gz --token-file token
[ "$(cat token)" = "$token" ] || fail "the token is not that of the file"

# another user of the machine has found the token
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    setpriv --reuid 65534 --regid 65534 --clear-groups bash -s -- "$port" /session "" "$token" <ask.bash >answer
    answers '^HTTP/1.1 403'
    answers 'another user of this machine'
    grep -q Set-Cookie answer && fail "another user gets a cookie"
else
    omit "another user with the token: that needs root, and setpriv"
fi

# the port is taken
status 74 larmor view t1.nii.gz --port "$port" --no-browser
complains "port $port of '127.0.0.1' is taken by another program"
complains "try another --port"
ends TERM
chmod 644 token
status 2 larmor view t1.nii.gz --token-file token
complains "the token file 'token' can be read by others (mode 644)"
complains "try chmod 600"
echo short >short && chmod 600 short
status 65 larmor view t1.nii.gz --token-file short
complains "holds no token"
status 2 larmor view t1.nii.gz --token-file .
complains "is no regular file"
ln -s /etc/passwd link
status 2 larmor view t1.nii.gz --token-file link
complains "token file 'link'"

# other machines
status 2 larmor view t1.nii.gz --listen 0.0.0.0
complains "needs --token-file"
complains "try ssh -L"
status 2 larmor view t1.nii.gz --listen here --token-file new
complains "'here' is no address in numbers"
[ -e new ] && fail "a refused call left a token"
chmod 600 token
status 0 larmor view t1.nii.gz --listen 0.0.0.0 --token-file token --for 0 --no-browser
complains "warning: who reaches '0.0.0.0' and learns the token"
status 0 larmor view t1.nii.gz --listen localhost --for 0 --no-browser
says '^http://127.0.0.1:'

# the browser: started apart, with the address, without a shell; its absence is no failure
cat >browse <<'END'
#!/bin/sh
printf '%s\n' "$#" "$@" >opened
files="$(readlink /proc/$$/fd/0) $(readlink /proc/$$/fd/1)"
echo "$files" >>opened
END
chmod +x browse
status 0 env BROWSER="$PWD/browse --new %s" larmor view t1.nii.gz --for 1
[ "$(sed -n 1,3p opened)" = "2
--new
$(cat out)" ] || { cat opened; fail "the browser was not called with the address"; }
[ "$(sed -n 4p opened)" = "/dev/null /dev/null" ] || { cat opened; fail "the browser holds the terminal"; }
status 0 env BROWSER=/nonexistent larmor view t1.nii.gz --for 0
complains "there is no program '/nonexistent'"
complains "open the address above in a browser"
status 0 env -u BROWSER -u DISPLAY -u WAYLAND_DISPLAY -u WSL_DISTRO_NAME larmor view t1.nii.gz --for 0
complains "there is no display"

status 0 larmor view t1.nii.gz --for 0 --no-browser --json
says '"address": "http://127.0.0.1:'
says '"port": [0-9]'

status 66 larmor view absent.nii.gz
complains "cannot open 'absent.nii.gz': there is no such file"
status 66 larmor view t1.nii.gz --overlay absent.nii.gz
complains "absent.nii.gz"
echo '<script>alert(1)</script>' >words.nii
status 65 larmor view words.nii
complains "words.nii"
status 0 larmor view t1.nii.gz words.nii --for 0 --no-browser
complains "^warning: .*words.nii"
mkdir empty
status 66 larmor view empty
complains "no image was found in the folder 'empty'"
status 2 larmor view
complains "missing argument"
status 2 larmor view t1.nii.gz --port 70000
complains "'70000' is not a valid --port"
