// Package pkcs8 encrypts a private key under a passphrase, and decrypts it again: PKCS #8 with PBES2 (RFC 5958, RFC
// 8018), as "openssl pkcs8" writes and reads it, so that no tool of ours is needed to get at a key.
//
// What it writes is scrypt (RFC 7914) and AES-256-CBC. It reads PBKDF2 with HMAC-SHA-256, -384 or -512, too, and AES-128.
// It refuses weaker ways, and costs that a file could use to keep the reader busy. PBES2 does not authenticate: a wrong
// passphrase is told by the padding and by the key's own structure, and whoever can write the file can make another key
// of it, though not one of their choice. Start with [Encrypt] and [Decrypt].
package pkcs8

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"io"

	"golang.org/x/crypto/scrypt"
)

// Types of PEM blocks. RFC 7468, 10 and 11.
const (
	Plain     = "PRIVATE KEY"
	Encrypted = "ENCRYPTED PRIVATE KEY"
)

// What is written: the smallest memory that OpenSSL takes by default (it refuses more than 32 MiB), and the time that
// OWASP's password storage guide asks for at that memory.
const (
	cost        = 1 << 14
	blockSize   = 8
	parallel    = 5
	saltSize    = 16
	keySize     = 32
	maxText     = 16 << 10   // bytes of a PEM file: a P-384 key takes 500
	maxMemory   = 128 << 20  // bytes that scrypt may take: eight times what is written
	maxParallel = 64         // runs of scrypt, one after the other
	maxRounds   = 10_000_000 // of PBKDF2: OWASP asks for 600,000
	minRounds   = 1000       // RFC 8018, 4.2
)

var (
	oidPBES2   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidScrypt  = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}
	oidAES128  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}
	oidAES256  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
	oidSigning = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3} // .17, .18, .19 ML-DSA
	oidHMAC    = asn1.ObjectIdentifier{1, 2, 840, 113549, 2}        // .9 SHA-256, .10 SHA-384, .11 SHA-512
)

// ErrPassphrase says that the passphrase is wrong, or the key damaged: PBES2 cannot tell them apart.
var ErrPassphrase = errors.New("the passphrase is wrong, or the key is damaged")

// info is EncryptedPrivateKeyInfo. RFC 5958, 3.
type info struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

// parameters are PBES2-params. RFC 8018, A.4.
type parameters struct{ Derivation, Encryption pkix.AlgorithmIdentifier }

// scryptParameters are scrypt-params. RFC 7914, 7.
type scryptParameters struct {
	Salt                      []byte
	Cost, BlockSize, Parallel int
	KeyLength                 int `asn1:"optional"`
}

// pbkdf2Parameters are PBKDF2-params. RFC 8018, A.2.
type pbkdf2Parameters struct {
	Salt      []byte
	Rounds    int
	KeyLength int                      `asn1:"optional"`
	PRF       pkix.AlgorithmIdentifier `asn1:"optional"`
}

// Is reports whether a text is a PEM file with an encrypted key.
func Is(text []byte) bool {
	b, _ := pem.Decode(text)
	return b != nil && b.Type == Encrypted
}

// Encrypt encrypts a PKCS #8 key in PEM form. An empty passphrase is refused.
func Encrypt(text, passphrase []byte, random io.Reader) ([]byte, error) {
	b, _ := pem.Decode(text)
	if b == nil || b.Type != Plain {
		return nil, errors.New("not a PKCS #8 key in PEM form")
	}
	if len(passphrase) == 0 {
		return nil, errors.New("the passphrase is empty")
	}
	seed := make([]byte, saltSize+aes.BlockSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, err
	}
	salt, iv := seed[:saltSize], seed[saltSize:]
	key, err := scrypt.Key(passphrase, salt, cost, blockSize, parallel, keySize)
	if err != nil {
		return nil, err
	}
	c, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(b.Bytes)%aes.BlockSize // RFC 8018, 6.1.1: one to sixteen bytes
	data := append(bytes.Clone(b.Bytes), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(c, iv).CryptBlocks(data, data)
	derivation, err := algorithm(oidScrypt, scryptParameters{salt, cost, blockSize, parallel, 0})
	if err != nil {
		return nil, err
	}
	encryption, err := algorithm(oidAES256, iv)
	if err != nil {
		return nil, err
	}
	scheme, err := algorithm(oidPBES2, parameters{derivation, encryption})
	if err != nil {
		return nil, err
	}
	der, err := asn1.Marshal(info{scheme, data})
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: Encrypted, Bytes: der}), nil
}

func algorithm(oid asn1.ObjectIdentifier, params any) (pkix.AlgorithmIdentifier, error) {
	der, err := asn1.Marshal(params)
	return pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.RawValue{FullBytes: der}}, err
}

