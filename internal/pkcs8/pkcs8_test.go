package pkcs8_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/pkcs8"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestKeysOfOpenSSL reads keys that OpenSSL encrypted (testdata/make.sh), and refuses those whose way is too weak.
func TestKeysOfOpenSSL(t *testing.T) {
	plain := file(t, "plain.pem")
	for _, name := range []string{"pbkdf2-sha256.pem", "pbkdf2-sha512-aes128.pem", "scrypt.pem"} {
		text := file(t, name)
		got, err := pkcs8.Decrypt(text, []byte("correct"))
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := pkcs8.Decrypt(text, []byte("wrong")); !errors.Is(err, pkcs8.ErrPassphrase) {
			t.Errorf("%s with another passphrase: %v", name, err)
		}
	}
	for name, want := range map[string]string{"refused-sha1.pem": "1.2.840.113549.2.7", "refused-3des.pem": "1.2.840.113549.3.7", "refused-iterations.pem": "999 rounds", "plain.pem": "not an encrypted"} {
		if _, err := pkcs8.Decrypt(file(t, name), []byte("correct")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEncryptAndBack(t *testing.T) {
	plain := file(t, "plain.pem")
	var texts [][]byte
	for range 2 {
		text, err := pkcs8.Encrypt(plain, []byte("a long passphrase"), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if !pkcs8.Is(text) || pkcs8.Is(plain) {
			t.Error("an encrypted key is not known by its block")
		}
		back, err := pkcs8.Decrypt(text, []byte("a long passphrase"))
		if err != nil || !bytes.Equal(back, plain) {
			t.Errorf("%v", err)
		}
		texts = append(texts, text)
	}
	if bytes.Equal(texts[0], texts[1]) {
		t.Error("one salt twice")
	}
	if _, err := pkcs8.Encrypt(plain, nil, rand.Reader); err == nil {
		t.Error("an empty passphrase")
	}
	if _, err := pkcs8.Encrypt(texts[0], []byte("x"), rand.Reader); err == nil {
		t.Error("encrypted twice")
	}
}

// TestDamagedKeys changes each byte of an encrypted key: what is read all the same is a key in form, and whatever is
// around it is refused.
func TestDamagedKeys(t *testing.T) {
	block, _ := pem.Decode(file(t, "pbkdf2-sha256.pem"))
	refused := 0
	for i := range block.Bytes {
		damaged := bytes.Clone(block.Bytes)
		damaged[i] ^= 1
		got, err := pkcs8.Decrypt(pem.EncodeToMemory(&pem.Block{Type: pkcs8.Encrypted, Bytes: damaged}), []byte("correct"))
		if err != nil {
			refused++
			continue
		}
		b, _ := pem.Decode(got)
		if _, err := x509.ParsePKCS8PrivateKey(b.Bytes); err != nil {
			t.Errorf("byte %d: %v", i, err)
		}
	}
	if refused < len(block.Bytes)*8/10 {
		t.Errorf("only %d of %d changes are refused", refused, len(block.Bytes))
	}
}

// TestCostsThatAreRefused asks for more work than any honest key.
func TestCostsThatAreRefused(t *testing.T) {
	type scrypt struct {
		Salt    []byte
		N, R, P int
	}
	type alg struct {
		OID    asn1.ObjectIdentifier
		Params asn1.RawValue
	}
	der := func(v any) asn1.RawValue {
		b, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return asn1.RawValue{FullBytes: b}
	}
	encrypted := func(kdf alg) []byte {
		scheme := struct{ A, B alg }{kdf, alg{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}, der(make([]byte, 16))}}
		return pem.EncodeToMemory(&pem.Block{Type: pkcs8.Encrypted, Bytes: der(struct {
			A alg
			D []byte
		}{alg{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}, der(scheme)}, make([]byte, 16)}).FullBytes})
	}
	// Without a function for its rounds PBKDF2 takes SHA-1, which is refused after they were counted and before they run.
	for rounds, refused := range map[int]bool{-1: true, 0: true, 999: true, 1000: false, 10_000_000: false, 10_000_001: true} {
		text := encrypted(alg{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}, der(struct {
			Salt   []byte
			Rounds int
		}{[]byte("salt"), rounds})})
		if _, err := pkcs8.Decrypt(text, []byte("x")); err == nil || strings.Contains(err.Error(), "out of the limits") != refused {
			t.Errorf("%d rounds: %v", rounds, err)
		}
	}
	for name, c := range map[string]struct {
		n, r, p int
		refused bool
	}{
		"the largest memory":       {1 << 17, 8, 1, false},
		"twice the largest memory": {1 << 18, 8, 1, true},
		"a block size past it":     {2, 1<<20 + 1, 1, true},
		"no power of two":          {1000, 8, 1, true},
		"none":                     {0, 8, 1, true},
		"the most runs":            {2, 1, 64, false},
		"one run more":             {2, 1, 65, true},
	} {
		text := encrypted(alg{asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}, der(scrypt{[]byte("salt"), c.n, c.r, c.p})})
		_, err := pkcs8.Decrypt(text, []byte("x"))
		if refused := err != nil && strings.Contains(err.Error(), "out of the limits"); refused != c.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := pkcs8.Decrypt(bytes.Repeat([]byte("\n"), 16<<10+1), nil); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("a large text: %v", err)
	}
}

// FuzzDecrypt wants no panic, and of what is read that it is a plain key.
func FuzzDecrypt(f *testing.F) {
	for _, name := range []string{"pbkdf2-sha256.pem", "pbkdf2-sha512-aes128.pem", "scrypt.pem", "refused-sha1.pem", "refused-3des.pem"} {
		b, _ := pem.Decode(file(f, name))
		f.Add(b.Bytes)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		if len(der) > 1024 {
			return
		}
		out, err := pkcs8.Decrypt(pem.EncodeToMemory(&pem.Block{Type: pkcs8.Encrypted, Bytes: der}), []byte("correct"))
		if b, _ := pem.Decode(out); err == nil && (b == nil || b.Type != pkcs8.Plain) {
			t.Error("no plain key")
		}
	})
}

// crypto/x509 reads no key of ML-DSA; that one is whole is told by its structure and its algorithm.
func TestKeysThatCryptoX509DoesNotRead(t *testing.T) {
	for arc, ok := range map[int]bool{16: false, 17: true, 18: true, 19: true, 20: false} {
		type identifier struct{ OID asn1.ObjectIdentifier }
		der, err := asn1.Marshal(struct {
			Version   int
			Algorithm identifier
			Key       []byte
		}{0, identifier{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, arc}}, append([]byte{0x80, 32}, make([]byte, 32)...)})
		if err != nil {
			t.Fatal(err)
		}
		plain := pem.EncodeToMemory(&pem.Block{Type: pkcs8.Plain, Bytes: der})
		text, err := pkcs8.Encrypt(plain, []byte("correct"), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		back, err := pkcs8.Decrypt(text, []byte("correct"))
		if ok && (err != nil || !bytes.Equal(back, plain)) || !ok && !errors.Is(err, pkcs8.ErrPassphrase) {
			t.Errorf("the key of the algorithm %d: %v", arc, err)
		}
		if _, err := pkcs8.Decrypt(text, []byte("wrong")); !errors.Is(err, pkcs8.ErrPassphrase) {
			t.Errorf("the key of the algorithm %d with another passphrase: %v", arc, err)
		}
	}
}
