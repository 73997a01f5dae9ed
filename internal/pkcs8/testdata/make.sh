#!/bin/sh
# Makes the keys of this folder with OpenSSL 3. Each is the same key of nobody, under the passphrase "correct".
set -eu
cd "$(dirname "$0")"
openssl genpkey -algorithm ed25519 -out plain.pem
seal() { openssl pkcs8 -topk8 -in plain.pem -passout pass:correct -out "$@"; }
seal pbkdf2-sha256.pem -v2 aes-256-cbc -v2prf hmacWithSHA256
seal pbkdf2-sha512-aes128.pem -v2 aes-128-cbc -v2prf hmacWithSHA512 -iter 5000
seal scrypt.pem -scrypt
seal refused-sha1.pem -v2 aes-256-cbc -v2prf hmacWithSHA1
seal refused-3des.pem -v2 des3
seal refused-iterations.pem -v2 aes-256-cbc -iter 999