// Decrypt returns the key as plain PKCS #8 in PEM form. The error is [ErrPassphrase] where the passphrase does not fit.
func Decrypt(text, passphrase []byte) ([]byte, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("the key is larger than the limit of %d bytes", maxText)
	}
	b, _ := pem.Decode(text)
	if b == nil || b.Type != Encrypted {
		return nil, errors.New("not an encrypted PKCS #8 key in PEM form")
	}
	var in info
	var p parameters
	if err := read(b.Bytes, &in); err != nil {
		return nil, err
	}
	if !in.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, fmt.Errorf("the key is encrypted in a way that is not read (%v); PBES2 is", in.Algorithm.Algorithm)
	}
	if err := read(in.Algorithm.Parameters.FullBytes, &p); err != nil {
		return nil, err
	}
	size := map[string]int{oidAES128.String(): 16, oidAES256.String(): 32}[p.Encryption.Algorithm.String()]
	if size == 0 {
		return nil, fmt.Errorf("the key is encrypted with a cipher that is not read (%v); AES-128-CBC and AES-256-CBC are", p.Encryption.Algorithm)
	}
	var iv []byte
	if err := read(p.Encryption.Parameters.FullBytes, &iv); err != nil {
		return nil, err
	}
	if len(iv) != aes.BlockSize || len(in.Data) == 0 || len(in.Data)%aes.BlockSize != 0 {
		return nil, errors.New("the encrypted key is not of whole blocks")
	}
	key, err := derive(p.Derivation, passphrase, size)
	if err != nil {
		return nil, err
	}
	c, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(c, iv).CryptBlocks(in.Data, in.Data)
	pad := int(in.Data[len(in.Data)-1])
	if pad == 0 || pad > aes.BlockSize || !bytes.HasSuffix(in.Data, bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, ErrPassphrase
	}
	der := in.Data[:len(in.Data)-pad]
	if !whole(der) {
		return nil, ErrPassphrase
	}
	return pem.EncodeToMemory(&pem.Block{Type: Plain, Bytes: der}), nil
}

// whole reports whether this is a private key: one that crypto/x509 reads, or one of ML-DSA, which it does not. Whether
// the latter's own content is sound is for who uses it.
func whole(der []byte) bool {
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return true
	}
	var key struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}
	if rest, err := asn1.Unmarshal(der, &key); err != nil || len(rest) > 0 {
		return false
	}
	oid, n := key.Algorithm.Algorithm, len(oidSigning)
	return len(oid) == n+1 && oid[:n].Equal(oidSigning) && oid[n] >= 17 && oid[n] <= 19 // RFC 9881, 2
}

// read parses a DER value that is all of the text.
func read(der []byte, into any) error {
	rest, err := asn1.Unmarshal(der, into)
	if err == nil && len(rest) > 0 {
		err = errors.New("bytes after its end")
	}
	if err != nil {
		return fmt.Errorf("the encrypted key cannot be read: %w", err)
	}
	return nil
}

// derive makes the cipher's key of the passphrase, within our own limits of memory and time.
func derive(with pkix.AlgorithmIdentifier, passphrase []byte, size int) ([]byte, error) {
	switch {
	case with.Algorithm.Equal(oidScrypt):
		var p scryptParameters
		if err := read(with.Parameters.FullBytes, &p); err != nil {
			return nil, err
		}
		if p.Cost < 2 || p.Cost&(p.Cost-1) != 0 || p.BlockSize < 1 || p.BlockSize > maxMemory/128 || p.Cost > maxMemory/128/p.BlockSize || p.Parallel < 1 || p.Parallel > maxParallel || p.KeyLength != 0 && p.KeyLength != size {
			return nil, fmt.Errorf("scrypt with cost %d, block size %d, %d times: out of the limits", p.Cost, p.BlockSize, p.Parallel)
		}
		return scrypt.Key(passphrase, p.Salt, p.Cost, p.BlockSize, p.Parallel, size)
	case with.Algorithm.Equal(oidPBKDF2):
		var p pbkdf2Parameters
		if err := read(with.Parameters.FullBytes, &p); err != nil {
			return nil, err
		}
		if p.Rounds < minRounds || p.Rounds > maxRounds || p.KeyLength != 0 && p.KeyLength != size {
			return nil, fmt.Errorf("PBKDF2 with %d rounds: out of the limits", p.Rounds)
		}
		if p.PRF.Algorithm == nil {
			p.PRF.Algorithm = append(oidHMAC[:len(oidHMAC):len(oidHMAC)], 7) // HMAC with SHA-1 is the default
		}
		digests := map[string]func() hash.Hash{
			oidHMAC.String() + ".9": sha256.New, oidHMAC.String() + ".10": sha512.New384, oidHMAC.String() + ".11": sha512.New,
		}
		digest := digests[p.PRF.Algorithm.String()]
		if digest == nil {
			return nil, fmt.Errorf("PBKDF2 with a function that is not read (%v); HMAC with SHA-256, SHA-384 or SHA-512 is", p.PRF.Algorithm)
		}
		return pbkdf2.Key(digest, string(passphrase), p.Salt, p.Rounds, size)
	}
	return nil, fmt.Errorf("the key is derived in a way that is not read (%v); scrypt and PBKDF2 are", with.Algorithm)
}
