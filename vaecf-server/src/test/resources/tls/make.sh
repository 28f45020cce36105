#!/bin/sh
# Makes the certificates and keys of NetworkTest and TlsIdentityTest anew, by OpenSSL. They protect nothing.
set -eu
cd "$(dirname "$0")"
days=36500
names="subjectAltName=DNS:localhost,IP:127.0.0.1"
sign() { # NAME SUBJECT: NAME.pem for the key NAME.key, signed by the authority
  openssl req -new -key "$1.key" -subj "/CN=$2" |
    openssl x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days $days -extfile names.cnf -out "$1.pem"
}
echo "$names" >names.cnf
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days $days -subj "/CN=vaecf test authority"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key
sign rsa "rsa of vaecf's tests"
cat ca.pem >>rsa.pem
openssl rsa -in rsa.key -traditional -out rsa-pkcs1.key
openssl pkcs8 -topk8 -in rsa.key -passout pass:secret -out rsa-encrypted.key
openssl rsa -in rsa.key -traditional -aes128 -passout pass:secret -out rsa-pkcs1-encrypted.key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key
sign ec "ec of vaecf's tests"
openssl ecparam -name prime256v1 -out ec-sec1.key # parameters first, as openssl ecparam -genkey writes them
openssl ec -in ec.key >>ec-sec1.key
openssl genpkey -algorithm ed25519 -out ed25519.key
sign ed25519 "ed25519 of vaecf's tests"
openssl x509 -in ec.pem -outform der -out ec.der
rm -f ca.key ca.srl names.cnf
