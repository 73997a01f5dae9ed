package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/fetch"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/pkcs8"
)

// authorityOf answers time-stamp requests as the forge's authority, without a network. RFC 3161, 2.4.2.
type authorityOf struct {
	stamp forge.Stamp
	edit  func([]byte) []byte
}

func (a authorityOf) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var q struct {
		Version int
		Imprint struct {
			Alg    asn1.RawValue
			Digest []byte
		}
		Nonce asn1.RawValue `asn1:"optional"`
		Cert  bool          `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	s := a.stamp
	if s.Imprint == nil {
		s.Imprint = q.Imprint.Digest
	}
	// The answer repeats the nonce at the end of its TSTInfo.
	s.Info = func(info []byte) []byte {
		var v asn1.RawValue
		if _, err := asn1.Unmarshal(info, &v); err != nil {
			return info
		}
		out, _ := asn1.Marshal(asn1.RawValue{Class: 0, Tag: 16, IsCompound: true, Bytes: append(v.Bytes, q.Nonce.FullBytes...)})
		return out
	}
	token := s.Over(nil)
	status, _ := asn1.Marshal(struct{ Status int }{0})
	answer, _ := asn1.Marshal(asn1.RawValue{Class: 0, Tag: 16, IsCompound: true, Bytes: append(status, token...)})
	if a.edit != nil {
		answer = a.edit(answer)
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/timestamp-reply"}}, Body: io.NopCloser(bytes.NewReader(answer))}, nil
}

// putIn gives what writes a file of a folder and returns its path.
func putIn(t *testing.T, dir string) func(name string, data []byte) string {
	t.Helper()
	return func(name string, data []byte) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
}

func TestSignAsksTheAuthority(t *testing.T) {
	dir := t.TempDir()
	put := putIn(t, dir)
	leaf, chain := forge.Signer{IncludeRoot: true}.Chain()
	for _, c := range []struct {
		name string
		with authorityOf
		ok   bool
	}{
		{"a good answer", authorityOf{}, true},
		{"a stamp over other bytes", authorityOf{stamp: forge.Stamp{Imprint: make([]byte, 32)}}, false},
		{"an answer that is none", authorityOf{edit: func([]byte) []byte { return []byte("<html>") }}, false},
		{"an answer cut short", authorityOf{edit: func(b []byte) []byte { return b[:len(b)-9] }}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			p := &program{stdout: &out, stderr: &errs}
			o := &signOptions{
				key: put("key.pem", forge.KeyPEM(leaf.Key)), cert: put("chain.pem", forge.ChainPEM(chain...)), source: "trainedAlgorithmicMedia", now: forge.Clock,
				in: put("in.mp4", forge.Make(forge.Recipe{NoStore: true}).Data), out: filepath.Join(dir, c.name+".mp4"),
				timeStamper: &authority{url: "https://tsa.example/", client: fetch.Client{Transport: c.with}},
			}
			made, err := p.sign(context.Background(), o)
			if (err == nil) != c.ok {
				t.Fatalf("%v", err)
			}
			if _, gone := os.Stat(o.out); errors.Is(gone, os.ErrNotExist) == c.ok {
				t.Errorf("the file: %v", gone)
			}
			if c.ok && (made.Result.Active.Signature.Stamp == nil || !made.Result.Active.Signature.Stamp.Time.Equal(forge.Clock)) {
				t.Errorf("no time-stamp: %+v", made.Result.Active.Signature.Stamp)
			}
		})
	}
}

// A certificate for e-mail signs, and is told as one that an anchor alone makes nobody trust.
func TestSignWithACertificateForEMail(t *testing.T) {
	dir := t.TempDir()
	put := putIn(t, dir)
	for name, c := range map[string]struct {
		purposes []asn1.ObjectIdentifier
		warns    bool
	}{
		"mail":   {[]asn1.ObjectIdentifier{forge.EmailProtection}, true},
		"both":   {[]asn1.ObjectIdentifier{forge.EmailProtection, forge.ClaimSigning}, false},
		"claims": {[]asn1.ObjectIdentifier{forge.ClaimSigning}, false},
	} {
		leaf, chain := forge.Signer{IncludeRoot: true, Cert: func(x *x509.Certificate) { x.UnknownExtKeyUsage = c.purposes }}.Chain()
		var out, errs bytes.Buffer
		_, err := (&program{stdout: &out, stderr: &errs}).sign(context.Background(), &signOptions{
			key: put("key.pem", forge.KeyPEM(leaf.Key)), cert: put("chain.pem", forge.ChainPEM(chain...)), source: "trainedAlgorithmicMedia", now: forge.Clock,
			in: put("in.mp4", forge.Make(forge.Recipe{NoStore: true}).Data), out: filepath.Join(dir, name+".mp4"),
		})
		if err != nil || strings.Contains(errs.String(), "verify needs --eku") != c.warns {
			t.Errorf("%s: %v\n%s", name, err, &errs)
		}
	}
}

// A key of ML-DSA signs as the others do, under an authority that has nothing else, its key encrypted or not.
func TestSignWithAKeyOfMLDSA(t *testing.T) {
	dir := t.TempDir()
	put := putIn(t, dir)
	authority := forge.NewAuthorityOf("Forge Lattice CA", "ML-DSA-87", "ML-DSA-65")
	leaf, chain := forge.Signer{Alg: "ML-DSA-44", Authority: authority, IncludeRoot: true}.Chain()
	sealed, err := pkcs8.Encrypt(forge.KeyPEM(leaf.Key), []byte("phrase"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plain, encrypted := put("key.pem", forge.KeyPEM(leaf.Key)), put("sealed.pem", sealed)
	for _, c := range []struct {
		name, key, alg string
		block          int64
		want           string // of the error; empty: none
	}{
		{"by the key", plain, "", 0, ""},
		{"by name, in blocks", plain, "ml-dsa-44", 1 << 10, ""},
		{"with an encrypted key", encrypted, "", 0, ""},
		{"by the name of another set", plain, "ml-dsa-65", 0, "ML-DSA-65 with an ML-DSA-44 key"},
		{"by the name of another algorithm", plain, "es256", 0, "ES256 with an ML-DSA-44 key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			o := &signOptions{
				key: c.key, cert: put("chain.pem", forge.ChainPEM(chain...)), alg: c.alg, block: c.block, passphrase: put("phrase", []byte("phrase")),
				source: "trainedAlgorithmicMedia", now: forge.Clock,
				in: put("in.mp4", forge.Make(forge.Recipe{NoStore: true}).Data), out: filepath.Join(dir, c.name+".mp4"),
			}
			made, err := (&program{stdout: &out, stderr: &errs}).sign(context.Background(), o)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v", err)
				}
				return
			}
			if talk := errs.String(); err != nil || strings.Count(talk, "\n") != 1 || !strings.Contains(talk, "hint: ML-DSA-44 came with C2PA 2.5: verifiers that do not know it yet") {
				t.Fatalf("%v\n%s", err, talk)
			}
			if s := made.Result.Active.Signature; !s.Validated || !s.Trusted || s.Algorithm != "ML-DSA-44" {
				t.Errorf("%+v", s.Findings)
			}
		})
	}
}
